"""Defines the clocks of worlds. Each clock computes the world's time from the machine's time.

All times are whole nanoseconds since the epoch. A clock is an immutable value: a change returns a new clock. Therefore
all clients that share a world share its time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from enum import Enum

from ..wire.units import MICROSECOND, SECOND

END = 9_000_000_000 * SECOND  # in 2255: nanoseconds fit 64 bits until 2262, and years have four digits
FASTEST = 1e6  # seconds of a world in one of the machine's
POLLS_PER_RUN = 10


class Mode(str, Enum):
    """The source of a clock's movement: the machine's time, only explicit calls, or each poll of an unfinished run."""

    REAL = "real"
    MANUAL = "manual"
    POLLING = "polling"


@dataclass(frozen=True, slots=True)
class Clock:
    """A world's clock. It showed ``moment`` when the machine's time was ``origin``.

    In mode real, each second of the machine since then counts as ``rate`` seconds of the world. A clock without an
    origin has not started. A clock without a moment starts at the machine's present. Raises ValueError for an invalid
    rate or moment.
    """

    mode: Mode = Mode.REAL
    rate: float = 1.0
    moment: int | None = None
    origin: int | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a rate out of range, or for a moment that timestamps cannot show."""
        if not 0 < self.rate <= FASTEST:
            raise ValueError(f"The rate of a clock must be more than 0 and at most {FASTEST:.0f}, got {self.rate}.")
        if self.moment is not None and not 0 <= self.moment <= END:
            raise ValueError(
                f"A clock can show 1970 to 2255; {self.moment / SECOND} seconds since 1970 are outside of that."
            )

    def start(self, machine: int) -> Clock:
        """Return the clock, started when the machine's time is *machine*."""
        return replace(self, moment=machine if self.moment is None else self.moment, origin=machine)

    def now(self, machine: int) -> int:
        """Return the time that the clock shows when the machine's time is *machine*. The clock stops in 2255."""
        moment = machine if self.moment is None else self.moment
        if self.mode is not Mode.REAL or self.origin is None:
            return moment
        elapsed = machine - self.origin
        return min(max(moment + (elapsed if self.rate == 1.0 else round(elapsed * self.rate)), 0), END)

    def set(self, machine: int, moment: int) -> Clock:
        """Return the clock, continuing from *moment*. Raises ValueError if *moment* is not in 1970 to 2255."""
        return replace(self, moment=moment, origin=machine)

    def advance(self, machine: int, seconds: float) -> Clock:
        """Return the clock *seconds* later, or earlier if negative. Raises ValueError outside 1970 to 2255."""
        now = self.now(machine)
        if not -END <= seconds * SECOND <= END or not 0 <= now + round(seconds * SECOND) <= END:
            raise ValueError(
                f"A clock can show 1970 to 2255; {seconds} seconds from its present time are outside of that."
            )
        return self.set(machine, now + round(seconds * SECOND))

    def with_mode(self, machine: int, mode: Mode | None = None, rate: float | None = None) -> Clock:
        """Return the clock, continuing from its present time in another *mode* or at another *rate*.

        Raises ValueError if the rate is not more than 0 and at most a million.
        """
        return Clock(mode or self.mode, self.rate if rate is None else rate, self.now(machine), machine)

    def after_poll(self, run_duration: int) -> Clock:
        """Return the clock after a poll of an unfinished run. The whole run takes *run_duration* nanoseconds.

        In mode polling the clock moves by a tenth of the run, rounded up to a whole microsecond. Therefore ten polls
        always reach the end.
        """
        if self.mode is not Mode.POLLING or self.moment is None:
            return self
        tenth = -(-run_duration // (POLLS_PER_RUN * MICROSECOND)) * MICROSECOND
        return replace(self, moment=min(self.moment + max(tenth, MICROSECOND), END))


class ManualClock:
    """A machine time that a test controls. Pass its ``now`` to ``create_app``, and every world follows it.

    It starts at *start* (nanoseconds), by default at the machine's present.
    """

    def __init__(self, start: int | None = None) -> None:
        self._now = time.time_ns() if start is None else start

    def now(self) -> int:
        """Return the time to which the clock was last moved, in nanoseconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock by *seconds*, which may be negative. Raises ValueError for a result outside 1970 to 2255."""
        self._now = Clock(Mode.MANUAL, moment=self._now).advance(self._now, seconds).now(self._now)
