"""Draws random values from a seed and counters.

The same inputs give the same value, in any order and in any process.
"""

from __future__ import annotations

import math
from hashlib import blake2b

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def bits(seed: int, *counters: int | str) -> int:
    """Return 64 uniform bits for *seed* and *counters*."""
    place = "\x1f".join(map(str, (seed, *counters)))
    return int.from_bytes(blake2b(place.encode(), digest_size=8).digest(), "big")


def uniform(seed: int, *counters: int | str) -> float:
    """Return a uniform number in [0, 1) for *seed* and *counters*."""
    return (bits(seed, *counters) >> 11) * 2.0**-53


def normal(seed: int, *counters: int | str) -> float:
    """Return a standard normal number for *seed* and *counters*."""
    draw = bits(seed, *counters)
    radius = math.sqrt(-2.0 * math.log(((draw >> 32) + 1) * 2.0**-32))
    return radius * math.cos(2.0 * math.pi * (draw & 0xFFFFFFFF) * 2.0**-32)


def base36(length: int, seed: int, *counters: int | str) -> str:
    """Return *length* characters of ``[a-z0-9]``, like the random part of the service's ids."""
    return "".join(_ALPHABET[bits(seed, *counters, place) % 36] for place in range(length))
