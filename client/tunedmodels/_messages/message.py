"""Converts the JSON objects of the wire to messages and back. All code that reads or writes messages is here.

A message is a frozen dataclass. Its fields are the members of the API's message, in the API's order. A member that the
wire leaves out has the default of its field: None if the API distinguishes *absent* from *zero*, else the value that
absence stands for. Members that this version does not know are kept in ``unknown`` and written back.

``_fields`` has the functions that read and write each field of a class. They follow from the annotations, and are
computed when the class is first read or written, so that the import costs no time.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from .open_enum import OpenEnum
from .timestamp import Timestamp

M = TypeVar("M", bound="Message")

_LONG = "int64"
_DIGITS = re.compile(r"-?\d{1,20}", re.ASCII)
_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity", re.ASCII)

Int64 = Annotated[int, _LONG]
"""An integer that JSON writes as a string."""


class InvalidMessage(ValueError):
    """The error for a value that a message cannot have at *path*, a path such as ``tuningTask.startTime``."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem

    def nested_in(self, parent: str) -> InvalidMessage:
        """Return the same error, with *parent* in front of the path."""
        dot = "." if self.path and not self.path.startswith("[") else ""
        return InvalidMessage(f"{parent}{dot}{self.path}", self.problem)


@dataclass(frozen=True, kw_only=True)
class Message:
    """The base class of all messages."""

    if TYPE_CHECKING:
        #: The members of the JSON object that this version of the client does not know, unchanged.
        unknown: Mapping[str, Any] = field(default_factory=dict)
    else:
        # If this were a field of the dataclass, pandas would make it a column of every table.
        unknown: InitVar = None

        def __post_init__(self, unknown: Mapping[str, Any] | None) -> None:
            object.__setattr__(self, "unknown", dict(unknown or {}))

    def __init_subclass__(cls) -> None:
        """Set these methods on each class, so that ``dataclass`` does not generate its own."""
        # IPython prefers the __repr__ of a class to the _repr_pretty_ of its base, so the class needs both.
        for name in ("__eq__", "__repr__", "_repr_pretty_"):
            setattr(cls, name, getattr(Message, name))

    def __eq__(self, other: object) -> bool:
        """Compare all members, also those in ``unknown``."""
        return vars(self) == vars(other) if type(other) is type(self) else NotImplemented

    def __repr__(self) -> str:
        """Show the members that do not have their default. A long list shows its first and last items."""
        members = (f"{name}={_short_repr(value)}" for name, value in self._non_default_members())
        return f"{type(self).__name__}({', '.join(members)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the same in IPython and notebooks, with one member on each line if one line is too short."""
        assert not cycle  # a frozen message cannot contain itself
        _print(printer, f"{type(self).__name__}(", ")", self._non_default_members())

    def _non_default_members(self) -> Iterator[tuple[str, Any]]:
        """Yield the name and the value of each member that does not have its default."""
        for member in _fields(type(self)).values():
            value = getattr(self, member.attribute)
            if value != member.default:
                yield member.attribute, value
        if self.unknown:
            yield "unknown", self.unknown

    @classmethod
    def from_json(cls: type[M], value: Mapping[str, Any]) -> M:
        """Return the message for the JSON object *value*. Raise ValueError if it is not such a message."""
        if not isinstance(value, Mapping):
            raise InvalidMessage("", f"{value!r:.100} is not an object")
        fields = _fields(cls)
        members: dict[str, Any] = {}
        unknown: dict[str, Any] = {}
        for name, item in value.items():
            member = fields.get(name)
            if member is None:
                unknown[name] = item
            elif item is not None:  # null means the default
                try:
                    members[member.attribute] = member.read(item)
                except InvalidMessage as error:
                    raise error.nested_in(name) from None
        return cls(**members, unknown=unknown)

    def to_json(self) -> dict[str, Any]:
        """Return the message as a JSON object, in the API's order, without the members that have their default."""
        members = {
            name: member.write(value)
            for name, member in _fields(type(self)).items()
            if (value := getattr(self, member.attribute)) != member.default
        }
        return {**members, **self.unknown}


def coerce(kind: type[M], value: M | Mapping[str, Any]) -> M:
    """Return *value*, a message of *kind* or a dict of its members, as a message.

    The names of the members can be those of the class or of the wire, ``top_p`` or ``topP``. Raise TypeError if
    *value* is of another kind, and ValueError if *kind* does not have a member or its value is invalid.
    """
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        raise TypeError(f"must be a {kind.__name__} or a dict of its members, got {value!r:.100}")
    fields = _fields(kind)
    members: dict[str, Any] = {}
    for name, item in value.items():
        member = fields.get(_camel(name)) if isinstance(name, str) else None
        if member is None:
            names = [member.attribute for member in fields.values()]
            nearest = difflib.get_close_matches(_snake(str(name)), names, 1, 0.0)
            raise InvalidMessage(
                "",
                f"{kind.__name__} has no member {name!r}; the nearest is {nearest[0]!r}. Send a "
                f"member that this client does not know as {kind.__name__}(unknown=...).",
            )
        if member.attribute in members:
            raise InvalidMessage("", f"{kind.__name__} has {member.attribute!r} twice")
        try:
            members[member.attribute] = member.default if item is None else member.coerce(item)
        except InvalidMessage as error:
            raise error.nested_in(name) from None
    return kind(**members)


def _coerce_nested(kind: type[Message], value: Any) -> Message:
    try:
        message: Message = coerce(kind, value)
    except TypeError as error:  # the type of a member is wrong, so the value of the outer message is invalid
        raise InvalidMessage("", str(error)) from None
    return message


class _Codec(NamedTuple):
    """The functions that read a value from JSON, write it to JSON, and convert the value of a caller."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    coerce: Callable[[Any], Any]


@dataclass(frozen=True)
class _Field:
    """A member of a message: the functions that read, write and coerce it, and the value if it is left out."""

    attribute: str
    default: Any
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    coerce: Callable[[Any], Any]


_fields_by_class: dict[Any, dict[str, _Field]] = {}


def _fields(kind: type[Message]) -> dict[str, _Field]:
    """Return the fields of the message class *kind* by their names on the wire."""
    fields = _fields_by_class.get(kind)
    if fields is None:
        fields = {}
        hints = get_type_hints(kind, include_extras=True)
        for member in dataclasses.fields(kind):
            factory = member.default_factory
            default = member.default if factory is dataclasses.MISSING else factory()
            fields[_camel(member.name)] = _Field(member.name, default, *_codec(hints[member.name]))
        _fields_by_class[kind] = fields  # complete, because another thread may read it at once
    return fields


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", name)


def _codec(hint: Any) -> _Codec:
    """Return the codec for values of the annotated type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, typing.Union):  # None means that the member is absent
        return _codec(next(inner for inner in arguments if inner is not type(None)))
    if origin is Annotated:
        return _Codec(_integer, str, _integer)
    if origin is tuple:
        read, write, coerce_item = _codec(arguments[0])
        return _Codec(
            lambda value: _items(value, read),
            lambda value: [write(item) for item in value],
            lambda value: _items(value, coerce_item),
        )
    if isinstance(hint, type) and issubclass(hint, Message):
        return _Codec(hint.from_json, lambda value: value.to_json(), partial(_coerce_nested, hint))
    if isinstance(hint, type) and issubclass(hint, OpenEnum):
        read = partial(_enum, hint)
        return _Codec(read, lambda value: value.value, read)
    if origin is Mapping:
        return _Codec(_texts, dict, _texts)
    read, write = _SCALARS[hint]
    return _Codec(read, write, read)


def _items(value: Any, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InvalidMessage("", f"{value!r:.100} is not an array")
    items: list[Any] = []
    try:
        items.extend(map(read, value))
    except InvalidMessage as error:
        raise error.nested_in(f"[{len(items)}]") from None
    return tuple(items)


def _identity(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidMessage("", f"{value!r:.100} is not a string")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidMessage("", f"{value!r:.100} is neither true nor false")
    return value


def _integer(value: Any) -> int:
    """Return *value* as an integer. JSON can write it as ``5``, as ``5.0`` or, for 64 bits, as ``"5"``."""
    try:
        number = int(value)
        if isinstance(value, bool) or (number != value and not (isinstance(value, str) and _DIGITS.fullmatch(value))):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise InvalidMessage("", f"{value!r:.100} is not a whole number") from None
    return number


def _number(value: Any) -> float:
    """Return *value* as a float. JSON can write a whole number as an integer, and NaN and infinity as strings."""
    try:
        if isinstance(value, bool) or (isinstance(value, str) and not _DECIMAL.fullmatch(value)):
            raise ValueError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidMessage("", f"{value!r:.100} is not a number") from None


def _number_json(value: float) -> Any:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _enum(kind: type[OpenEnum], value: Any) -> OpenEnum:
    try:
        return kind(value)
    except ValueError as error:
        raise InvalidMessage("", str(error)) from None


def _time(value: Any) -> Timestamp:
    try:
        return Timestamp.parse(_text(value))
    except InvalidMessage:
        raise
    except ValueError as error:
        raise InvalidMessage("", str(error)) from None


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise InvalidMessage("", f"{value!r:.100} is not an object")
    texts = {}
    name = ""
    try:
        for name, item in value.items():
            texts[name] = _text(item)
    except InvalidMessage as error:
        raise error.nested_in(name) from None
    return texts


_MAX_ITEMS = 6  # the number of items of a list that a repr shows


def _abbreviate(items: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return *items*. If there are many, return the first and the last ones, with an ellipsis between them."""
    half = _MAX_ITEMS // 2
    return items if len(items) <= _MAX_ITEMS else (*items[:half], ..., *items[-half:])


def _short_repr(value: Any) -> str:
    if not isinstance(value, tuple):
        return "..." if value is ... else repr(value)
    items = [_short_repr(item) for item in _abbreviate(value)]
    return f"({', '.join(items)}{',' * (len(items) == 1)})"


def _print(printer: Any, opening: str, closing: str, items: Iterable[tuple[str, Any]]) -> None:
    """Print *items* between brackets on IPython's *printer*. An item is a name, which can be empty, and a value."""
    with printer.group(4, opening, closing):
        for index, (name, value) in enumerate(items):
            if index:
                printer.text(",")
            printer.breakable(" " if index else "")
            printer.text(f"{name}=" if name else "")
            if isinstance(value, tuple):
                _print(printer, "(", ",)" if len(value) == 1 else ")", (("", item) for item in _abbreviate(value)))
            elif value is ...:
                printer.text("...")
            else:
                printer.pretty(value)


_SCALARS: Mapping[Any, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    str: (_text, _identity),
    bool: (_boolean, _identity),
    int: (_integer, _identity),
    float: (_number, _number_json),
    Timestamp: (_time, Timestamp.rfc3339),
}
