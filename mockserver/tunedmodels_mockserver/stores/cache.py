"""Caches recent reads from a database. The content is the key of each entry, so an entry is never stale."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TypeVar

from cachetools import LRUCache

from ..core.state.controls import Controls
from ..core.state.records import TunedModelRecord
from ..core.state.store import Base

K = TypeVar("K")
T = TypeVar("T")

_MAX_BYTES = 64 * 1024 * 1024  # of training examples, as JSON
_MAX_RECORDS = 10_000
_MAX_WORLDS = 256
_MAX_BASES = 16


class Cache:
    """Records, controls, examples and bases by their content. If a value is missing, the caller's function makes it.

    Threads can share a cache.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._records: LRUCache[tuple[str, str], TunedModelRecord] = LRUCache(_MAX_RECORDS)
        self._examples: LRUCache[str, bytes] = LRUCache(_MAX_BYTES, getsizeof=len)
        self._controls: LRUCache[str, Controls] = LRUCache(_MAX_WORLDS)
        self._bases: LRUCache[str, Base] = LRUCache(_MAX_BASES)
        self._digests: LRUCache[Base, str] = LRUCache(_MAX_BASES)
        self._written: LRUCache[tuple[str, str], bool] = LRUCache(_MAX_RECORDS)

    def record(self, world: str, body: str, make: Callable[[], TunedModelRecord]) -> TunedModelRecord:
        """Return the record with the text *body* in *world*."""
        # The key includes the world, because the examples of a record are rows of its world.
        return self._get_or_make(self._records, (world, body), make)

    def controls(self, body: str, make: Callable[[], Controls]) -> Controls:
        """Return the controls with the text *body*."""
        return self._get_or_make(self._controls, body, make)

    def base(self, digest: str, make: Callable[[], Base]) -> Base:
        """Return the base with this digest."""
        return self._get_or_make(self._bases, digest, make)

    def digest(self, base: Base, write: Callable[[], str]) -> str:
        """Return the digest of *base*. On a miss, *write* writes the base into the database and returns the digest."""
        return self._get_or_make(self._digests, base, write)

    def examples(self, digest: str, make: Callable[[], bytes]) -> bytes:
        """Return the examples with this digest, as JSON."""
        return self._get_or_make(self._examples, digest, make)

    def ensure_written(self, world: str, digest: str, write: Callable[[], bool]) -> None:
        """Call *write*, unless *world* has had a recent write of the examples with this digest."""
        self._get_or_make(self._written, (world, digest), write)

    def _get_or_make(self, cache: LRUCache[K, T], key: K, make: Callable[[], T]) -> T:
        with self._lock:
            value = cache.get(key)
        if value is None:
            value = make()
            # A value that is larger than the whole cache is not stored.
            with self._lock, suppress(ValueError):
                cache[key] = value
        return value
