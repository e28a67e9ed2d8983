"""Checks the types of the members that the invariants read. An invariant needs these types to be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


def type_errors(value: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the problem of each known member below *value* whose type differs from the API's.

    *path* names *value* in the findings.
    """
    for name, inner in value.items():
        kind, has_type = _TYPES.get(name, ("", None))
        if has_type is None:
            continue
        if not has_type(inner):
            yield path, f"{name} is {inner!r:.100}, which is not {kind}"
        elif isinstance(inner, Mapping):
            yield from type_errors(inner, f"{path}, {name}")
        elif isinstance(inner, list):
            for place, item in enumerate(inner):
                yield from type_errors(item, f"{path}, {name}[{place}]")


def nanoseconds(text: str) -> int:
    """Return the time *text* in nanoseconds. Raises ValueError if *text* is not a time of the API."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not a time of the API: {text!r}")
    whole = datetime.fromisoformat(match[1]) - datetime.min
    return (whole.days * 86_400 + whole.seconds) * 1_000_000_000 + int((match[2] or "").ljust(9, "0"))


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31


def _is_percent(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 100


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and nanoseconds(value) >= 0
    except ValueError:
        return False


# Every member that a law reads, at any depth: these messages never use one name for two types.
_TYPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "@type": ("a string", _is_text),
    "code": ("a 32-bit integer", _is_integer),
    "completeTime": ("a time", _is_time),
    "completedPercent": ("a number from 0 to 100", _is_percent),
    "completedSteps": ("a 32-bit integer", _is_integer),
    "computeTime": ("a time", _is_time),
    "createTime": ("a time", _is_time),
    "done": ("a boolean", lambda value: isinstance(value, bool)),
    "epoch": ("a 32-bit integer", _is_integer),
    "error": ("an object", _is_object),
    "metadata": ("an object", _is_object),
    "name": ("a string", _is_text),
    "response": ("an object", _is_object),
    "snapshots": ("a list of objects", lambda value: isinstance(value, list) and all(map(_is_object, value))),
    "startTime": ("a time", _is_time),
    "state": ("a string", _is_text),
    "step": ("a 32-bit integer", _is_integer),
    "totalSteps": ("a 32-bit integer", _is_integer),
    "tunedModel": ("a string", _is_text),
    "tuningTask": ("an object", _is_object),
}
