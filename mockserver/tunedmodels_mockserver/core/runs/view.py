"""Computes everything that a client can see of a tuning run at a given moment.

The server stores only the inputs of a run, a ``Plan``; ``view(plan, now)`` computes the progress at *now*. The
operation and the tuned model are two forms of that one value, so they agree. There are two exceptions. A cancelled run
ends its operation with an error while its model becomes ACTIVE, as in the service. A plan can have a model that lags.

Moments and spans are whole nanoseconds. Source of the laws: recorded runs of 2023 to 2025. The state and the times of
a cancelled run are invented.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum

from ...wire.protojson.numbers import float32
from ...wire.status import Code, Status
from ...wire.units import MICROSECOND
from ..clock import END
from ..effects import error_of
from .plan import Plan as Plan
from .script import Event
from .snapshots import Snapshots
from .timeline import FOREVER, Timeline, event_times, timeline


class State(IntEnum):
    """TunedModel.State, without the value that the service never uses."""

    CREATING = 1
    ACTIVE = 2
    FAILED = 3


@dataclass(frozen=True, slots=True)
class View:
    """Everything that a client can see of a run at one moment. A time that is not set yet is None."""

    plan: Plan
    state: State
    completed_steps: int
    completed_percent: float
    done: bool
    error: Status | None
    update_time: int
    start_time: int | None
    complete_time: int | None
    _timeline: Timeline = field(repr=False, compare=False)

    def snapshots(self) -> Snapshots:
        """Return one snapshot for each completed step, from the first."""
        return Snapshots(self._timeline, self.completed_steps)


CANCELLED = Status(Code.CANCELLED, "The operation was cancelled.")


def total_steps(examples: int, epochs: int, batch_size: int) -> int:
    """Return the number of steps: ceil(examples x epochs / batch size), as observed in eleven set-ups."""
    return -(-examples * epochs // batch_size)


def view(plan: Plan, now: int) -> View:
    """Return the view of *plan* at *now*."""
    run = timeline(plan, now)
    completed = run.completed
    end = None if run.end is None else _whole(run.end)
    done = end is not None and now >= end
    state, error = _outcome(run.ended_by) if done else (State.CREATING, None)
    return View(
        plan=plan,
        state=state,
        completed_steps=completed,
        completed_percent=float32(100 * completed / plan.total_steps),
        done=done,
        error=error,
        update_time=end if done and end is not None else _last_report(run, completed),
        start_time=run.moment_of(plan.start) if run.position >= plan.start else None,
        complete_time=end if done else None,
        _timeline=run,
    )


def state_of(plan: Plan, now: int) -> State:
    """Return the state of ``view(plan, now)``, at once for a run that has no events."""
    if plan.script:
        return view(plan, now).state
    return State.ACTIVE if now >= _whole(plan.end) else State.CREATING


def model_view(plan: Plan, now: int) -> View:
    """Return the view of *plan* that the model shows at *now*. A model that lags is behind its operation."""
    view_ = view(plan, now)
    if not view_.done or is_settled(plan, now):
        return view_
    return replace(
        view_,
        state=State.CREATING,
        done=False,
        error=None,
        update_time=_last_report(view_._timeline, view_.completed_steps),
        complete_time=None,
    )


def is_settled(plan: Plan, now: int) -> bool:
    """Whether the run has ended for its model too, and nothing changes any more."""
    # Without events, which is the usual case, the run ends at its planned end.
    end = timeline(plan, now).end if plan.script else plan.end
    return end is not None and now >= _whole(end) + plan.model_lag


def pending_events(plan: Plan, now: int) -> tuple[Event, ...]:
    """Return the events of the script that have not happened by *now* and can still happen."""
    run = timeline(plan, now)
    if run.end is not None:
        return ()
    return tuple(event for index, event in enumerate(plan.script) if index not in run.applied_events)


def end_time(plan: Plan) -> int | None:
    """Return the moment after which nothing changes any more, or None if the run does not end on its own."""
    end = timeline(plan, END).end
    return None if end is None else _whole(end) + plan.model_lag


def next_change(plan: Plan, now: int) -> int | None:
    """Return the first moment after *now* with a change (a start, a step, an event or an end), or None."""
    run = timeline(plan, now)
    if run.end is not None:
        end = _whole(run.end)
        return next((moment for moment in (end, end + plan.model_lag) if moment > now), None)
    moments = [moment for moment, _ in event_times(plan) if moment > now]
    if run.stalled_until != FOREVER:
        if run.stalled_until:
            moments.append(run.stalled_until)
        steps = run.completed
        nearest = plan.report_time(steps + 1) if steps < plan.total_steps else plan.end
        places = [place for place in (plan.start, nearest, run.next_place) if place is not None]
        ahead = min((place - run.position for place in places if place > run.position), default=1)
        moments.append(max(run.stalled_until, now) + ahead)
    return min((_whole(moment) for moment in moments), default=None)


def _whole(moment: int) -> int:
    """Return *moment* rounded up to a whole microsecond, the resolution of a world's clock."""
    return -(-moment // MICROSECOND) * MICROSECOND


def _last_report(run: Timeline, completed: int) -> int:
    if not completed:
        return run.plan.created
    return run.moment_of(run.plan.report_time(completed)) // MICROSECOND * MICROSECOND


def _outcome(ended_by: Event | None) -> tuple[State, Status | None]:
    """Return the state of the model and the error of the operation after *ended_by*; None is a normal end."""
    if ended_by is None or ended_by.done:
        return State.ACTIVE, None
    if ended_by.fail is not None:
        return State.FAILED, error_of(ended_by.fail).status()
    return State.ACTIVE, CANCELLED
