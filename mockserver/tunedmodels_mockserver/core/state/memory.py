"""Worlds in memory: the default store, and the fastest."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator

from .controls import Controls
from .records import TunedModelRecord
from .store import Base, State, Store, following


class _Layer:
    """What differs from ``base``; None stands for what was deleted."""

    __slots__ = ("base", "draws", "order", "records")

    def __init__(self, base: Base) -> None:
        self.base = base
        self.records: dict[str, TunedModelRecord | None] = {}
        self.order: list[tuple[int, str]] = []
        self.draws = base.draws

    def get(self, model_id: str) -> TunedModelRecord | None:
        try:
            return self.records[model_id]
        except KeyError:
            return self.base.records.get(model_id)


class MemoryStore:
    """A world in memory, which begins as *state*. Get, insert and the first of ``after`` cost the same at any size."""

    def __init__(self, seed: int, state: State) -> None:
        self.seed = seed
        self._controls = state.controls
        self._layer = _Layer(state.base)
        self._snapshots: dict[str, State] = {}
        self._lock = threading.Lock()

    def controls(self) -> Controls:
        """Return the world's controls."""
        return self._controls

    def control(self, old: Controls, new: Controls) -> bool:
        """Put *new* in the place of *old* unless somebody changed them meanwhile."""
        with self._lock:
            if self._controls is not old:
                return False
            self._controls = new
            return True

    def draw(self) -> int:
        """Return the next number of this world's sequence."""
        with self._lock:
            self._layer.draws += 1
            return self._layer.draws

    def get(self, model_id: str) -> TunedModelRecord | None:
        """Return the record with this id, or None."""
        return self._layer.get(model_id)

    def insert(self, record: TunedModelRecord) -> bool:
        """Keep *record* unless its id is taken."""
        with self._lock:
            layer = self._layer
            if layer.get(record.id) is not None:
                return False
            layer.records[record.id] = record
            insort(layer.order, (record.sequence, record.id))
            return True

    def replace(self, old: TunedModelRecord, new: TunedModelRecord) -> bool:
        """Put *new* in the place of *old* unless somebody changed it meanwhile."""
        with self._lock:
            if self._layer.get(old.id) is not old:
                return False
            self._layer.records[old.id] = new
            return True

    def delete(self, old: TunedModelRecord) -> bool:
        """Remove *old* unless somebody changed it meanwhile."""
        with self._lock:
            layer = self._layer
            if layer.get(old.id) is not old:
                return False
            place = bisect_left(layer.order, (old.sequence, old.id))
            if layer.order[place : place + 1] == [(old.sequence, old.id)]:
                del layer.order[place]
            if old.id in layer.base.records:
                layer.records[old.id] = None
            else:
                del layer.records[old.id]
            return True

    def after(self, sequence: int) -> Iterator[TunedModelRecord]:
        """Yield records in order; what is inserted or deleted meanwhile may or may not be seen."""
        while True:
            # Each step finds its place anew: nobody holds the lock between two items.
            layer = self._layer
            nearest = [*layer.base.following(sequence), *following(layer.order, sequence)]
            if not nearest:
                return
            sequence, model_id = min(nearest)
            record = layer.get(model_id)
            if record is not None and record.sequence == sequence:
                yield record

    def state(self) -> State:
        """Return all of the world as it is."""
        with self._lock:
            layer = self._layer
            if not layer.records and layer.draws == layer.base.draws:
                return State(layer.base, self._controls)
            records = {**layer.base.records, **layer.records}
            present = (record for record in records.values() if record is not None)
            return State(Base.of(present, layer.draws), self._controls)

    def begin(self, state: State) -> None:
        """Put *state* in the place of all there is."""
        with self._lock:
            self._layer = _Layer(state.base)
            self._controls = state.controls

    def save(self, name: str, state: State) -> None:
        """Keep *state* as the snapshot called *name*."""
        self._snapshots[name] = state

    def saved(self, name: str) -> State | None:
        """Return the snapshot called *name*, or None."""
        return self._snapshots.get(name)

    def saves(self) -> list[str]:
        """Return the names of the snapshots."""
        return sorted(self._snapshots.copy())

    def forget(self, name: str) -> bool:
        """Remove the snapshot called *name* where there is one."""
        return self._snapshots.pop(name, None) is not None


class MemoryStores:
    """The worlds of one server, which end with it."""

    kind = "memory"

    def __init__(self) -> None:
        self._stores: dict[str, MemoryStore] = {}
        self._lock = threading.Lock()

    def open(self, name: str, begin: Callable[[], tuple[int, State]]) -> Store:
        """Return the store of the world called *name*."""
        store = self._stores.get(name)
        if store is None:
            with self._lock:
                store = self._stores.get(name)
                if store is None:
                    store = self._stores[name] = MemoryStore(*begin())
        return store

    def drop(self, name: str) -> None:
        """Forget the world called *name*."""
        self._stores.pop(name, None)

    def names(self) -> list[str]:
        """Return the names of the worlds."""
        return sorted(self._stores.copy())

    def close(self) -> None:
        """Do nothing: memory needs no closing."""
