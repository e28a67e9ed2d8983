"""Stores worlds in memory. This is the default store, and the fastest."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence

from .controls import Controls
from .records import TunedModelRecord
from .store import Base, State, Store, items_after, sequence_of

_CHUNK = 64  # records that an iteration reads at once


class _Layer:
    """The changes to ``base``. In ``records``, None stands for a deleted record.

    ``order`` has the inserted records in order of creation. Records in place of a record of the base are not in it.
    """

    __slots__ = ("base", "draws", "order", "records")

    def __init__(self, base: Base) -> None:
        self.base = base
        self.records: dict[str, TunedModelRecord | None] = {}
        self.order: list[TunedModelRecord] = []
        self.draws = base.draws

    def get(self, model_id: str) -> TunedModelRecord | None:
        try:
            return self.records[model_id]
        except KeyError:
            return self.base.records.get(model_id)

    def replace(self, old: TunedModelRecord, *new: TunedModelRecord) -> None:
        """Put *new*, one record or none, in the place of *old* in ``order``, if *old* was inserted."""
        place = bisect_left(self.order, old.sequence, key=sequence_of)
        if place < len(self.order) and self.order[place] is old:
            self.order[place : place + 1] = new

    def read_after(self, sequence: int) -> tuple[Sequence[TunedModelRecord], int | None]:
        """Return the records at some places after *sequence*, and the last of these places, or None at the end."""
        places = items_after(self.order, sequence, _CHUNK)
        present = places
        earlier = items_after(self.base.order, sequence, _CHUNK)
        if earlier:
            places = sorted([*earlier, *places], key=sequence_of)[:_CHUNK]
            # A record of the base can be deleted or replaced, and its id can have a new record at a later place.
            newest = [(record, self.records.get(record.id, record)) for record in places]
            present = [new for old, new in newest if new is not None and new.sequence == old.sequence]
        return present, places[-1].sequence if len(places) == _CHUNK else None


class MemoryStore:
    """A world in memory that begins as *state*.

    ``get``, ``insert``, ``replace`` and each record of ``records_after`` take the same time at any size.
    """

    def __init__(self, seed: int, state: State) -> None:
        self.seed = seed
        self._controls = state.controls
        self._layer = _Layer(state.base)
        self._snapshots: dict[str, State] = {}
        self._lock = threading.Lock()

    def controls(self) -> Controls:
        """Return the world's controls."""
        return self._controls

    def replace_controls(self, old: Controls, new: Controls) -> bool:
        """Replace *old* with *new*. Return False if another request changed the controls in the meantime."""
        with self._lock:
            if self._controls is not old:
                return False
            self._controls = new
            return True

    def draw(self) -> int:
        """Return the next number of the world's sequence."""
        with self._lock:
            self._layer.draws += 1
            return self._layer.draws

    def get(self, model_id: str) -> TunedModelRecord | None:
        """Return the record with this id, or None."""
        return self._layer.get(model_id)

    def insert(self, record: TunedModelRecord) -> bool:
        """Store *record*. Return False if another record has its id."""
        with self._lock:
            layer = self._layer
            if layer.get(record.id) is not None:
                return False
            layer.records[record.id] = record
            insort(layer.order, record, key=sequence_of)
            return True

    def replace(self, old: TunedModelRecord, new: TunedModelRecord) -> bool:
        """Replace *old* with *new*. Return False if another request changed the record in the meantime."""
        with self._lock:
            if self._layer.get(old.id) is not old:
                return False
            self._layer.records[old.id] = new
            self._layer.replace(old, new)
            return True

    def delete(self, old: TunedModelRecord) -> bool:
        """Remove *old*. Return False if another request changed the record in the meantime."""
        with self._lock:
            layer = self._layer
            if layer.get(old.id) is not old:
                return False
            layer.replace(old)
            if old.id in layer.base.records:
                layer.records[old.id] = None
            else:
                del layer.records[old.id]
            return True

    def records_after(self, sequence: int) -> Iterator[TunedModelRecord]:
        """Yield the records after *sequence*, in order of creation.

        A record that is inserted or deleted during the iteration may be included or left out.
        """
        place: int | None = sequence
        while place is not None:
            with self._lock:
                records, place = self._layer.read_after(place)
            yield from records

    def state(self) -> State:
        """Return the complete present state of the world."""
        with self._lock:
            layer = self._layer
            if not layer.records and layer.draws == layer.base.draws:
                return State(layer.base, self._controls)
            records = {**layer.base.records, **layer.records}
            present = (record for record in records.values() if record is not None)
            return State(Base.of(present, layer.draws), self._controls)

    def restore(self, state: State) -> None:
        """Replace all records, draws and controls with *state*. The snapshots stay."""
        with self._lock:
            self._layer = _Layer(state.base)
            self._controls = state.controls

    def save_snapshot(self, name: str, state: State) -> None:
        """Store *state* as the snapshot called *name*."""
        self._snapshots[name] = state

    def snapshot(self, name: str) -> State | None:
        """Return the snapshot called *name*, or None."""
        return self._snapshots.get(name)

    def snapshot_names(self) -> list[str]:
        """Return the names of the snapshots, sorted."""
        return sorted(self._snapshots.copy())

    def delete_snapshot(self, name: str) -> bool:
        """Remove the snapshot called *name*. Return False if there is none."""
        return self._snapshots.pop(name, None) is not None


class MemoryStores:
    """The stores of one server's worlds, which end with the process."""

    kind = "memory"

    def __init__(self) -> None:
        self._stores: dict[str, MemoryStore] = {}
        self._lock = threading.Lock()

    def open(self, name: str, begin: Callable[[], tuple[int, State]]) -> Store:
        """Return the store of the world called *name*. A new world begins with the seed and state of ``begin()``."""
        store = self._stores.get(name)
        if store is None:
            with self._lock:
                store = self._stores.get(name)
                if store is None:
                    store = self._stores[name] = MemoryStore(*begin())
        return store

    def drop(self, name: str) -> None:
        """Remove the world called *name*."""
        self._stores.pop(name, None)

    def names(self) -> list[str]:
        """Return the names of the existing worlds, sorted."""
        return sorted(self._stores.copy())

    def close(self) -> None:
        """Do nothing, because memory has no files or connections."""
