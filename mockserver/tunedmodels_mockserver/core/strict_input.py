"""Reads the inputs of operators and tests for the mock server itself, strictly, into typed values.

Requests of the API are read in ``wire.protojson`` instead, by the facts of the service.
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
_COMPARED = 200  # characters of a text that a comparison uses
_MAX_LISTED = 8  # members of one object that are listed at most
_MAX_PLACES = 3  # places of a member that are named at most


class BadInput(ValueError):
    """An invalid input. The message is a sentence that names the place, the value and what would be valid."""


# This is no state. It only makes one thread wait for another.
_INSPECT_LOCK = threading.Lock()


def prepare(*kinds: Any) -> None:
    """Make msgspec inspect *kinds*, one thread at a time.

    msgspec (0.22) inspects a type at its first decoding. Two threads that do this at once crash the process.
    """
    with _INSPECT_LOCK:
        for kind in kinds:
            msgspec.json.Decoder(kind)


def read_json(data: bytes, kind: type[T]) -> T:
    """Return the JSON text *data* as a *kind*. Raises BadInput for invalid JSON and for a value that does not fit."""
    prepare(kind)
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise BadInput(_sentence(error, kind)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"This is not valid JSON: {error}.") from None


def convert(value: Any, kind: type[T]) -> T:
    """Return the plain *value*, as JSON and YAML give it, as a *kind*. Raises BadInput if it does not fit."""
    prepare(kind)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BadInput(_sentence(error, kind)) from None
    except RecursionError:
        raise BadInput("The input is nested too deeply.") from None


def similar_texts(text: str, choices: Iterable[str], count: int = 1, cutoff: float = 0.5) -> list[str]:
    """Return at most *count* of *choices* that are similar to *text*, the most similar first.

    *cutoff* is how similar they must be, from 0 for any to 1 for the same.
    """
    # A text may be as long as a request line, and the time of a comparison grows with the length.
    return get_close_matches(text[:_COMPARED], list(choices), n=count, cutoff=cutoff)


def nearest(name: str, choices: Iterable[str]) -> str:
    """Return ``; the nearest is X`` for the most similar of *choices*, or an empty text if none is similar.

    The comparison ignores case.
    """
    by_lower_case = {item.lower(): item for item in choices}
    near = similar_texts(name.lower(), by_lower_case)
    return f"; the nearest is {by_lower_case[near[0]]}" if near else ""


def _sentence(error: msgspec.ValidationError, kind: Any) -> str:
    text = str(error)
    match = _NO_SUCH.fullmatch(text)
    choices = _choices(kind, match["path"] or "") if match else []
    if match and choices:
        return f"{match['value']!r} is none of {', '.join(choices)}{nearest(match['value'], choices)}{match['where']}."
    match = _UNKNOWN.fullmatch(text)
    return _no_member(match["name"], match["path"] or "", kind) if match else f"{text}."


def _no_member(name: str, path: str, kind: Any) -> str:
    """Return the sentence for an unknown member *name* at *path* of a value of this *kind*.

    Only members of the object at *path* are suggested: a member of another object would be refused there too.
    """
    root = msgspec.inspect.type_info(kind)
    names = [field.encode_name for info in _at(root, path) for field in getattr(info, "fields", ())]
    sentence = f"There is no member {name!r}{f' - at `{path}`' if path else ''}"
    places = {place for place, member in _members(root, "", frozenset()) if member == name}
    if places:
        outer = sorted(places, key=lambda place: (place.count("."), place))[:_MAX_PLACES]
        return f"{sentence}; it belongs in {' or '.join(place or 'the outermost object' for place in outer)}."
    near = nearest(name, names)
    if near or not 0 < len(names) <= _MAX_LISTED:
        return f"{sentence}{near}."
    return f"{sentence}; known here: {', '.join(names)}."


def _choices(kind: Any, path: str) -> list[str]:
    """Return the words allowed at *path*, such as ``$.run.shape``, in a value of this type."""
    words: list[Any] = []
    for info in _at(msgspec.inspect.type_info(kind), path):
        if isinstance(info, msgspec.inspect.LiteralType):
            words += info.values
        elif isinstance(info, msgspec.inspect.EnumType):
            words += [item.value for item in info.cls]
    return sorted(word for word in words if isinstance(word, str))


def _at(info: msgspec.inspect.Type, path: str) -> list[msgspec.inspect.Type]:
    """Return the types allowed at *path* in a value of this type."""
    infos = _alternatives(info)
    for step in re.findall(r"\.(\w+)|\[", path):
        infos = [alternative for info in infos for inner in _inside(info, step) for alternative in _alternatives(inner)]
    return infos


def _alternatives(info: msgspec.inspect.Type) -> list[msgspec.inspect.Type]:
    if isinstance(info, msgspec.inspect.Metadata):
        return _alternatives(info.type)
    if isinstance(info, msgspec.inspect.UnionType):
        return [alternative for member in info.types for alternative in _alternatives(member)]
    return [info]


def _inside(info: msgspec.inspect.Type, step: str) -> list[msgspec.inspect.Type]:
    """Return the types of the member *step* in a value of this type; without a step, those of an index or a key."""
    if step:
        return [field.type for field in getattr(info, "fields", ()) if field.encode_name == step]
    inner = [getattr(info, "item_type", None), getattr(info, "value_type", None), *getattr(info, "item_types", ())]
    return [item for item in inner if isinstance(item, msgspec.inspect.Type)]


def _members(info: msgspec.inspect.Type, place: str, outer_types: frozenset[type]) -> Iterator[tuple[str, str]]:
    """Yield the place, such as ``run.script``, and the name of each member of a value of this type."""
    for alternative in _alternatives(info):
        for inner in _inside(alternative, ""):
            yield from _members(inner, place, outer_types)
        cls = getattr(alternative, "cls", None)
        if cls is None or cls in outer_types:
            continue
        for field in getattr(alternative, "fields", ()):
            yield place, field.encode_name
            yield from _members(field.type, f"{place}.{field.encode_name}".lstrip("."), outer_types | {cls})
