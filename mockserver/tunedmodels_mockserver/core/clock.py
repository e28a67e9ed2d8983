"""Clocks: the one place that asks the machine what time it is. Moments are whole nanoseconds since the epoch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from ..wire.units import MICROSECOND, SECOND

END = 9_000_000_000 * SECOND  # in 2255: nanoseconds fit 64 bits until 2262, and years have four digits


class Clock(Protocol):
    """What a world needs of a clock."""

    def now(self) -> int:
        """Return the present moment."""
        ...

    def polled(self, run: int) -> None:
        """Hear that a caller looked at a tuning run that takes *run* nanoseconds in all."""
        ...


class SystemClock:
    """The machine's own time, or a multiple of it: *rate* seconds pass in one real second."""

    def __init__(self, rate: float = 1.0, source: Callable[[], int] = time.time_ns) -> None:
        self._source = source
        self._rate = rate
        self._origin = source()

    def now(self) -> int:
        """Return the machine's time, stretched from the moment this clock was made."""
        if self._rate == 1.0:
            return self._source()
        return self._origin + round((self._source() - self._origin) * self._rate)

    def polled(self, run: int) -> None:
        """Do nothing: time goes by itself."""


class ManualClock:
    """A clock that moves only when told to; it starts at *start*, by default the machine's present."""

    def __init__(self, start: int | None = None) -> None:
        self._now = time.time_ns() if start is None else start

    def now(self) -> int:
        """Return the moment it was last moved to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move by *seconds*, which may be negative. Raises ValueError where that leads out of 1970 to 2255."""
        if not -END <= seconds * SECOND <= END or not 0 <= self._now + round(seconds * SECOND) <= END:
            raise ValueError(f"A clock goes from 1970 to 2255; {seconds} seconds from its present lead beyond.")
        self._now += round(seconds * SECOND)

    def polled(self, run: int) -> None:
        """Do nothing: only ``advance`` moves it."""


class PollingClock(ManualClock):
    """A clock that each look at an unfinished run moves by a tenth of that run.

    A loop with its own pauses, or none, so sees every stage of a run within ten looks, without waiting.
    """

    POLLS_PER_RUN = 10

    def polled(self, run: int) -> None:
        """Move by a tenth of *run*, rounded up to a whole microsecond, so that ten looks always reach the end."""
        tenth = -(-run // (self.POLLS_PER_RUN * MICROSECOND)) * MICROSECOND
        self._now = min(self._now + max(tenth, MICROSECOND), END)
