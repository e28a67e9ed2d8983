"""What a tuning run looks like at a given moment.

State is what was asked for; progress is computed. A ``Plan`` holds the inputs, ``view(plan, now)`` answers all
that a reader can see at *now*. The operation and the tuned model are two forms of that one value, so they
cannot disagree, with one exception that the service has too: a cancelled run ends its operation with an error
while its model stays ACTIVE.

Moments and spans are whole nanoseconds. Source of the laws: recorded runs of 2023 to 2025; what happens to a
cancelled run's state and times is invented.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import IntEnum
from threading import Lock
from typing import NamedTuple

from ..wire.protojson.numbers import float32
from ..wire.status import Code, Status
from ..wire.units import MICROSECOND, SECOND
from . import chance
from .losses import Curve, mean_loss

_LONGEST_LAG = 1_400_000_000  # a step shows 1.4 s after it was computed (seen once in mid-run)
_LONGEST_TAIL = 1 * SECOND  # the last step comes 0.08 to 4.4 s before the end


class State(IntEnum):
    """TunedModel.State, without the value that is never used."""

    CREATING = 1
    ACTIVE = 2
    FAILED = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """A run ends badly after *step* steps (0: before the first)."""

    step: int
    status: Status


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
                seen = snapshot(plan, step)
                self._losses.append(seen.mean_loss)
                self._times.append(seen.compute_time)
        rows = zip(range(1, count + 1), self._losses, self._times, strict=False)
        return [_record(plan, step, loss, time) for step, loss, time in rows]


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked of one tuning run, and what befell it.

    ``created`` is a whole microsecond. ``queue`` is the span before the start, ``length`` the span from start
    to completion. ``cancelled`` is the moment at which somebody asked to cancel.
    """

    created: int
    queue: int
    length: int
    total_steps: int
    curve: Curve
    cancelled: int | None = None
    failure: Failure | None = None
    # A memory, no state: it holds nothing that the inputs do not give.
    _history: _History = field(default_factory=_History, init=False, repr=False, compare=False)

    @property
    def whole(self) -> int:
        """The span from creation to completion."""
        return self.queue + self.length


class Snapshot(NamedTuple):
    """One step's record (TuningSnapshot)."""

    step: int
    epoch: int
    mean_loss: float
    compute_time: int


@dataclass(frozen=True, slots=True)
class View:
    """All that can be seen of a run at one moment; times are None while they are not set."""

    plan: Plan
    state: State
    completed_steps: int
    completed_percent: float
    done: bool
    error: Status | None
    update_time: int
    start_time: int | None
    complete_time: int | None

    def snapshots(self) -> list[Snapshot]:
        """Return one snapshot for each completed step, from the first."""
        return self.plan._history.snapshots(self.plan, self.completed_steps)


CANCELLED = Status(Code.CANCELLED, "The operation was cancelled.")


def total_steps(examples: int, epochs: int, batch_size: int) -> int:
    """Return the number of steps: ceil(examples x epochs / batch size), as observed in eleven set-ups."""
    return -(-examples * epochs // batch_size)


def view(plan: Plan, now: int) -> View:
    """Return what *plan* looks like at *now*."""
    end, state, error = _ending(plan)
    moment = min(now, end)
    started = plan.created + plan.queue
    completed = _completed_steps(plan, moment)
    if plan.failure:
        completed = min(completed, plan.failure.step)
    done = now >= end
    shown = _reported(plan, completed) // MICROSECOND * MICROSECOND if completed else plan.created
    return View(
        plan=plan,
        state=state if done else State.CREATING,
        completed_steps=completed,
        completed_percent=float32(100 * completed / plan.total_steps),
        done=done,
        error=error if done else None,
        update_time=end if done else shown,
        start_time=started if moment >= started else None,
        complete_time=end if done else None,
    )


def snapshot(plan: Plan, step: int) -> Snapshot:
    """Return the record of *step*, whether it is reached or not."""
    return _record(plan, step, mean_loss(plan.curve, step), _reported(plan, step) - _lag(plan))


def _record(plan: Plan, step: int, loss: float, compute_time: int) -> Snapshot:
    return Snapshot(step, step * plan.curve.batch_size // plan.curve.examples, loss, compute_time)


def _ending(plan: Plan) -> tuple[int, State, Status | None]:
    """Return when the run ends (a whole microsecond), in which state and with which error."""
    end, state, error = plan.created + plan.whole, State.ACTIVE, None
    if plan.failure:
        step = plan.failure.step
        end = _reported(plan, step) if step else plan.created + plan.queue
        state, error = State.FAILED, plan.failure.status
    if plan.cancelled is not None and plan.cancelled < end:
        end, state, error = max(plan.cancelled, plan.created), State.ACTIVE, CANCELLED
    return -(-end // MICROSECOND) * MICROSECOND, state, error


def _training(plan: Plan) -> int:
    """Return the span from the start to the moment by which the last step is reported."""
    return plan.length - min(plan.length // 50, _LONGEST_TAIL)


def _reported(plan: Plan, step: int) -> int:
    """Return when *step* can be seen: near its even share of the run, and up to 0.3 steps before it."""
    span = _training(plan)
    early = int(0.3 * span / plan.total_steps * chance.uniform(plan.curve.run_seed, "pace", step))
    return plan.created + plan.queue + span * step // plan.total_steps - early


def _lag(plan: Plan) -> int:
    """Return the span between a step's computation and its report."""
    return min(_LONGEST_LAG, _training(plan) // plan.total_steps // 4)


def _completed_steps(plan: Plan, now: int) -> int:
    elapsed = now - plan.created - plan.queue
    span = _training(plan)
    if elapsed < 0:
        return 0
    if elapsed >= span:
        return plan.total_steps
    # No step comes later than its even share, and none more than one step early.
    least = elapsed * plan.total_steps // span
    return least + (least < plan.total_steps and _reported(plan, least + 1) <= now)
