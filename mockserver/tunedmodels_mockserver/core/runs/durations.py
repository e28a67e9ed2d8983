"""Defines how long a tuning run and its queue take on a world's clock."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ...wire.units import SECOND

_MAX_RUN_SECONDS = 1e9  # seconds, some thirty years


@dataclass(frozen=True, slots=True)
class Pace:
    """The durations of runs on a world's clock, in seconds.

    Every run takes ``tuning_time``, whatever its size; with ``step_time`` it takes that time for each step instead. A
    run waits ``queue_time`` before it starts. Raise ValueError for a number outside 0 to 1e9.
    """

    tuning_time: float = 20.0
    step_time: float | None = None
    queue_time: float = 0.3

    def __post_init__(self) -> None:
        """Refuse numbers outside the limits."""
        for name in ("tuning_time", "step_time", "queue_time"):
            seconds = getattr(self, name)
            if seconds is not None and not 0 <= seconds <= _MAX_RUN_SECONDS:
                raise ValueError(f"{name} must be a number of seconds from 0 to {_MAX_RUN_SECONDS:.0f}, got {seconds}")

    def length(self, steps: int) -> int:
        """Return the nanoseconds from start to completion of a run with *steps* steps, thirty years at most."""
        seconds = self.tuning_time if self.step_time is None else self.step_time * steps
        return _nanoseconds(min(seconds, _MAX_RUN_SECONDS))

    @property
    def queue(self) -> int:
        """The nanoseconds before the start."""
        return _nanoseconds(self.queue_time)


@lru_cache(maxsize=256)
def _nanoseconds(seconds: float) -> int:
    """Return *seconds* in nanoseconds. The cache lets the runs of one pace share the number."""
    return round(seconds * SECOND)
