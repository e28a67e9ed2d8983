"""Stores: where worlds are kept. One interface, so that every kind passes the same tests."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from ..clock import Clock
from ..faults import armed
from .controls import Controls
from .records import TunedModelRecord


class StoreUnavailable(Exception):
    """The store cannot be asked at present; the message is a sentence that says why."""


@dataclass(frozen=True, eq=False)
class Base:
    """What many worlds begin with. Nobody changes it, so that a world which begins with it costs nothing to make.

    ``order`` are the records' sequence numbers and ids, sorted; ``draws`` is the last number that was drawn.
    """

    records: Mapping[str, TunedModelRecord] = field(default_factory=dict)
    order: Sequence[tuple[int, str]] = ()
    draws: int = 0

    @classmethod
    def of(cls, records: Iterable[TunedModelRecord], draws: int) -> Base:
        """Return the base that has these *records*."""
        known = {record.id: record for record in records}
        return cls(known, sorted((record.sequence, record.id) for record in known.values()), draws)

    def models(self) -> Iterator[TunedModelRecord]:
        """Yield the records in order of creation."""
        return (self.records[model_id] for _, model_id in self.order)

    def following(self, sequence: int, count: int = 1) -> Sequence[tuple[int, str]]:
        """Return the first *count* of ``order`` beyond *sequence*."""
        return following(self.order, sequence, count)


class State(NamedTuple):
    """All of one world at one moment: what it may begin with, and what is kept of it."""

    base: Base
    controls: Controls

    def snapshot(self, machine: int) -> State:
        """Return it with the clock's present written down, as it is when the machine's time is *machine*."""
        return self._with_clock(self.controls.clock.with_mode(machine))

    def pause(self) -> State:
        """Return it with a clock that goes on from the moment written down, whenever it is started."""
        return self._with_clock(replace(self.controls.clock, origin=None))

    def start(self, machine: int) -> State:
        """Return it with its clock started when the machine's time is *machine*, where it was not."""
        clock = self.controls.clock
        if clock.origin is not None:
            return self
        clock = clock.start(machine)
        faults = armed.rearm(self.controls.faults, clock.now(machine), machine)
        return self._replace(controls=replace(self.controls, clock=clock, faults=faults))

    def _with_clock(self, clock: Clock) -> State:
        return self._replace(controls=replace(self.controls, clock=clock))


class Store(Protocol):
    """One world's state. Values are immutable; a change puts a new one in the old's place.

    Every method may raise StoreUnavailable. Controls may be those of the moment at which the store was opened, or
    at which it was last asked to change them; to change them on top of others' changes is refused all the same.
    """

    @property
    def seed(self) -> int:
        """From which the world's chance is drawn; the same for all who share the world."""
        ...

    def controls(self) -> Controls:
        """Return the world's controls."""
        ...

    def control(self, old: Controls, new: Controls) -> bool:
        """Put *new* in the place of *old* and return True, or return False where *old* is there no more."""
        ...

    def draw(self) -> int:
        """Return the next number of this world's sequence, from 1; no two calls get the same."""
        ...

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

    def state(self) -> State:
        """Return all of the world as it is at one moment."""
        ...

    def begin(self, state: State) -> None:
        """Put *state* in the place of all records, draws and controls; snapshots stay."""
        ...

    def save(self, name: str, state: State) -> None:
        """Keep *state* as the snapshot called *name*, in the place of an older one."""
        ...

    def saved(self, name: str) -> State | None:
        """Return the snapshot called *name*, or None."""
        ...

    def saves(self) -> list[str]:
        """Return the names of the snapshots, sorted."""
        ...

    def forget(self, name: str) -> bool:
        """Remove the snapshot called *name* and return True, or return False where there is none."""
        ...


class Stores(Protocol):
    """The stores of all worlds. Every method may raise StoreUnavailable."""

    @property
    def kind(self) -> str:
        """A word for where worlds are kept, such as ``memory``."""
        ...

    def open(self, name: str, begin: Callable[[], tuple[int, State]]) -> Store:
        """Return the store of the world called *name*; a new one begins with the seed and state of ``begin()``."""
        ...

    def drop(self, name: str) -> None:
        """Remove the world called *name* with all that is kept of it."""
        ...

    def names(self) -> list[str]:
        """Return the names of the worlds that there are, sorted."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def following(order: Sequence[tuple[int, str]], sequence: int, count: int = 1) -> Sequence[tuple[int, str]]:
    """Return the first *count* of *order* beyond *sequence*."""
    place = bisect_right(order, (sequence, "\U0010ffff"))
    return order[place : place + count]
