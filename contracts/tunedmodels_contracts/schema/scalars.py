"""Checks the scalars in an answer, such as strings, numbers and times, and recognizes the zeros that are omitted."""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from .violation import Kind

Problem = tuple[Kind, str]

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z", re.ASCII)
_DURATION = re.compile(r"-?(?:0|[1-9]\d*)(?:\.(?:\d{3}|\d{6}|\d{9}))?s", re.ASCII)
_INTEGER = re.compile(r"0|-?[1-9]\d*", re.ASCII)
_GROUPS = (0, 3, 6, 9)
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")
# A float from a million on may have an exponent. Then json returns a float even if the number is whole.
_FIRST_EXPONENT = 1e6


def scalar_problem(kind: str, value: Any) -> Problem | None:
    """Return the problem of *value* as a scalar or time of *kind*, or None."""
    return _CHECKS[kind](value)


def time_problem(value: Any, digits: int | None = None) -> Problem | None:
    """Return the problem of a time with *digits* digits of fraction, or None. If *digits* is None, 0, 3, 6 and 9 are
    valid.

    Weak spot: protobuf's own rule omits the last three digits if they are zeros, and no recorded time ends so. If the
    service follows that rule, this reports one time in a thousand wrongly.
    """
    if not isinstance(value, str):
        return _wrong_type("a time", value)
    match = _TIME.fullmatch(value)
    if match is None:
        return "bad-time", f"{value!r} is not an RFC 3339 time in UTC that ends in Z"
    try:
        datetime.fromisoformat(match[1])
    except ValueError:
        return "bad-time", f"{value!r} is not a valid date and time"
    fraction = len(match[2] or "")
    if fraction != digits if digits is not None else fraction not in _GROUPS:
        expected = "0, 3, 6 or 9" if digits is None else f"{digits}"
        return "bad-time", f"{value!r} has {fraction} digits of fraction, expected {expected}"
    return None


def is_zero(value: Any) -> bool:
    """Return whether *value*, which has the right type, is the zero that protobuf omits. -0 is not."""
    if isinstance(value, float):
        return value == 0 and math.copysign(1, value) > 0
    return value in (0, "", "0", [], {})


def shortest(value: float) -> float:
    """Return the number with the shortest decimal that is the same float32 as *value*. Raises OverflowError if *value*
    is too large for a float32.

    Three powers of two have a shorter decimal that is not the nearest one of its length. None of them is of the size of
    a loss.
    """
    single = _single(value)
    for digits in range(1, 9):
        number = float(f"{single:.{digits}g}")
        if _is_single(number, single):
            return number
    return float(f"{single:.9g}")


def _single(value: float) -> float:
    result: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return result


def _is_single(number: float, single: float) -> bool:
    try:
        return _single(number) == single
    except OverflowError:  # close to the largest float32, a number that is rounded up is too large
        return False


def _wrong_type(what: str, value: Any) -> Problem:
    return "wrong-type", f"{value!r:.100} is not {what}"


def _string(value: Any) -> Problem | None:
    return None if isinstance(value, str) else _wrong_type("a string", value)


def _bool(value: Any) -> Problem | None:
    return None if isinstance(value, bool) else _wrong_type("a boolean", value)


def _bytes(value: Any) -> Problem | None:
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return _wrong_type("a base64 string", value)
    return None


def _int32(value: Any) -> Problem | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31
    return None if fits else _wrong_type("a 32-bit integer", value)


def _int64(value: Any) -> Problem | None:
    # Check the length first, because Python refuses to parse an integer of thousands of digits.
    if isinstance(value, str) and len(value) < 21 and _INTEGER.fullmatch(value) and -(2**63) <= int(value) < 2**63:
        return None
    return _wrong_type("a string of a 64-bit integer", value)


def _number(value: Any) -> bool:
    if value in _NOT_FINITE:
        return True
    # json.loads turns 1e999 into infinity, which the service writes as a text.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < math.inf


def _double(value: Any) -> Problem | None:
    return None if _number(value) else _wrong_type("a number", value)


def _float(value: Any) -> Problem | None:
    if not _number(value):
        return _wrong_type("a number", value)
    if isinstance(value, str):
        return None
    try:
        expected = shortest(value)
    except OverflowError:
        return _wrong_type("a 32-bit float", value)
    if value != expected:
        return "float-too-precise", f"{value!r:.100} is longer than its 32 bits, which are {expected!r}"
    if isinstance(value, float) and value.is_integer() and abs(value) < _FIRST_EXPONENT and not _negative_zero(value):
        return "float-too-precise", f"{value!r} is a whole number, expected {int(value)}"
    return None


def _negative_zero(value: float) -> bool:
    return value == 0 and math.copysign(1, value) < 0


def _duration(value: Any) -> Problem | None:
    fits = isinstance(value, str) and _DURATION.fullmatch(value)
    return None if fits else _wrong_type("a duration in seconds, with 0, 3, 6 or 9 digits of fraction", value)


def _struct(value: Any) -> Problem | None:
    return None if isinstance(value, dict) else _wrong_type("an object", value)


def _value(_value: Any) -> Problem | None:
    return None


_CHECKS: Mapping[str, Callable[[Any], Problem | None]] = {
    "string": _string,
    "bytes": _bytes,
    "bool": _bool,
    "int32": _int32,
    "int64": _int64,
    "float": _float,
    "double": _double,
    "timestamp": time_problem,
    "duration": _duration,
    "fieldmask": _string,
    "struct": _struct,
    "value": _value,
}
