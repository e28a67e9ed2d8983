"""Formats floating-point numbers as the service does, with the fewest digits that give the same number when read."""

from __future__ import annotations

import math
import struct
from functools import lru_cache

_FLOAT = struct.Struct("<f")
_pack = _FLOAT.pack


def float32(value: float) -> float:
    """Return *value* rounded to single precision. Raise OverflowError if it is out of range."""
    result: float = _FLOAT.unpack(_pack(value))[0]
    return result


def format_float(value: float) -> str:
    """Return the text of a float: ``11.499258``, ``-1.1145603e-06``, ``1`` (observed), or ``"NaN"`` with the quotes."""
    # The cache would not distinguish 0.0 from -0.0, which are equal.
    return _format_float(value) if value else f"{value:.6g}"


def shortest_float(value: float) -> str:
    """Return what ``format_float`` returns, without its cache."""
    try:
        code = _pack(value)
    except OverflowError:
        return format_double(value)
    if _FLOAT.unpack(code)[0] != value or math.isinf(value):
        return format_double(value)
    text = f"{value:.8g}"  # the most frequent length; if some digits suffice, then more digits do, too
    if _pack(float(text)) != code:
        return f"{value:.9g}"
    for form in (".7g", ".6g"):
        shorter = format(value, form)
        if _pack(float(shorter)) != code:
            break
        text = shorter
    return text


_format_float = lru_cache(maxsize=1024)(shortest_float)  # models have the same few rates


def format_double(value: float) -> str:
    """Return the text of a double, with 15 digits if they suffice, else 17. NaN and infinities are names in quotes."""
    if math.isnan(value):
        return '"NaN"'
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    text = f"{value:.15g}"
    return text if float(text) == value else f"{value:.17g}"
