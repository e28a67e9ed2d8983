"""Formats floating-point numbers as the service does, with the fewest digits that give the same number when read."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache
from math import isinf, isnan

_FLOAT = struct.Struct("<f")
_pack, _unpack = _FLOAT.pack, _FLOAT.unpack


def float32(value: float) -> float:
    """Return *value* rounded to single precision. Raise OverflowError if it is out of range."""
    result: float = _unpack(_pack(value))[0]
    return result


def format_float(value: float) -> str:
    """Return the text of a float: ``11.499258``, ``-1.1145603e-06``, ``1`` (observed), or ``"NaN"`` with the quotes."""
    # The cache would not distinguish 0.0 from -0.0, which are equal.
    return _format_float(value) if value else f"{value:.6g}"


@lru_cache(maxsize=1024)  # models have the same few rates
def _format_float(value: float) -> str:
    return format_floats([value])[0]


def format_floats(values: Iterable[float]) -> list[str]:
    """Return the text of each of *values*. For many different values this takes less time than ``format_float``."""
    texts = []
    for value in values:
        try:
            code = _pack(value)
        except OverflowError:
            code = b""
        if not code or _unpack(code)[0] != value or isinf(value):
            texts.append(format_double(value))
            continue
        # If some digits suffice, then more digits do, too, and nine always do.
        text = f"{value:.7g}"
        if _pack(float(text)) == code:
            shorter = f"{value:.6g}"
            texts.append(shorter if _pack(float(shorter)) == code else text)
        else:
            text = f"{value:.8g}"
            texts.append(text if _pack(float(text)) == code else f"{value:.9g}")
    return texts


def format_double(value: float) -> str:
    """Return the text of a double, with 15 digits if they suffice, else 17. NaN and infinities are names in quotes."""
    if isnan(value):
        return '"NaN"'
    if isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    text = f"{value:.15g}"
    return text if float(text) == value else f"{value:.17g}"
