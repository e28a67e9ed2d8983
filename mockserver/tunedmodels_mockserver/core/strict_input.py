"""Inputs: what an operator or a test writes for the fake itself, read strictly into typed values.

The API's own requests are not read here but by the facts of the service (``wire.protojson``).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_NO_SUCH = re.compile(r"Invalid enum value '(?P<value>.*?)'(?P<where>(?: - at `(?P<path>.*)`)?)", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*?)`(?: - at `(?P<path>.*)`)?", re.DOTALL)
_MANY = 8  # members of one object that are listed at most
_FEW = 3  # places of a member that are named at most


class BadInput(ValueError):
    """An input is refused; the message is a sentence that names the place, the value and what would do."""


# No state: only what makes one thread wait for another.
_INSPECT_LOCK = threading.Lock()


def prepare(*kinds: Any) -> None:
    """Look into *kinds*, one thread at a time.

    msgspec (0.22) looks into a type when it first decodes one, and two threads that do so at once crash the process.
    """
    with _INSPECT_LOCK:
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


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``; the nearest is X`` for the one of *known* that is most like *name*, and nothing if none is.

    Upper and lower case count as the same.
    """
    spelled = {item.lower(): item for item in known}
    close = get_close_matches(name.lower(), spelled, n=1, cutoff=0.5)
    return f"; the nearest is {spelled[close[0]]}" if close else ""


def _sentence(error: msgspec.ValidationError, kind: Any) -> str:
    text = str(error)
    match = _NO_SUCH.fullmatch(text)
    known = _choices(kind, match["path"] or "") if match else []
    if match and known:
        return f"{match['value']!r} is none of {', '.join(known)}{nearest(match['value'], known)}{match['where']}."
    match = _UNKNOWN.fullmatch(text)
    return _no_member(match["name"], match["path"] or "", kind) if match else f"{text}."


def _no_member(name: str, path: str, kind: Any) -> str:
    """Return the sentence for a member *name* at *path* of a value of this *kind*, which has no such member there.

    The members of that object alone are near: another object's would be refused there as well.
    """
    root = msgspec.inspect.type_info(kind)
    here = [field.encode_name for info in _at(root, path) for field in getattr(info, "fields", ())]
    sentence = f"There is no member {name!r}{f' - at `{path}`' if path else ''}"
    places = {place for place, member in _members(root, "", frozenset()) if member == name}
    if places:
        outer = sorted(places, key=lambda place: (place.count("."), place))[:_FEW]
        return f"{sentence}; it belongs in {' or '.join(place or 'the outermost object' for place in outer)}."
    near = nearest(name, here)
    if near or not 0 < len(here) <= _MANY:
        return f"{sentence}{near}."
    return f"{sentence}; known here: {', '.join(here)}."


def _choices(kind: Any, path: str) -> list[str]:
    """Return the words that may stand at *path*, such as ``$.run.shape``, of a value of this type."""
    words: list[Any] = []
    for info in _at(msgspec.inspect.type_info(kind), path):
        if isinstance(info, msgspec.inspect.LiteralType):
            words += info.values
        elif isinstance(info, msgspec.inspect.EnumType):
            words += [item.value for item in info.cls]
    return sorted(word for word in words if isinstance(word, str))


def _at(info: msgspec.inspect.Type, path: str) -> list[msgspec.inspect.Type]:
    """Return what may stand at *path* of a value of this type."""
    infos = _alternatives(info)
    for step in re.findall(r"\.(\w+)|\[", path):
        infos = [found for info in infos for inner in _inside(info, step) for found in _alternatives(inner)]
    return infos


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


def _members(info: msgspec.inspect.Type, place: str, above: frozenset[type]) -> Iterator[tuple[str, str]]:
    """Yield where each member of a value of this type stands, such as ``run.script``, and its name."""
    for one in _alternatives(info):
        for inner in _inside(one, ""):
            yield from _members(inner, place, above)
        cls = getattr(one, "cls", None)
        if cls is None or cls in above:
            continue
        for field in getattr(one, "fields", ()):
            yield place, field.encode_name
            yield from _members(field.type, f"{place}.{field.encode_name}".lstrip("."), above | {cls})
