"""Draws random values from a seed and counters.

The same inputs give the same value, in any order and in any process.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from math import cos, log, sqrt, tau
from struct import iter_unpack

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def bits(seed: int, *counters: int | str) -> int:
    """Return 64 uniform bits for *seed* and *counters*."""
    place = "\x1f".join(map(str, (seed, *counters)))
    return int.from_bytes(blake2b(place.encode(), digest_size=8).digest(), "big")


def uniform(seed: int, *counters: int | str) -> float:
    """Return a uniform number in [0, 1) for *seed* and *counters*."""
    return (bits(seed, *counters) >> 11) * 2.0**-53


def uniforms(places: range, seed: int, *counters: int | str) -> list[float]:
    """Return ``uniform(seed, *counters, place)`` for each of *places*, in less time than one by one."""
    return [(draw >> 11) * 2.0**-53 for (draw,) in iter_unpack(">Q", _bytes(places, seed, *counters))]


def normals(places: range, seed: int, *counters: int | str) -> list[float]:
    """Return a standard normal number for *seed*, *counters* and each of *places*."""
    return [
        sqrt(-2.0 * log((high + 1) * 2.0**-32)) * cos(tau * low * 2.0**-32)
        for high, low in iter_unpack(">II", _bytes(places, seed, *counters))
    ]


def base36(length: int, seed: int, *counters: int | str) -> str:
    """Return *length* characters of ``[a-z0-9]``, like the random part of the service's ids."""
    return "".join(_ALPHABET[bits(seed, *counters, place) % 36] for place in range(length))


def _bytes(places: range, seed: int, *counters: int | str) -> bytes:
    """Return the eight bytes of ``bits(seed, *counters, place)`` for each of *places*."""
    prefix = blake2b("".join(f"{part}\x1f" for part in (seed, *counters)).encode(), digest_size=8)
    digests, copy = [], prefix.copy  # a copy takes half the time of a new one
    for text in _texts(places):
        digest = copy()
        digest.update(text)
        digests.append(digest.digest())
    return b"".join(digests)


@lru_cache(maxsize=1)  # a run draws several times for the same steps
def _texts(places: range) -> list[bytes]:
    return [b"%d" % place for place in places]
