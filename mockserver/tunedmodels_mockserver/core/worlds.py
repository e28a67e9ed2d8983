"""Worlds: each has its own models, clock and chance, so that tests in parallel share a server and never meet."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ..wire.units import MICROSECOND, SECOND
from . import chance, lro
from .clock import Clock
from .store import MemoryStore, Store

NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
DEFAULT_NAME = ""

_IN_CREDENTIAL = re.compile(r"test-([A-Za-z0-9._-]{1,100})")
_BEFORE_CREDENTIAL = re.compile(r"\A" + _IN_CREDENTIAL.pattern + "/")
_LONGEST_RUN = 1e9  # seconds, some thirty years


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take on a world's clock, in seconds.

    A run takes ``tuning_time`` whatever its size, unless ``step_time`` says how long each step takes. It waits
    ``queue_time`` before it starts. Raises ValueError for what is no span of time.
    """

    tuning_time: float = 20.0
    step_time: float | None = None
    queue_time: float = 0.3

    def __post_init__(self) -> None:
        """Refuse spans that no run can have."""
        for name in ("tuning_time", "step_time", "queue_time"):
            seconds = getattr(self, name)
            if seconds is not None and not 0 <= seconds <= _LONGEST_RUN:
                raise ValueError(f"{name} must be a number of seconds from 0 to {_LONGEST_RUN:.0f}, got {seconds}")

    def length(self, steps: int) -> int:
        """Return the nanoseconds from start to completion of a run of *steps* steps, thirty years at most."""
        seconds = self.tuning_time if self.step_time is None else self.step_time * steps
        return round(min(seconds, _LONGEST_RUN) * SECOND)

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
    revoked: set[str] = field(default_factory=set)  # the ids of tokens that are good no more
    _draws: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def now(self) -> int:
        """Return the world's present as a whole microsecond, the finest that creation times show."""
        return self.clock.now() // MICROSECOND * MICROSECOND

    def polled(self, plan: lro.Plan, now: int) -> int:
        """Tell the clock that a caller polls *plan*, and return the moment that the caller then sees."""
        if lro.view(plan, now).done:
            return now
        self.clock.polled(plan.whole)
        return self.now()

    def draw(self) -> int:
        """Return the next number of this world's sequence, from 1; no two calls get the same."""
        return next(self._draws)


def world_name(test_id: str | None, *credentials: str | None) -> str:
    """Return the name of the world that a request asks for.

    That is *test_id*, else what follows ``test-`` at the beginning of one of *credentials*, the first that has
    it: ``test-w1/alice@example.com`` is Alice in the world ``w1``.
    """
    if test_id:
        return test_id
    for credential in credentials:
        match = _IN_CREDENTIAL.match(credential or "")
        if match:
            return match[1]
    return DEFAULT_NAME


def bare(credential: str) -> str:
    """Return *credential* without the ``test-<world>/`` before it."""
    return _BEFORE_CREDENTIAL.sub("", credential, count=1)


def within(credential: str, world: str) -> str:
    """Return *credential* so that who sends it is in the *world* of that name."""
    return f"test-{world}/{credential}" if world else credential


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
