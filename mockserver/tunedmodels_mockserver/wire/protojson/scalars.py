"""Converts JSON values to scalars, enum numbers and well-known types, as leniently as the service does.

Source: errors observed on this API and related ones; if none was observed, protobuf's JSON converter.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..surface import Enum
from .numbers import float32, format_double
from .timestamps import parse_timestamp

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DURATION = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?s")
_NAMED_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_BOOLS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}


class InvalidValue(Exception):
    """The error for a value that does not fit its type. Its text is the part of the message that shows the value."""


def display(value: Any) -> str:
    """Return *value* as error messages show it: strings in quotes, numbers in their shortest form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float):
        return format_double(value).strip('"')
    return str(value)


def _integer(bits: int) -> Callable[[Any], int]:
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1

    def read(value: Any) -> int:
        number: int | None = None
        if isinstance(value, str):
            number = int(value) if _INTEGER.fullmatch(value) else None
        elif isinstance(value, float):
            number = int(value) if math.isfinite(value) and value == int(value) else None
        elif not isinstance(value, bool):
            number = value
        if number is None or not low <= number <= high:
            raise InvalidValue(display(value))
        return number

    return read


def _double(value: Any) -> float:
    if isinstance(value, str):
        if value in _NAMED_FLOATS:
            return _NAMED_FLOATS[value]
        number = float(value) if _DECIMAL.fullmatch(value) else math.inf
        if math.isinf(number):
            raise InvalidValue(display(value))
        return number
    if isinstance(value, bool):
        raise InvalidValue(display(value))
    return float(value)


def _float(value: Any) -> float:
    try:
        return float32(_double(value))
    except OverflowError:
        raise InvalidValue(display(value)) from None


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _BOOLS:
        return _BOOLS[value.lower()]
    raise InvalidValue(display(value))


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValue(display(value))
    return value


def _bytes(value: Any) -> bytes:
    text = _string(value).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidValue(display(value)) from None


#: The function that reads a JSON value, for each scalar type. It raises InvalidValue if the value does not fit.
READERS: Mapping[str, Callable[[Any], Any]] = {
    "string": _string,
    "bytes": _bytes,
    "bool": _bool,
    "int32": _integer(32),
    "int64": _integer(64),
    "float": _float,
    "double": _double,
}


def enum_number(enum: Enum, value: Any) -> int:
    """Return the number of a value of *enum*.

    *value* is a name in upper or lower case, any number, or a known number as a string. Raise InvalidValue if it is
    none of these.
    """
    if not isinstance(value, str):
        return READERS["int32"](value)  # type: ignore[no-any-return]
    if value in enum.numbers:
        return enum.numbers[value]
    if _INTEGER.fullmatch(value) and int(value) in enum.names:
        return int(value)
    name = value.upper().replace("-", "_")
    if not value.isascii() or name not in enum.numbers:
        raise InvalidValue(display(value))
    return enum.numbers[name]


def well_known(kind: str, value: Any, key: str) -> Any:
    """Return a Timestamp in nanoseconds, or a Duration or FieldMask as text.

    *key* is the name of the member in the request. Raise InvalidValue if *value* does not fit the type *kind*.
    """
    if kind.endswith("FieldMask"):
        return _string(value)
    noun = "timestamp" if kind.endswith("Timestamp") else "duration"
    if not isinstance(value, str):
        raise InvalidValue(f"Field '{key}', Invalid data type for {noun}, value is {display(value)}")
    if noun == "duration":
        if not _DURATION.fullmatch(value):
            raise InvalidValue(f"Field '{key}', Illegal duration format; duration must end with 's'")
        return value
    moment = parse_timestamp(value)
    if moment is None:
        raise InvalidValue(
            f"Field '{key}', Illegal timestamp format; timestamps must end with 'Z' or have a valid timezone offset."
        )
    return moment
