"""Formats floating-point numbers as the service does, with the fewest digits that give the same number when read."""

from __future__ import annotations

import math
import struct
from functools import lru_cache

_FLOAT = struct.Struct("<f")


def float32(value: float) -> float:
    """Return *value* rounded to single precision. Raise OverflowError if it is out of range."""
    result: float = _FLOAT.unpack(_FLOAT.pack(value))[0]
    return result


def format_float(value: float) -> str:
    """Return the text of a float: ``11.499258``, ``-1.1145603e-06``, ``1`` (observed), or ``"NaN"`` with the quotes."""
    # The cache would not distinguish 0.0 from -0.0, which are equal.
    return _format_float(value) if value else f"{value:.6g}"


@lru_cache(maxsize=4096)  # a run shows the same losses at each poll
def _format_float(value: float) -> str:
    if not math.isfinite(value):
        return format_double(value)
    for digits in (6, 7, 8, 9):
        text = f"{value:.{digits}g}"
        try:
            if float32(float(text)) == value:
                return text
        except OverflowError:
            continue
    return format_double(value)


def format_double(value: float) -> str:
    """Return the text of a double, with 15 digits if they suffice, else 17. NaN and infinities are names in quotes."""
    if math.isnan(value):
        return '"NaN"'
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    text = f"{value:.15g}"
    return text if float(text) == value else f"{value:.17g}"
