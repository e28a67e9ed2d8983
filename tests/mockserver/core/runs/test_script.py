"""Tests the events of scripts, and the laws that hold for every run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels_contracts.harness.operation_invariants import Observation, violations
from tunedmodels_mockserver.core.effects import Effect, Error
from tunedmodels_mockserver.core.methods import resources
from tunedmodels_mockserver.core.runs import interventions
from tunedmodels_mockserver.core.runs import view as lro
from tunedmodels_mockserver.core.runs.interventions import RunOver
from tunedmodels_mockserver.core.runs.losses import Curve
from tunedmodels_mockserver.core.runs.plan import Plan
from tunedmodels_mockserver.core.runs.script import Event, Run
from tunedmodels_mockserver.core.runs.view import State, view
from tunedmodels_mockserver.core.strict_input import BadInput, convert, read_json
from tunedmodels_mockserver.wire.protojson.writing import dump, to_json
from tunedmodels_mockserver.wire.status import Code
from tunedmodels_mockserver.wire.surface import surface_of

from .test_view import CREATED, SECOND, record

CURVE = Curve(7, 11, "models/gemini-1.0-pro-001", examples=20, batch_size=2, learning_rate=0.001, answer_tokens=3)
FAIL = Error(code="INTERNAL", message="The training diverged.")


def plan(*script: Event, steps: int = 10, queue: int = SECOND, length: int = 101 * SECOND, **changes: Any) -> Plan:
    """A run that waits a second, and then has a step each ten seconds; the end comes a second after the last."""
    return replace(Plan(CREATED, queue, length, steps, CURVE, script), **changes)


def after(seconds: float) -> int:
    return CREATED + round(seconds * SECOND)


def steps(of: Plan, *seconds: float) -> list[int]:
    return [view(of, after(moment)).completed_steps for moment in seconds]


# -- What an event may say


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({"fail": {}}, "An event must have exactly one of step, percent, seconds, poll, moment, got none"),
        (
            {"step": 1, "poll": 1, "done": True},
            "An event must have exactly one of step, percent, seconds, poll, moment, got st",
        ),
        (
            {"step": 1},
            "An event must have exactly one of progress, skip, fault, repeat, fail, stall, cancel, done, got none",
        ),
        ({"step": 1, "done": True, "cancel": True}, "got cancel, done"),
        ({"step": 1, "stall": -0.5}, "stall must be a number of seconds from 0, or -1 for ever; got -0.5"),
        ({"step": 1, "cancel": False}, "cancel and done can only be true; to omit them, leave the event out"),
        ({"step": 1, "fail": {"code": "CANCELLED"}}, 'to cancel the run, send "cancel": true'),
        ({"step": 1, "fault": {"error": {}}}, "fault and repeat change the answer to a poll; name the poll with poll"),
        ({"poll": 2, "repeat": 2}, "repeat must be an earlier poll than 2, got 2"),
        ({"step": 1, "stal": 1}, "There is no member 'stal'; the nearest is stall."),
        ({"step": -1, "stall": 1}, "`int` >= 0 - at `$.step`"),
        ({"percent": 101, "stall": 1}, "`float` <= 100.0 - at `$.percent`"),
        ({"poll": 10_001, "stall": 1}, "`int` <= 10000 - at `$.poll`"),
        ({"step": 1, "fail": {"code": "OK"}}, "there is no code 'OK'; known are UNAVAILABLE, "),
    ],
    ids=str,
)
def test_invalid_event_is_refused(event: dict[str, Any], sentence: str) -> None:
    """A sentence names the member and the valid values."""
    with pytest.raises(BadInput) as refusal:
        convert(event, Event)

    assert sentence in str(refusal.value)


@pytest.mark.parametrize("lag", ["model_lag", "list_lag"])
def test_a_lag_is_an_hour_at_most(lag: str) -> None:
    """A larger lag is refused."""
    assert getattr(convert({lag: 3600}, Run), lag) == 3600
    with pytest.raises(BadInput, match="3600"):
        convert({lag: 3601}, Run)


def test_plan_survives_json() -> None:
    """A plan with all its events can be written and read."""
    of = plan(Event(step=3, stall=-1), Event(poll=2, fault=Effect(error=FAIL)), Event(seconds=9, fail=FAIL))
    of = of.with_poll(after(1)).with_poll(after(2))

    assert read_json(msgspec.json.encode(of), Plan) == of


# -- What befalls a run


def test_a_stall_holds_a_run_for_its_seconds() -> None:
    """The step shows, then nothing for this time, and everything after it comes later by this time."""
    free, stall = plan(), plan(Event(step=4, stall=100))

    assert steps(stall, 35, 42, 90, 140) == [*steps(free, 35, 42), 4, 4]
    assert steps(stall, 152, 172, 192) == steps(free, 52, 72, 92)
    assert (lro.end_time(free), lro.end_time(stall)) == (after(102), after(202))
    assert list(view(stall, after(200)).snapshots())[:4] == list(view(free, after(99)).snapshots())[:4]


def test_endless_stall_ends_by_a_call() -> None:
    """It still lasts a year later; a call with progress ends it."""
    stall = plan(Event(percent=40, stall=-1))
    assert steps(stall, 50, 3e7) == [4, 4]
    assert lro.end_time(stall) is None is lro.next_change(stall, after(50))

    jump = interventions.with_event(stall, after(60), progress=6)
    assert steps(jump, 59.9, 60, 72) == [4, 6, 7]
    assert lro.end_time(jump) is not None


def test_endless_queue() -> None:
    """A stall at step 0 comes before the start, with a queue and without one."""
    for queue in (0, SECOND):
        look = view(plan(Event(step=0, stall=-1), queue=queue), after(1e8))
        assert (look.state, look.completed_steps, look.start_time) == (State.CREATING, 0, None)

        going = plan(Event(step=0, stall=50), queue=queue)
        assert view(going, after(52)).start_time == pytest.approx(after(50) + queue, abs=1)


@pytest.mark.parametrize(
    "event", [Event(step=4, fail=FAIL), Event(percent=31, fail=FAIL), Event(seconds=45, fail=FAIL)], ids=repr
)
def test_a_run_fails_and_keeps_its_snapshots(event: Event) -> None:
    """By step, by percent (the first step that reaches it) and by time; the steps before stay."""
    look = view(plan(event), after(1000))

    assert (look.done, look.state, look.completed_steps, len(look.snapshots())) == (True, State.FAILED, 4, 4)
    assert look.error is not None
    assert (look.error.code, look.error.message) == (Code.INTERNAL, "The training diverged.")
    assert look.complete_time == look.update_time


def test_progress_is_spread_over_the_time_since_the_last_step() -> None:
    """The times of the skipped steps are between the last step that showed and the jump."""
    jumped = plan(Event(seconds=25, progress=8))
    before, now = view(jumped, after(24.9)), view(jumped, after(25))
    times = [snapshot.compute_time for snapshot in now.snapshots()]

    assert (before.completed_steps, now.completed_steps) == (2, 8)
    assert list(now.snapshots())[:2] == list(before.snapshots())
    assert times == sorted(times)
    assert before.update_time <= times[2] < times[7] <= after(25) == now.update_time + after(25) % 1000
    assert lro.end_time(jumped) == pytest.approx(after(25 + 22), abs=4 * SECOND)


def test_progress_never_decreases() -> None:
    """An event with less progress changes nothing."""
    assert steps(plan(Event(seconds=55, progress=2)), 54, 56, 75) == steps(plan(), 54, 56, 75)


def test_jump_skips_stalls_and_stops_at_an_end() -> None:
    """A jump that meets a failure ends the run there."""
    stall = plan(Event(step=3, stall=-1), Event(seconds=25, progress=5))
    assert steps(stall, 25, 65) == [5, 9]

    failing = plan(Event(step=3, fail=FAIL), Event(seconds=25, progress=5))
    assert (steps(failing, 25), view(failing, after(25)).state) == ([3], State.FAILED)


def test_done_event_ends_the_run() -> None:
    """All steps are complete at that moment, and the model is ACTIVE."""
    look = view(plan(Event(step=3, done=True)), after(33))

    assert (look.done, look.state, look.completed_steps, look.error) == (True, State.ACTIVE, 10, None)


def test_run_that_polls_move_ignores_time() -> None:
    """Time completes no step; each poll of the script has its effect."""
    of = plan(Event(poll=2, progress=4), Event(poll=3, progress=7), Event(poll=4, done=True))
    assert steps(of, 1e6) == [0]

    views = []
    for _ in range(5):
        of = of.with_poll(after(10)) if of.counts_polls else of
        views.append(view(of, after(10)))
    assert [look.completed_steps for look in views] == [0, 4, 7, 10, 10]
    assert [look.done for look in views] == [False, False, False, True, True]
    assert len(of.polls) == 4


def test_a_fault_and_a_repeat_belong_to_one_poll() -> None:
    """The second poll gets the fault, the fourth the answer of the first one, whatever happened in between."""
    fault = Effect(error=Error(code="UNAVAILABLE"))
    of = plan(Event(poll=2, fault=fault), Event(poll=3, progress=7), Event(poll=4, repeat=1)).with_poll(after(10))
    assert interventions.result_of_poll(of, after(10)) == (of, after(10), None)

    of = of.with_poll(after(10))
    assert interventions.result_of_poll(of, after(10)) == (of, after(10), fault)

    of = interventions.with_event(of.with_poll(after(10)), after(10), fail=FAIL).with_poll(after(10))
    old, moment, _ = interventions.result_of_poll(of, after(10))
    assert (view(of, after(10)).state, view(old, moment).state) == (State.FAILED, State.CREATING)
    assert (view(of, after(10)).completed_steps, view(old, moment).completed_steps) == (7, 0)


def test_run_without_length_that_polls_move_begins_without_steps() -> None:
    """All steps share the moment of the creation; none shows before a poll moves the run."""
    of = plan(Event(step=1, fail=FAIL), Event(poll=1, progress=1), steps=2, queue=0, length=0)

    assert view(of, CREATED).completed_steps == 0
    polled = of.with_poll(CREATED)
    assert (view(polled, CREATED).state, view(polled, CREATED).completed_steps) == (State.FAILED, 1)


def test_jumps_do_not_move_snapshots_by_rounding() -> None:
    """A second jump cuts the line of the first one short; snapshots on it keep their time to the nanosecond."""
    of = interventions.with_event(plan(steps=7, queue=0, length=20 * SECOND), after(1), skip=5)
    before = list(view(of, after(1)).snapshots())
    of = interventions.with_event(of, after(1.3), skip=1)

    assert list(view(of, after(1.3)).snapshots())[: len(before)] == before


def test_clock_that_moves_back_shows_the_past() -> None:
    """Events after the present moment do not apply."""
    of = interventions.with_event(plan(), after(50), fail=FAIL)

    assert view(of, after(49)) == replace(view(plan(), after(49)), plan=of)
    assert view(of, after(50)).done


def test_a_model_lags_behind_its_operation() -> None:
    """The operation is done while the model reads CREATING, for exactly the lag."""
    of = plan(model_lag=60 * SECOND)
    lagging, final = (lro.model_view(of, after(moment)) for moment in (161, 162))

    assert view(of, after(102)).done
    assert (lagging.state, lagging.complete_time, lagging.completed_steps) == (State.CREATING, None, 10)
    assert final == view(of, after(162))
    assert (lro.is_settled(of, after(161)), lro.is_settled(of, after(162))) == (False, True)


def test_next_change_leads_from_event_to_event() -> None:
    """Each moment is the first with a change; the last is the end."""
    of = plan(Event(step=5, stall=30), Event(seconds=200, fail=FAIL), model_lag=5 * SECOND)
    moment: int | None = CREATED
    views = []
    while moment is not None:
        views.append(view(of, moment))
        moment = lro.next_change(of, moment)

    assert [look.completed_steps for look in views] == [0, 0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 10, 10]
    assert [look.done for look in views] == [False] * 13 + [True] * 2
    assert lro.end_time(of) == after(102 + 30 + 5)


# -- What a call may change


def test_a_script_is_replaced_from_now_on() -> None:
    """Events that have happened stay, all others are removed."""
    of = plan(Event(step=2, stall=10), Event(step=8, fail=FAIL))
    changed = interventions.with_script(of, after(25), (Event(step=6, done=True),))

    assert changed.script == (Event(step=2, stall=10), Event(step=6, done=True))
    assert lro.pending_events(changed, after(25)) == (Event(step=6, done=True),)
    assert steps(changed, 25, 80) == [*steps(of, 25), 10]


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (Event(step=2, fail=FAIL), "$[0]: step 2 is in the past; the run is at 2, give a later one."),
        (Event(percent=15, fail=FAIL), "$[0]: percent 15 is in the past; the run is at 20, give a later one."),
        (Event(seconds=25, fail=FAIL), "$[0]: seconds 25 is in the past; the run is at 25, give a later one."),
        (Event(poll=1, stall=1), "$[0]: poll 1 is in the past; the run is at 1, give a later one."),
        (Event(step=11, fail=FAIL), "$[0]: step 11 does not exist; the run has 10 steps."),
        (
            Event(poll=2, done=True),
            "This script would change what the run has already shown; only polls of a new run can",
        ),
    ],
    ids=repr,
)
def test_event_in_the_past_is_refused(event: Event, sentence: str) -> None:
    """An answer of the past cannot change."""
    with pytest.raises(BadInput) as refusal:
        interventions.with_script(plan(Event(poll=5, stall=1)).with_poll(after(3)), after(25), (event,))

    assert str(refusal.value).startswith(sentence)


def test_ended_run_accepts_no_event() -> None:
    """Events and scripts are refused; the error says how the run ended."""
    sentence = r"^This run has ended with OK, after 10 of 10 steps\.$"

    with pytest.raises(RunOver, match=sentence):
        interventions.with_event(plan(), after(102), cancel=True)
    with pytest.raises(RunOver, match=sentence):
        interventions.with_script(plan(), after(102), ())


# -- The laws

counts = st.integers(0, 14)
whens = st.one_of(
    st.fixed_dictionaries({"step": counts}),
    st.fixed_dictionaries({"percent": st.floats(0, 100)}),
    st.fixed_dictionaries({"seconds": st.floats(0, 40)}),
    st.fixed_dictionaries({"poll": st.integers(1, 16)}),
)
whats = st.one_of(
    st.fixed_dictionaries({"progress": st.integers(1, 14)}),
    st.fixed_dictionaries({"skip": st.floats(0, 20)}),
    st.fixed_dictionaries({"stall": st.just(-1.0) | st.just(0.0) | st.floats(0, 20)}),
    st.sampled_from([{"fail": FAIL}, {"cancel": True}, {"done": True}]),
)
events = st.builds(lambda when, what: Event(**when, **what), whens, whats)
looks = st.lists(st.tuples(st.just(0.0) | st.floats(0, 10), st.none() | whats), min_size=1, max_size=12)


def observations(
    of: Plan, looks: list[tuple[float, dict[str, Any] | None]], see: Callable[[lro.View], None]
) -> list[Observation]:
    """Poll a run with calls in between; return the answers, and pass each view to *see*."""
    surface = surface_of("v1beta")
    now, trace = of.created, []
    for seconds, what in looks:
        now += round(seconds * 1e6) * 1000
        if what and not view(of, now).done:
            of = interventions.with_event(of, now, **what)
        messages = []
        for kind, make in (
            ("google.longrunning.Operation", resources.operation),
            ("TunedModel", resources.tuned_model),
        ):
            of = of.with_poll(now) if of.counts_polls else of
            see(view(of, now))
            messages.append(json.loads(dump(to_json(surface.message(kind), make(record(of), now), surface))))
        trace.append(Observation((now - of.created) / SECOND, *messages))
    return trace


@settings(deadline=None, max_examples=150)
@given(
    script=st.lists(events, max_size=6).map(tuple),
    total=st.integers(1, 12),
    queue=st.sampled_from([0, 1, SECOND, 7 * SECOND]),
    length=st.sampled_from([0, 1, 5, 999, SECOND, 20 * SECOND]),
    looks=looks,
)
def test_laws_hold_for_every_script(
    script: tuple[Event, ...], total: int, queue: int, length: int, looks: list[tuple[float, dict[str, Any] | None]]
) -> None:
    """With any script, calls and polls, no law is broken, and nothing that was shown changes."""
    of = plan(*script, steps=total, queue=queue, length=length)
    views: list[lro.View] = []
    trace = observations(of, looks, views.append)

    assert violations(trace, batch_size=2, examples=20) == []
    latest = of.created + round(sum(seconds for seconds, _ in looks) * 1e9) + 20_000
    for before, later in pairwise(views):
        assert list(later.snapshots())[: before.completed_steps] == list(before.snapshots())
        assert before.update_time <= later.update_time <= latest
        assert before.start_time in (None, later.start_time)
        assert all(snapshot.compute_time <= latest for snapshot in later.snapshots())


@settings(deadline=None)
@given(script=st.lists(events, max_size=6).map(tuple), moments=st.lists(st.floats(0, 60), min_size=2, max_size=6))
def test_view_does_not_depend_on_reads(script: tuple[Event, ...], moments: list[float]) -> None:
    """Without polls a view is the same whether a reader looked before or not, and grows with time."""
    of = plan(*script, length=30 * SECOND)
    views = [view(of, after(moment)) for moment in sorted(moments)]

    assert [look.completed_steps for look in views] == sorted(look.completed_steps for look in views)
    for moment, look in zip(sorted(moments), views, strict=True):
        assert list(view(plan(*script, length=30 * SECOND), after(moment)).snapshots()) == list(look.snapshots())


@settings(deadline=None)
@given(script=st.lists(events, max_size=5).map(tuple), now=st.floats(0, 60))
def test_nothing_changes_before_the_next_change(script: tuple[Event, ...], now: float) -> None:
    """Between now and the moment of ``next_change`` a view does not change."""
    of = plan(*script, length=30 * SECOND)
    present = after(now) // 1000 * 1000
    moment = lro.next_change(of, present)
    until = after(1e5) if moment is None else moment - 1000

    assert moment is None or moment > present
    assert lro.model_view(of, until) == lro.model_view(of, present)
    assert view(of, until) == view(of, present)
