"""The cache: what was read from a database lately. Everything in it is named by its content, so it is never stale."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TypeVar

from cachetools import LRUCache

from ..core.state.records import Examples, TunedModelRecord
from ..core.state.store import Base

K = TypeVar("K")
T = TypeVar("T")

_BYTES_KEPT = 64 * 1024 * 1024  # of training examples, as JSON
_RECORDS_KEPT = 10_000
_BASES_KEPT = 16


class Cache:
    """Records, examples and bases by their content; what is missing is made by the caller's function and kept.

    Safe to share between threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._records: LRUCache[tuple[str, str], TunedModelRecord] = LRUCache(_RECORDS_KEPT)
        self._examples: LRUCache[str, tuple[int, Examples]] = LRUCache(_BYTES_KEPT, getsizeof=lambda kept: kept[0])
        self._bases: LRUCache[str, Base] = LRUCache(_BASES_KEPT)
        self._digests: LRUCache[Base, str] = LRUCache(_BASES_KEPT)
        self._written: LRUCache[tuple[str, str], bool] = LRUCache(_RECORDS_KEPT)

    def record(self, world: str, body: str, make: Callable[[], TunedModelRecord]) -> TunedModelRecord:
        """Return the record that *body* in *world* is."""
        # The world counts, too: its rows are where the record's examples are read.
        return self._kept(self._records, (world, body), make)

    def base(self, digest: str, make: Callable[[], Base]) -> Base:
        """Return the base of this digest."""
        return self._kept(self._bases, digest, make)

    def digest(self, base: Base, keep: Callable[[], str]) -> str:
        """Return the digest of *base*, once *keep* has put it into the database."""
        return self._kept(self._digests, base, keep)

    def examples(self, digest: str, make: Callable[[], tuple[int, Examples]]) -> Examples:
        """Return the examples of this digest; *make* gives their size in bytes besides."""
        return self._kept(self._examples, digest, make)[1]

    def written(self, world: str, digest: str, write: Callable[[], bool]) -> None:
        """Call *write* unless the examples of this digest were lately written in *world*."""
        self._kept(self._written, (world, digest), write)

    def _kept(self, cache: LRUCache[K, T], key: K, make: Callable[[], T]) -> T:
        with self._lock:
            found = cache.get(key)
        if found is None:
            found = make()
            # What is larger than all that may be kept is not.
            with self._lock, suppress(ValueError):
                cache[key] = found
        return found
