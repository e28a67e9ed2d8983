"""A message: the one place that reads the wire's JSON objects into values and writes them back.

A message is a frozen dataclass whose fields are the members of the API's message, in its order. What the wire
leaves out has the field's default: None where the API tells *absent* from *zero*, else what absence stands for.
Members that this version does not know are kept in ``unknown`` and written back.

The plan of a class, how each field is read and written, follows from its annotations and is made when the class is
first read or written, so that importing costs nothing.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from .open_enum import OpenEnum
from .timestamp import Timestamp

M = TypeVar("M", bound="Message")

_LONG = "int64"
_DIGITS = re.compile(r"-?\d{1,20}", re.ASCII)
_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity", re.ASCII)

Int64 = Annotated[int, _LONG]
"""A whole number that JSON writes as a string."""


class NotTheMessage(ValueError):
    """A JSON value is not what a message has in that place; *place* is a path such as ``tuningTask.startTime``."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place = place
        self.problem = problem

    def under(self, parent: str) -> NotTheMessage:
        """Return the same finding as one about what is inside *parent*."""
        dot = "." if self.place and not self.place.startswith("[") else ""
        return NotTheMessage(f"{parent}{dot}{self.place}", self.problem)


@dataclass(frozen=True, kw_only=True)
class Message:
    """The base of all messages."""

    #: The members of the JSON object that this version of the client does not know, as they came.
    unknown: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @classmethod
    def from_json(cls: type[M], value: Mapping[str, Any]) -> M:
        """Return the message that the JSON object *value* says. Raises ValueError where it is not such a message."""
        if not isinstance(value, Mapping):
            raise NotTheMessage("", f"{value!r:.100} is no object")
        plan = _members(cls)
        members: dict[str, Any] = {}
        unknown: dict[str, Any] = {}
        for name, item in value.items():
            known = plan.get(name)
            if known is None:
                unknown[name] = item
            elif item is not None:  # null stands for the default
                try:
                    members[known.attribute] = known.read(item)
                except NotTheMessage as error:
                    raise error.under(name) from None
        return cls(**members, unknown=unknown)

    def to_json(self) -> dict[str, Any]:
        """Return the message as a JSON object, in the API's order, without the members that have their default."""
        written = {
            name: known.write(value)
            for name, known in _members(type(self)).items()
            if (value := getattr(self, known.attribute)) != known.default
        }
        return {**written, **self.unknown}


@dataclass(frozen=True)
class _Field:
    """How one member of a message is read and written, and the value that leaving it out stands for."""

    attribute: str
    default: Any
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


def _members(kind: type[Message]) -> dict[str, _Field]:
    return _plan(kind)  # type: ignore[arg-type]  # every class can be hashed, which mypy doubts of dataclasses


@cache
def _plan(kind: Any) -> dict[str, _Field]:
    hints = get_type_hints(kind, include_extras=True)
    plan = {}
    for known in dataclasses.fields(kind):
        if known.name != "unknown":
            factory = known.default_factory
            default = known.default if factory is dataclasses.MISSING else factory()
            plan[_camel(known.name)] = _Field(known.name, default, *_codec(hints[known.name]))
    return plan


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _codec(hint: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return how a value of the annotated type is read from JSON and written to it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, typing.Union):  # None is the absence of the member
        return _codec(next(inner for inner in arguments if inner is not type(None)))
    if origin is Annotated:
        return _integer, str
    if origin is tuple:
        read, write = _codec(arguments[0])
        return lambda value: _items(value, read), lambda value: [write(item) for item in value]
    if isinstance(hint, type) and issubclass(hint, Message):
        return hint.from_json, lambda value: value.to_json()
    if isinstance(hint, type) and issubclass(hint, OpenEnum):
        return lambda value: _enum(hint, value), lambda value: value.value
    if origin is Mapping:
        return _texts, dict
    return _SCALARS[hint]


def _items(value: Any, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise NotTheMessage("", f"{value!r:.100} is no array")
    items: list[Any] = []
    try:
        items.extend(map(read, value))
    except NotTheMessage as error:
        raise error.under(f"[{len(items)}]") from None
    return tuple(items)


def _as_it_is(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise NotTheMessage("", f"{value!r:.100} is no string")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise NotTheMessage("", f"{value!r:.100} is neither true nor false")
    return value


def _integer(value: Any) -> int:
    """Return an integer: JSON may write a whole one as ``5``, ``5.0`` or, of 64 bits, ``"5"``."""
    try:
        number = int(value)
        if isinstance(value, bool) or (number != value and not (isinstance(value, str) and _DIGITS.fullmatch(value))):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise NotTheMessage("", f"{value!r:.100} is no whole number") from None
    return number


def _number(value: Any) -> float:
    """Return a float: JSON may write a whole one like an integer, and NaN and infinity as strings."""
    try:
        if isinstance(value, bool) or (isinstance(value, str) and not _DECIMAL.fullmatch(value)):
            raise ValueError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise NotTheMessage("", f"{value!r:.100} is no number") from None


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
        raise NotTheMessage("", str(error)) from None


def _time(value: Any) -> Timestamp:
    try:
        return Timestamp.parse(_text(value))
    except NotTheMessage:
        raise
    except ValueError as error:
        raise NotTheMessage("", str(error)) from None


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise NotTheMessage("", f"{value!r:.100} is no object")
    texts = {}
    name = ""
    try:
        for name, item in value.items():
            texts[name] = _text(item)
    except NotTheMessage as error:
        raise error.under(name) from None
    return texts


_SCALARS: Mapping[Any, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    str: (_text, _as_it_is),
    bool: (_boolean, _as_it_is),
    int: (_integer, _as_it_is),
    float: (_number, _number_json),
    Timestamp: (_time, Timestamp.rfc3339),
}
