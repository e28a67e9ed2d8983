"""Defines the interface of stores, which keep worlds, and the values that they keep.

All kinds of stores have this one interface, so that they pass the same tests.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import NamedTuple, Protocol

from ..clock import Clock
from ..faults import armed_faults
from .controls import Controls
from .records import TunedModelRecord

sequence_of = attrgetter("sequence")


class StoreUnavailable(Exception):
    """The failure of a store that cannot be used at present. The message is a sentence that says why."""


@dataclass(frozen=True, eq=False)
class Base:
    """The records with which many worlds begin. A base never changes, so worlds share it and cost nothing to create.

    ``records`` has them by id, and ``order`` in order of creation. ``draws`` is the last number that was drawn.
    """

    records: Mapping[str, TunedModelRecord] = field(default_factory=dict)
    order: Sequence[TunedModelRecord] = ()
    draws: int = 0

    @classmethod
    def of(cls, records: Iterable[TunedModelRecord], draws: int) -> Base:
        """Return the base with these *records*."""
        by_id = {record.id: record for record in records}
        return cls(by_id, sorted(by_id.values(), key=sequence_of), draws)

    def models(self) -> Iterator[TunedModelRecord]:
        """Yield the records in order of creation."""
        return iter(self.order)


class State(NamedTuple):
    """The complete state of one world at one moment. It can be stored, and a world can begin with it."""

    base: Base
    controls: Controls

    def snapshot(self, machine: int) -> State:
        """Return the state with the time of its clock recorded, for the machine's time *machine*."""
        return self._with_clock(self.controls.clock.with_mode(machine))

    def pause(self) -> State:
        """Return the state with its clock stopped. When it starts again, it continues from the recorded moment."""
        return self._with_clock(replace(self.controls.clock, origin=None))

    def start(self, machine: int, world_clock: Clock | None = None) -> State:
        """Return the state with its clock started at the machine's time *machine*, unless it has started already.

        A clock that starts also starts the times to live of the faults, which are the machine's. Faults that wait for
        the beginning of the world are armed, on *world_clock* if it is given. All others stay as they were on the
        world's clock.
        """
        clock, faults = self.controls.clock, self.controls.faults
        if clock.origin is None:
            clock = clock.start(machine)
            faults = armed_faults.restart_lifetimes(faults, machine)
        faults = armed_faults.arm_at_start(faults, (world_clock or clock).now(machine), machine)
        return self._replace(controls=replace(self.controls, clock=clock, faults=faults))

    def _with_clock(self, clock: Clock) -> State:
        return self._replace(controls=replace(self.controls, clock=clock))


class Store(Protocol):
    """The state of one world. Values are immutable; a change replaces an old value with a new one.

    Every method may raise StoreUnavailable. ``controls`` may return the controls as they were when the store was opened
    or was last asked to change them. ``replace_controls`` refuses a change of outdated controls all the same.
    """

    @property
    def seed(self) -> int:
        """The seed of the world's random draws. It is the same for all servers that share the world."""
        ...

    def controls(self) -> Controls:
        """Return the world's controls."""
        ...

    def replace_controls(self, old: Controls, new: Controls) -> bool:
        """Replace *old* with *new* and return True, or return False if *old* is no longer there."""
        ...

    def draw(self) -> int:
        """Return the next number of the world's sequence, from 1. No two calls return the same number."""
        ...

    def get(self, model_id: str) -> TunedModelRecord | None:
        """Return the record with this id, or None."""
        ...

    def insert(self, record: TunedModelRecord) -> bool:
        """Store *record* and return True, or return False if another record has its id."""
        ...

    def replace(self, old: TunedModelRecord, new: TunedModelRecord) -> bool:
        """Replace *old* with *new* and return True, or return False if *old* is no longer there."""
        ...

    def delete(self, old: TunedModelRecord) -> bool:
        """Remove *old* and return True, or return False if it is no longer there."""
        ...

    def records_after(self, sequence: int) -> Iterator[TunedModelRecord]:
        """Yield the records after *sequence*, in order of creation."""
        ...

    def state(self) -> State:
        """Return the complete state of the world at one moment."""
        ...

    def restore(self, state: State) -> None:
        """Replace all records, draws and controls with *state*. The snapshots stay."""
        ...

    def save_snapshot(self, name: str, state: State) -> None:
        """Store *state* as the snapshot called *name*, and replace an older one."""
        ...

    def snapshot(self, name: str) -> State | None:
        """Return the snapshot called *name*, or None."""
        ...

    def snapshot_names(self) -> list[str]:
        """Return the names of the snapshots, sorted."""
        ...

    def delete_snapshot(self, name: str) -> bool:
        """Remove the snapshot called *name* and return True, or return False if there is none."""
        ...


class Stores(Protocol):
    """The stores of all worlds. Every method may raise StoreUnavailable."""

    @property
    def kind(self) -> str:
        """The kind of storage in one word, such as ``memory``."""
        ...

    def open(self, name: str, begin: Callable[[], tuple[int, State]]) -> Store:
        """Return the store of the world called *name*. A new world begins with the seed and state of ``begin()``."""
        ...

    def drop(self, name: str) -> None:
        """Remove the world called *name* with everything that is stored for it."""
        ...

    def names(self) -> list[str]:
        """Return the names of the existing worlds, sorted."""
        ...

    def close(self) -> None:
        """Close files and connections."""
        ...


def items_after(order: Sequence[TunedModelRecord], sequence: int, count: int) -> Sequence[TunedModelRecord]:
    """Return the first *count* records of *order*, which is in order of creation, after *sequence*."""
    place = bisect_right(order, sequence, key=sequence_of)
    return order[place : place + count]
