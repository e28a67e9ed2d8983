"""Pace: how long things take."""

from __future__ import annotations

from dataclasses import dataclass

from ...wire.units import SECOND

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
