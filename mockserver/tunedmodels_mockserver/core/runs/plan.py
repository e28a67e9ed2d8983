"""Plans: the inputs of one tuning run, and its undisturbed course.

A moment of the undisturbed course is a *position*; ``course`` says at which moment of the world's clock a run that
something befalls comes to it. Moments, positions and spans are whole nanoseconds.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from threading import Lock
from typing import NamedTuple

from ...wire.units import SECOND
from .. import random_draws
from .losses import Curve, mean_loss
from .script import Event

_LONGEST_LAG = 1_400_000_000  # a step shows 1.4 s after it was computed (seen once in mid-run)
_LONGEST_TAIL = 1 * SECOND  # the last step comes 0.08 to 4.4 s before the end


class Snapshot(NamedTuple):
    """One step's record (TuningSnapshot)."""

    step: int
    epoch: int
    mean_loss: float
    compute_time: int


class _History:
    """What the steps of one run recorded, as far as somebody has asked: 12 bytes a step.

    A loop that polls asks for the same steps again and again, and a loss costs more than its rendering.
    """

    __slots__ = ("_lock", "_losses", "_times")

    def __init__(self) -> None:
        self._losses = array("f")
        self._times = array("q")
        self._lock = Lock()

    def snapshots(self, plan: Plan, count: int) -> list[Snapshot]:
        """Return the first *count* records of *plan*; only those that nobody has asked for are computed."""
        with self._lock:
            for step in range(len(self._times) + 1, count + 1):
                self._losses.append(mean_loss(plan.curve, step))
                self._times.append(plan.compute_time(step))
        rows = zip(range(1, count + 1), self._losses, self._times, strict=False)
        return [Snapshot(step, plan.epoch(step), loss, time) for step, loss, time in rows]


class _WithHistory:
    """Has room for a memory that is no field: whoever writes, reads or compares a plan does not meet it."""

    __slots__ = ("_memory",)
    _memory: _History


@dataclass(frozen=True, slots=True)
class Plan(_WithHistory):
    """What was asked of one tuning run, and what befalls it.

    ``created`` is a whole microsecond. ``queue`` is the span before the start, ``length`` the span from start
    to completion. ``polls`` are the moments of the looks at it, as far as its script speaks of polls. For ``model_lag``
    after its end the model reads CREATING; until ``list_lag`` after its creation it is in no list.
    """

    created: int
    queue: int
    length: int
    total_steps: int
    curve: Curve
    script: tuple[Event, ...] = ()
    polls: tuple[int, ...] = ()
    model_lag: int = 0
    list_lag: int = 0

    @property
    def _history(self) -> _History:
        """The memory of its steps; it holds nothing that the inputs without the script do not give."""
        try:
            return self._memory
        except AttributeError:
            object.__setattr__(self, "_memory", _History())
            return self._memory

    @property
    def whole(self) -> int:
        """The span from creation to completion."""
        return self.queue + self.length

    @property
    def start(self) -> int:
        """The position at which it leaves the queue."""
        return self.created + self.queue

    @property
    def end(self) -> int:
        """The position at which it is complete."""
        return self.created + self.whole

    @property
    def listed(self) -> int:
        """The moment from which on its model is in lists."""
        return self.created + self.list_lag

    def report_time(self, step: int) -> int:
        """Return the position at which *step* shows: near its even share, and up to 0.3 steps before it."""
        span = self._training
        early = int(0.3 * span / self.total_steps * random_draws.uniform(self.curve.run_seed, "pace", step))
        return self.start + span * step // self.total_steps - early

    def compute_time(self, step: int) -> int:
        """Return the position at which *step* was computed, a little before it shows."""
        return self.report_time(step) - min(_LONGEST_LAG, self._training // self.total_steps // 4)

    def completed_steps(self, position: int) -> int:
        """Return how many steps show at *position*."""
        elapsed, span = position - self.start, self._training
        if elapsed < 0:
            return 0
        if elapsed >= span:
            return self.total_steps
        # No step comes later than its even share, and none more than one step early.
        least = elapsed * self.total_steps // span
        return least + (least < self.total_steps and self.report_time(least + 1) <= position)

    def epoch(self, step: int) -> int:
        """Return the epoch that *step* ends in."""
        return step * self.curve.batch_size // self.curve.examples

    def records(self, count: int) -> list[Snapshot]:
        """Return the records of the first *count* steps, at the positions of their computation."""
        return self._history.snapshots(self, count)

    @property
    def _training(self) -> int:
        """The span from the start to the position by which the last step shows."""
        return self.length - min(self.length // 50, _LONGEST_TAIL)

    # -- What befalls it

    @property
    def counts_polls(self) -> bool:
        """Whether its script speaks of the next poll or of a later one."""
        return any(event.poll is not None and event.poll > len(self.polls) for event in self.script)

    def with_script(self, script: tuple[Event, ...]) -> Plan:
        """Return it with another *script*."""
        return self._with(replace(self, script=script))

    def with_poll(self, now: int) -> Plan:
        """Return it after one more poll at *now*."""
        return self._with(replace(self, polls=(*self.polls, now)))

    def as_of(self, poll: int) -> Plan:
        """Return it as the poll of this number met it, without what calls and later polls did."""
        script = tuple(event for event in self.script if event.moment is None or event.polls < poll)
        return self._with(replace(self, script=script, polls=self.polls[:poll]))

    def _with(self, other: Plan) -> Plan:
        object.__setattr__(other, "_memory", self._history)
        return other
