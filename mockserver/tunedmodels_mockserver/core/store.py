"""Stores: where a world's records are kept. One interface, so that every kind passes the same tests."""

from __future__ import annotations

import threading
from bisect import bisect_right, insort
from collections.abc import Iterator
from typing import Protocol

from .records import TunedModelRecord


class Store(Protocol):
    """What the simulation needs of a store. Records are immutable; a change puts a new one in the old's place."""

    def get(self, model_id: str) -> TunedModelRecord | None:
        """Return the record with this id, or None."""
        ...

    def insert(self, record: TunedModelRecord) -> bool:
        """Keep *record* and return True, or return False where its id is taken."""
        ...

    def replace(self, old: TunedModelRecord, new: TunedModelRecord) -> bool:
        """Put *new* in the place of *old* and return True, or return False where *old* is there no more."""
        ...

    def delete(self, old: TunedModelRecord) -> bool:
        """Remove *old* and return True, or return False where it is there no more."""
        ...

    def after(self, sequence: int) -> Iterator[TunedModelRecord]:
        """Yield the records that come after *sequence*, in order of creation."""
        ...


class MemoryStore:
    """Records in memory. Get, insert and the first of ``after`` cost the same at any size."""

    def __init__(self) -> None:
        self._records: dict[str, TunedModelRecord] = {}
        self._order: list[tuple[int, str]] = []
        self._lock = threading.Lock()

    def get(self, model_id: str) -> TunedModelRecord | None:
        """Return the record with this id, or None."""
        return self._records.get(model_id)

    def insert(self, record: TunedModelRecord) -> bool:
        """Keep *record* unless its id is taken."""
        with self._lock:
            if record.id in self._records:
                return False
            self._records[record.id] = record
            insort(self._order, (record.sequence, record.id))
            return True

    def replace(self, old: TunedModelRecord, new: TunedModelRecord) -> bool:
        """Put *new* in the place of *old* unless somebody changed it meanwhile."""
        with self._lock:
            if self._records.get(old.id) is not old:
                return False
            self._records[old.id] = new
            return True

    def delete(self, old: TunedModelRecord) -> bool:
        """Remove *old* unless somebody changed it meanwhile."""
        with self._lock:
            if self._records.get(old.id) is not old:
                return False
            del self._records[old.id]
            del self._order[bisect_right(self._order, (old.sequence, old.id)) - 1]
            return True

    def after(self, sequence: int) -> Iterator[TunedModelRecord]:
        """Yield records in order; what is inserted or deleted meanwhile may or may not be seen."""
        while True:
            # Each step finds its place anew: nobody holds the lock between two items.
            place = bisect_right(self._order, (sequence, "\U0010ffff"))
            try:
                sequence, model_id = self._order[place]
            except IndexError:
                return
            record = self._records.get(model_id)
            if record is not None and record.sequence == sequence:
                yield record
