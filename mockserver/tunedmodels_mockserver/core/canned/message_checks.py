"""Reads messages of the API that an operator writes, such as the parts of a canned answer, by the facts of the service.

The server reads a request as leniently as the service does. It reads an operator's message strictly: an unknown name
is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...wire.protojson.scalars import READERS, InvalidValue, display, enum_number, well_known
from ...wire.surface import SCALARS, WELL_KNOWN, Field, Surface, surface_of
from ..strict_input import nearest

FULL_VERSION = "v1beta"  # the version that has all messages and members
_FREE_FORM = frozenset(f"{WELL_KNOWN}{name}" for name in ("Struct", "Value"))
_MAX_DEPTH = 100


def read_message(value: Any, message: str, place: str) -> dict[str, Any]:
    """Return plain JSON *value* as a value of *message*. Names of members may have either spelling of the API.

    *place* is the place of the value in the input, for messages of errors. Raises ValueError for an unknown member or
    enum value, and names the nearest known one; also for a value with a type that differs from its member's.
    """
    return _message(value, message, surface_of(FULL_VERSION), place)


def enum_value(name: str, kind: str, place: str) -> int:
    """Return the number of *name* in the enum *kind*. Raises ValueError for an unknown name, and names the nearest."""
    enum = surface_of(FULL_VERSION).enum(kind)
    if name not in enum.numbers:
        raise ValueError(f"{place} cannot be {name!r}{nearest(name, list(enum.numbers))}")
    return enum.numbers[name]


def _message(value: Any, name: str, surface: Surface, place: str) -> dict[str, Any]:
    message = surface.message(name)
    if not isinstance(value, Mapping):
        raise ValueError(f"{place} must be an object, a {name}, got {_short(value)}")
    result: dict[str, Any] = {}
    set_member_by_oneof: dict[str, str] = {}
    for key, item in value.items():
        field = message.by_name.get(key)
        if field is None:
            names = [field.json_name for field in message.fields]
            raise ValueError(f"{place} has no member {key!r}{nearest(str(key), names)}")
        if item is None:
            continue
        if field.oneof and field.oneof in set_member_by_oneof:
            raise ValueError(f"{place} can have {set_member_by_oneof[field.oneof]} or {key}, not both")
        if field.oneof:
            set_member_by_oneof[field.oneof] = key
        result[field.name] = _member(item, field, surface, f"{place}.{key}")
    return result


def _member(value: Any, field: Field, surface: Surface, place: str) -> Any:
    if field.map_of:
        if not isinstance(value, Mapping):
            raise ValueError(f"{place} must be an object, got {_short(value)}")
        return {key: _item(item, field.map_of, surface, f"{place}.{key}") for key, item in value.items()}
    if not field.repeated:
        return _item(value, field.type, surface, place)
    if not isinstance(value, list | tuple):
        raise ValueError(f"{place} must be a list, got {_short(value)}")
    return [_item(item, field.type, surface, f"{place}[{number}]") for number, item in enumerate(value)]


def _item(value: Any, kind: str, surface: Surface, place: str) -> Any:
    if kind in _FREE_FORM:
        if kind.endswith("Struct") and not isinstance(value, Mapping):
            raise ValueError(f"{place} must be an object, got {_short(value)}")
        check_json_value(value, place)
        return value
    if surface.is_enum(kind):
        return _enum(value, kind, surface, place)
    try:
        if kind in SCALARS:
            return READERS[kind](value)
        if kind.startswith(WELL_KNOWN):
            return well_known(kind, value, place)
    except (InvalidValue, TypeError):
        raise ValueError(f"{place} must be a {kind.removeprefix(WELL_KNOWN)}, got {_short(value)}") from None
    return _message(value, kind, surface, place)


def _enum(value: Any, kind: str, surface: Surface, place: str) -> int:
    try:
        number = enum_number(surface.enum(kind), value)
    except (InvalidValue, TypeError):
        near = nearest(value.upper(), list(surface.enum(kind).numbers)) if isinstance(value, str) else ""
        raise ValueError(f"{place} cannot be {_short(value)}{near}") from None
    if number not in surface.enum(kind).names:
        raise ValueError(f"{place} cannot be {number}: {kind} has no such value")
    return number


def check_json_value(value: Any, place: str, depth: int = 0) -> None:
    """Raise ValueError if *value* is not a JSON value (such as a date from YAML), or is nested too deeply."""
    if depth > _MAX_DEPTH:
        raise ValueError(f"{place} is nested too deeply")
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError(f"{place} has a name that is not a string: {_short(key)}; put it in quotes")
            check_json_value(item, place, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            check_json_value(item, place, depth + 1)
    elif value is not None and not isinstance(value, str | int | float | bool):
        raise ValueError(f"{place} is a {type(value).__name__}, and JSON has no such type; put it in quotes")


def _short(value: Any) -> str:
    text = display(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
