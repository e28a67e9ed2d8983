"""Numbers as the service writes them: the shortest decimal that reads back as the same float."""

from __future__ import annotations

import math
import struct

_FLOAT = struct.Struct("<f")


def float32(value: float) -> float:
    """Return *value* rounded to single precision. Raises OverflowError beyond its range."""
    result: float = _FLOAT.unpack(_FLOAT.pack(value))[0]
    return result


def format_float(value: float) -> str:
    """Return a float's text: ``11.499258``, ``-1.1145603e-06``, ``1`` (observed), or ``"NaN"`` quoted."""
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
    """Return a double's text: 15 digits where they suffice, else 17; NaN and infinities as quoted names."""
    if math.isnan(value):
        return '"NaN"'
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    text = f"{value:.15g}"
    return text if float(text) == value else f"{value:.17g}"
