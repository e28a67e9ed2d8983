"""Changes a run while it goes on, by a cancel of the API, by the admin surface or by a poll.

Each change becomes an event of the run's script. Progress comes only from ``view``.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

from ..effects import Effect
from ..strict_input import BadInput
from . import view
from .plan import Plan
from .script import MAX_EVENTS, Event
from .timeline import timeline

MAX_SCRIPT_EVENTS: Final = 10_000  # of a run's script, with the events that calls added


class RunOver(Exception):
    """A call tries to change a run that has ended, or has all its steps. The message is a sentence."""


def with_event(plan: Plan, now: int, **effect: Any) -> Plan:
    """Return *plan* with one more event at *now*. *effect* is the member of ``Event`` that says what happens.

    Raise RunOver if the run has ended, and BadInput if its script is full.
    """
    check_running(plan, now)
    event = Event(moment=now, polls=len(plan.polls), **effect)
    if len(plan.script) >= MAX_SCRIPT_EVENTS and not event.ends:
        raise BadInput(f"The script of a run can have at most {MAX_SCRIPT_EVENTS} events; start another run.")
    return plan.with_script((*plan.script, event))


def advance(plan: Plan, now: int, steps: float) -> Plan:
    """Return *plan* with *steps* more steps complete at *now*, rounded up, and not above the total. This ends a stall.

    Raise RunOver if the run has ended or has all its steps.
    """
    completed = view.view(plan, now).completed_steps
    if completed == plan.total_steps:
        check_running(plan, now)
        raise RunOver(f"This run has completed all {completed} steps; finish it.")
    return with_event(plan, now, progress=min(completed + max(math.ceil(steps), 1), plan.total_steps))


def with_script(plan: Plan, now: int, script: tuple[Event, ...]) -> Plan:
    """Return *plan* with *script* instead of all events that have not happened by *now*.

    Raise RunOver if the run has ended. Raise BadInput for an event in the past or beyond the last step.
    """
    check_running(plan, now)
    if len(script) > MAX_EVENTS:
        raise BadInput(f"A script can have at most {MAX_EVENTS} events, got {len(script)}.")
    run = timeline(plan, now)
    past = tuple(event for index, event in enumerate(plan.script) if index in run.applied_events)
    for place, event in enumerate(script):
        for name, value, earliest in (
            ("step", event.step, run.completed),
            ("percent", event.percent, 100 * run.completed / plan.total_steps),
            ("poll", event.poll, len(plan.polls)),
            ("seconds", event.seconds, (now - plan.created) / 1e9),
            ("moment", event.moment, now),
        ):
            is_in_queue = name in ("step", "percent") and value == 0 and run.position < plan.start
            if value is not None and value <= earliest and not is_in_queue:
                raise BadInput(
                    f"$[{place}]: {name} {value} is in the past; the run is at {earliest:.12g}, give a later one."
                )
        if event.step is not None and event.step > plan.total_steps:
            raise BadInput(f"$[{place}]: step {event.step} does not exist; the run has {plan.total_steps} steps.")
    changed = plan.with_script((*past, *script))
    if timeline(changed, now).applied_events != set(range(len(past))) or view.view(changed, now) != _view_with_plan(
        plan, now, changed
    ):
        raise BadInput("This script would change what the run has already shown; only polls of a new run can move it.")
    return changed


def check_running(plan: Plan, now: int) -> None:
    """Raise RunOver if the run has ended by *now*."""
    view_ = view.view(plan, now)
    if view_.done:
        outcome = view_.error.code.name if view_.error else "OK"
        raise RunOver(f"This run has ended with {outcome}, after {view_.completed_steps} of {plan.total_steps} steps.")


def result_of_poll(plan: Plan, now: int) -> tuple[Plan, int, Effect | None]:
    """Return the plan and the moment that answer the latest poll of *plan*, made at *now*, and the script's fault.

    For an event with ``repeat`` the plan and the moment are the ones of an earlier poll. The fault is None if the
    script has none for this poll.
    """
    events = [event for event in plan.script if event.poll == len(plan.polls)]
    fault = next((event.fault for event in events if event.fault is not None), None)
    number: int | None = None
    repeat = next((event.repeat for event in events if event.repeat is not None), None)
    while repeat is not None:
        number = repeat
        repeat = next((event.repeat for event in plan.script if event.poll == number and event.repeat), None)
    return (plan, now, fault) if number is None else (plan.as_of(number), plan.polls[number - 1], fault)


def _view_with_plan(plan: Plan, now: int, changed: Plan) -> view.View:
    """Return the view of *plan* with *changed* as its plan, to compare it with the view of *changed*."""
    return replace(view.view(plan, now), plan=changed)
