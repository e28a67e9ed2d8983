"""Holds the inputs of one tuning run, and computes how it goes without events.

A moment of a run without events is a *position*. ``timeline`` computes the moment on the world's clock at which a run
with events reaches a position. Moments, positions and spans are whole nanoseconds.
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

_MAX_LAG = 1_400_000_000  # a step shows 1.4 s after its computation (observed once, in the middle of a run)
_MAX_TAIL = 1 * SECOND  # the last step comes 0.08 to 4.4 s before the end (observed)


class Snapshot(NamedTuple):
    """The record of one step (TuningSnapshot)."""

    step: int
    epoch: int
    mean_loss: float
    compute_time: int


class _History:
    """A cache of the records of one run, for the steps that a caller has read: 12 bytes a step.

    A polling loop reads the same steps many times, and computing a loss costs more than writing it.
    """

    __slots__ = ("_lock", "_losses", "_times")

    def __init__(self) -> None:
        self._losses = array("f")
        self._times = array("q")
        self._lock = Lock()

    def snapshots(self, plan: Plan, count: int) -> list[Snapshot]:
        """Return the first *count* records of *plan*, and compute those that are not in the cache."""
        with self._lock:
            for step in range(len(self._times) + 1, count + 1):
                self._losses.append(mean_loss(plan.curve, step))
                self._times.append(plan.compute_time(step))
        rows = zip(range(1, count + 1), self._losses, self._times, strict=False)
        return [Snapshot(step, plan.epoch(step), loss, time) for step, loss, time in rows]


class _WithHistory:
    """Adds a slot for the cache. It is not a field, so plans are compared and stored without it."""

    __slots__ = ("_memory",)
    _memory: _History


@dataclass(frozen=True, slots=True)
class Plan(_WithHistory):
    """The inputs of one tuning run, and the script of its events.

    ``created`` is a whole microsecond. ``queue`` is the span before the start, ``length`` the span from start
    to completion. ``polls`` has the moments of the polls, recorded only if the script has events by poll. For
    ``model_lag`` after the end the model still reads CREATING. For ``list_lag`` after the creation no list has it.
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
        """The cache of its steps. It depends on the inputs without the script, so changed scripts share it."""
        try:
            return self._memory
        except AttributeError:
            object.__setattr__(self, "_memory", _History())
            return self._memory

    @property
    def total_duration(self) -> int:
        """The span from creation to completion."""
        return self.queue + self.length

    @property
    def start(self) -> int:
        """The position at which the run leaves the queue."""
        return self.created + self.queue

    @property
    def end(self) -> int:
        """The position at which the run is complete."""
        return self.created + self.total_duration

    @property
    def list_time(self) -> int:
        """The moment from which lists have the model."""
        return self.created + self.list_lag

    def report_time(self, step: int) -> int:
        """Return the position at which *step* shows. It is up to 0.3 steps earlier than an even pace gives."""
        span = self._training
        early = int(0.3 * span / self.total_steps * random_draws.uniform(self.curve.run_seed, "pace", step))
        return self.start + span * step // self.total_steps - early

    def compute_time(self, step: int) -> int:
        """Return the position of the computation of *step*, shortly before it shows."""
        return self.report_time(step) - min(_MAX_LAG, self._training // self.total_steps // 4)

    def completed_steps(self, position: int) -> int:
        """Return the number of complete steps at *position*."""
        elapsed, span = position - self.start, self._training
        if elapsed < 0:
            return 0
        if elapsed >= span:
            return self.total_steps
        # No step shows later than at an even pace, and none more than one step earlier.
        even_pace = elapsed * self.total_steps // span
        return even_pace + (even_pace < self.total_steps and self.report_time(even_pace + 1) <= position)

    def epoch(self, step: int) -> int:
        """Return the epoch in which *step* ends."""
        return step * self.curve.batch_size // self.curve.examples

    def records(self, count: int) -> list[Snapshot]:
        """Return the records of the first *count* steps. Their times are positions."""
        return self._history.snapshots(self, count)

    @property
    def _training(self) -> int:
        """The span from the start to the position at which the last step shows at the latest."""
        return self.length - min(self.length // 50, _MAX_TAIL)

    # -- The script

    @property
    def counts_polls(self) -> bool:
        """Whether the script has an event for the next poll or a later one."""
        return any(event.poll is not None and event.poll > len(self.polls) for event in self.script)

    def with_script(self, script: tuple[Event, ...]) -> Plan:
        """Return the plan with another *script*."""
        return self._with(replace(self, script=script))

    def with_poll(self, now: int) -> Plan:
        """Return the plan with one more poll at *now*."""
        return self._with(replace(self, polls=(*self.polls, now)))

    def as_of(self, poll: int) -> Plan:
        """Return the plan at the poll with this number, without later polls and without the events of later calls."""
        script = tuple(event for event in self.script if event.moment is None or event.polls < poll)
        return self._with(replace(self, script=script, polls=self.polls[:poll]))

    def _with(self, other: Plan) -> Plan:
        object.__setattr__(other, "_memory", self._history)
        return other
