"""Inputs: what an operator or a test writes for the fake itself, read strictly into typed values.

The API's own requests are not read here but by the facts of the service (``wire.protojson``).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_NO_SUCH = re.compile(r"Invalid enum value '(?P<value>.*?)'(?P<where>(?: - at `(?P<path>.*)`)?)", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*?)`(?P<where>.*)", re.DOTALL)


class BadInput(ValueError):
    """An input is refused; the message is a sentence that names the place, the value and what would do."""


# No state: only what makes one thread wait for another.
_LOOKING = threading.Lock()


def prepare(*kinds: Any) -> None:
    """Look into *kinds*, one thread at a time.

    msgspec (0.22) looks into a type when it first decodes one, and two threads that do so at once crash the process.
    """
    with _LOOKING:
        for kind in kinds:
            msgspec.json.Decoder(kind)


def read_json(data: bytes, kind: type[T]) -> T:
    """Return the JSON text *data* as a *kind*. Raises BadInput for what is no JSON and for what does not fit."""
    prepare(kind)
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise BadInput(_sentence(error, kind)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"This is no JSON: {error}.") from None


def convert(value: Any, kind: type[T]) -> T:
    """Return the plain *value*, as JSON and YAML give them, as a *kind*. Raises BadInput where it does not fit."""
    prepare(kind)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BadInput(_sentence(error, kind)) from None
    except RecursionError:
        raise BadInput("This is nested too deeply.") from None


def nearest(name: str, known: Iterator[str] | list[str]) -> str:
    """Return ``; the nearest is X`` for the one of *known* that is most like *name*, and nothing where none is."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; the nearest is {close[0]}" if close else ""


def _sentence(error: msgspec.ValidationError, kind: Any) -> str:
    text = str(error)
    match = _NO_SUCH.fullmatch(text)
    known = _choices(kind, match["path"] or "") if match else []
    if match and known:
        return f"{match['value']!r} is none of {', '.join(known)}{nearest(match['value'], known)}{match['where']}."
    match = _UNKNOWN.fullmatch(text)
    if not match:
        return f"{text}."
    names = sorted(_names(msgspec.inspect.type_info(kind), set()))
    if match["name"] in names:
        return f"There is no member {match['name']!r} here{match['where']}; it belongs into another member."
    return f"There is no member {match['name']!r}{match['where']}{nearest(match['name'], names)}."


def _choices(kind: Any, path: str) -> list[str]:
    """Return the words that may stand at *path*, such as ``$.run.shape``, of a value of this type."""
    infos = _alternatives(msgspec.inspect.type_info(kind))
    for step in re.findall(r"\.(\w+)|\[", path):
        infos = [found for info in infos for inner in _inside(info, step) for found in _alternatives(inner)]
    words: list[Any] = []
    for info in infos:
        if isinstance(info, msgspec.inspect.LiteralType):
            words += info.values
        elif isinstance(info, msgspec.inspect.EnumType):
            words += [item.value for item in info.cls]
    return sorted(word for word in words if isinstance(word, str))


def _alternatives(info: msgspec.inspect.Type) -> list[msgspec.inspect.Type]:
    if isinstance(info, msgspec.inspect.Metadata):
        return _alternatives(info.type)
    if isinstance(info, msgspec.inspect.UnionType):
        return [found for one in info.types for found in _alternatives(one)]
    return [info]


def _inside(info: msgspec.inspect.Type, step: str) -> list[msgspec.inspect.Type]:
    """Return what a value of this type has at the member called *step*; without one, at an index or a key."""
    if step:
        return [field.type for field in getattr(info, "fields", ()) if field.encode_name == step]
    inner = [getattr(info, "item_type", None), getattr(info, "value_type", None), *getattr(info, "item_types", ())]
    return [one for one in inner if isinstance(one, msgspec.inspect.Type)]


def _names(info: msgspec.inspect.Type, seen: set[int]) -> Iterator[str]:
    """Yield the names of all members that a value of this type may have anywhere within."""
    for inner in (getattr(info, "item_type", None), getattr(info, "value_type", None)):
        if isinstance(inner, msgspec.inspect.Type):
            yield from _names(inner, seen)
    for inner in getattr(info, "types", ()) or getattr(info, "item_types", ()):
        yield from _names(inner, seen)
    cls = getattr(info, "cls", None)
    if cls is None or id(cls) in seen:
        return
    seen.add(id(cls))
    for field in getattr(info, "fields", ()):
        yield field.encode_name
        yield from _names(field.type, seen)
