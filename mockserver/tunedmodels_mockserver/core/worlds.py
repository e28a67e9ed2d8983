"""Worlds: each has its own models, clock and chance, so that tests in parallel share a server and never meet."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ..wire.units import MICROSECOND, SECOND
from . import chance, lro
from .clock import Clock
from .store import MemoryStore, Store


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take on a world's clock, in seconds.

    A run takes ``tuning_time`` whatever its size, unless ``step_time`` says how long each step takes. It waits
    ``queue_time`` before it starts.
    """

    tuning_time: float = 20.0
    step_time: float | None = None
    queue_time: float = 0.3

    def length(self, steps: int) -> int:
        """Return the nanoseconds from start to completion of a run of *steps* steps; at least one."""
        seconds = self.tuning_time if self.step_time is None else self.step_time * steps
        return max(1, round(seconds * SECOND))

    @property
    def queue(self) -> int:
        """The nanoseconds before the start."""
        return round(self.queue_time * SECOND)


@dataclass(frozen=True)
class World:
    """One isolated state of the service."""

    name: str
    seed: int
    clock: Clock
    pace: Pace = field(default_factory=Pace)
    store: Store = field(default_factory=MemoryStore)
    _draws: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def now(self) -> int:
        """Return the world's present as a whole microsecond, the finest that creation times show."""
        return self.clock.now() // MICROSECOND * MICROSECOND

    def look(self, plan: lro.Plan, now: int) -> int:
        """Return the moment at which a caller who polls sees *plan*: *now*, or where the clock goes by polls."""
        if lro.view(plan, now).done:
            return now
        self.clock.polled(plan.whole)
        return self.now()

    def draw(self) -> int:
        """Return the next number of this world's sequence, from 1; no two calls get the same."""
        return next(self._draws)


class Worlds:
    """The worlds of one server, made when they are first asked for."""

    def __init__(self, seed: int, make_clock: Callable[[], Clock], pace: Pace) -> None:
        self._seed = seed
        self._make_clock = make_clock
        self._pace = pace
        self._worlds: dict[str, World] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> World:
        """Return the world called *name*."""
        world = self._worlds.get(name)
        if world is None:
            with self._lock:
                world = self._worlds.setdefault(name, self._make(name))
        return world

    def drop(self, name: str) -> None:
        """Forget the world called *name*; who asks for it again gets a new one."""
        self._worlds.pop(name, None)

    def _make(self, name: str) -> World:
        return World(name, chance.bits(self._seed, "world", name), self._make_clock(), self._pace)
