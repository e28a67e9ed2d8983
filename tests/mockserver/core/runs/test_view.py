"""Tests the view of a tuning run at single moments, and the laws of every moment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_mockserver.core.effects import Error
from tunedmodels_mockserver.core.methods import resources
from tunedmodels_mockserver.core.runs.losses import Curve
from tunedmodels_mockserver.core.runs.plan import Plan
from tunedmodels_mockserver.core.runs.script import Event
from tunedmodels_mockserver.core.runs.view import CANCELLED, State, total_steps, view
from tunedmodels_mockserver.core.state.records import Examples, GranteeType, Permission, Role, TunedModelRecord
from tunedmodels_mockserver.wire.protojson.numbers import float32
from tunedmodels_mockserver.wire.protojson.writing import any_to_json, to_json
from tunedmodels_mockserver.wire.status import Code, Status
from tunedmodels_mockserver.wire.surface import surface_of

SECOND = 1_000_000_000
CREATED = 1_710_429_083_123_456_000
FAILED = Status(Code.INTERNAL, "The run failed.")
FAIL = Error(code="INTERNAL", message="The run failed.")


def plan(steps: int = 4, queue: int = SECOND, length: int = 40 * SECOND, **changes: Any) -> Plan:
    curve = Curve(7, 11, "models/gemini-1.0-pro-001", examples=8, batch_size=2, learning_rate=0.001, answer_tokens=3)
    return replace(Plan(CREATED, queue, length, steps, curve), **changes)


def cancelled(moment: int) -> Plan:
    return plan(script=(Event(moment=moment, cancel=True),))


def record(of: Plan) -> TunedModelRecord:
    return TunedModelRecord(
        id="a-model",
        sequence=1,
        version="v1beta",
        operation_id="operation123",
        permissions=(Permission("1", GranteeType.USER, "a@example.com", Role.OWNER),),
        display_name="a model",
        description="",
        base_model=of.curve.base_model,
        source="",
        temperature=0.9,
        top_p=1.0,
        top_k=0,
        reader_project_numbers=(),
        epoch_count=1,
        batch_size=of.curve.batch_size,
        learning_rate=of.curve.learning_rate,
        examples=Examples(()),
        plan=of,
    )


@pytest.mark.parametrize(
    ("examples", "epochs", "batch_size", "expected"),
    [
        (15, 5, 2, 38),
        (15, 3, 2, 23),
        (15, 50, 4, 188),
        (25, 10, 16, 16),
        (196, 20, 8, 490),
        (400, 2, 16, 50),
    ],
)
def test_total_steps_are_those_of_the_recorded_runs(examples: int, epochs: int, batch_size: int, expected: int) -> None:
    """totalSteps = ceil(examples x epochs / batch size)."""
    assert total_steps(examples, epochs, batch_size) == expected


@pytest.mark.parametrize(
    ("after", "state", "steps", "percent", "is_done", "started"),
    [
        (-5.0, State.CREATING, 0, 0.0, False, False),
        (0.0, State.CREATING, 0, 0.0, False, False),
        (0.999, State.CREATING, 0, 0.0, False, False),
        (1.0, State.CREATING, 0, 0.0, False, True),
        (7.0, State.CREATING, 0, 0.0, False, True),
        (10.9, State.CREATING, 1, 25.0, False, True),
        (20.7, State.CREATING, 2, 50.0, False, True),
        (40.99, State.CREATING, 4, 100.0, False, True),
        (41.0, State.ACTIVE, 4, 100.0, True, True),
        (9e9, State.ACTIVE, 4, 100.0, True, True),
    ],
)
def test_run_from_queue_to_end(
    after: float, state: State, steps: int, percent: float, is_done: bool, started: bool
) -> None:
    """A run of four steps waits a second, then takes forty, and shows its steps one by one."""
    look = view(plan(), CREATED + round(after * SECOND))

    assert (look.state, look.completed_steps, look.completed_percent, look.done) == (state, steps, percent, is_done)
    assert (look.start_time is not None) is started
    assert (look.complete_time is not None) is is_done
    assert look.error is None


def test_update_time_is_creation_then_report_then_completion() -> None:
    """updateTime = createTime until the first step shows, then follows the last one, and ends as completeTime."""
    of = plan()
    queue, middle, end = (view(of, CREATED + moment * SECOND) for moment in (1, 20, 50))

    assert queue.update_time == CREATED
    last = list(middle.snapshots())[-1].compute_time
    assert last < middle.update_time <= CREATED + 20 * SECOND
    assert middle.update_time - last == pytest.approx(1.4 * SECOND, abs=1000)
    assert end.update_time == end.complete_time == CREATED + 41 * SECOND


def test_a_cancelled_run_keeps_its_snapshots_and_its_model() -> None:
    """A cancel ends the operation with code 1 at that moment; the model is ACTIVE with its steps so far."""
    moment = CREATED + 25 * SECOND
    look = view(cancelled(moment), CREATED + 100 * SECOND)

    assert (look.done, look.error, look.state) == (True, CANCELLED, State.ACTIVE)
    assert look.completed_steps == 2 == len(look.snapshots())
    assert look.complete_time == moment


def test_cancelling_in_the_queue_leaves_a_run_without_start() -> None:
    """A run that is cancelled before it starts has neither start time nor steps."""
    look = view(cancelled(CREATED + SECOND // 2), CREATED + 100 * SECOND)

    assert (look.done, look.completed_steps, look.start_time) == (True, 0, None)


def test_cancelling_a_finished_run_changes_nothing() -> None:
    """An ended run does not change."""
    late = CREATED + 60 * SECOND

    assert view(cancelled(late), late + 1) == replace(view(plan(), late + 1), plan=cancelled(late))


@pytest.mark.parametrize("step", [0, 1, 3])
def test_a_failed_run_ends_after_its_step(step: int) -> None:
    """A failure ends the run with its status, keeps the steps before it, and the model is FAILED."""
    look = view(plan(script=(Event(step=step, fail=FAIL),)), CREATED + 100 * SECOND)

    assert (look.done, look.error, look.state, look.completed_steps) == (True, FAILED, State.FAILED, step)


def test_epoch_of_a_snapshot_follows_the_examples() -> None:
    """epoch = floor(step x batch size / examples): 15 examples by 2 end, after 38 steps, with epoch 5."""
    of = replace(plan(38), curve=replace(plan().curve, examples=15))

    snapshots = list(view(of, CREATED + 100 * SECOND).snapshots())
    assert [snapshots[step - 1].epoch for step in (1, 7, 8, 37, 38)] == [0, 0, 1, 4, 5]


def test_a_run_without_length_is_done_at_once() -> None:
    """The shortest run that a pace can ask for shows all its steps when it ends."""
    shortest = view(plan(queue=0, length=1), CREATED + 1000)
    none = view(plan(queue=0, length=0), CREATED)

    assert (shortest.done, shortest.completed_steps) == (True, 4)
    assert (none.done, none.completed_steps, none.state) == (True, 4, State.ACTIVE)
    assert none.start_time == none.complete_time == none.update_time == CREATED
    assert [snapshot.compute_time for snapshot in none.snapshots()] == [CREATED] * 4


def test_changed_plan_has_no_old_records() -> None:
    """The cache belongs to the inputs of a plan; a plan with other inputs computes its own."""
    old = plan()
    before = list(view(old, CREATED + 100 * SECOND).snapshots())
    new = replace(old, curve=replace(old.curve, data_seed=8), length=80 * SECOND)
    fresh = Plan(new.created, new.queue, new.length, new.total_steps, new.curve)
    after = list(view(new, CREATED + 100 * SECOND).snapshots())

    assert after == list(view(fresh, CREATED + 100 * SECOND).snapshots())
    assert all(one.mean_loss != other.mean_loss for one, other in zip(before, after, strict=True))
    assert list(view(old, CREATED + 100 * SECOND).snapshots()) == before
    assert (old == replace(old), hash(old)) == (True, hash(replace(old)))


plans = st.builds(
    lambda created, queue, length, steps, batch, examples, seed, cancel, failure: Plan(
        created * 1000,
        queue,
        length,
        steps,
        Curve(seed, seed + 1, "models/text-bison-001", examples, batch, 0.001, 2.0),
        script=(
            *([] if cancel is None else [Event(moment=created * 1000 + cancel, cancel=True)]),
            *([] if failure is None else [Event(step=min(failure, steps), fail=FAIL)]),
        ),
    ),
    created=st.integers(0, 4_000_000_000_000_000),
    queue=st.integers(0, 10**11),
    length=st.integers(0, 10**13),
    steps=st.integers(1, 60),
    batch=st.integers(1, 100),
    examples=st.integers(1, 1000),
    seed=st.integers(0, 2**63),
    cancel=st.none() | st.integers(0, 10**13),
    failure=st.none() | st.integers(0, 60),
)
moments = st.floats(-0.1, 1.2)


@given(plans, moments)
def test_operation_and_model_agree(of: Plan, share: float) -> None:
    """They agree at any moment, except that the model of a cancelled run is ACTIVE."""
    now = of.created + int(share * of.total_duration)
    surface = surface_of("v1beta")
    model = to_json(surface.message("TunedModel"), resources.tuned_model(record(of), now), surface)
    operation = to_json(surface.message("google.longrunning.Operation"), resources.operation(record(of), now), surface)

    assert model["tuningTask"].get("snapshots") == operation["metadata"].get("snapshots")
    assert operation.get("done", False) == (model["state"] != "CREATING") == ("completeTime" in model["tuningTask"])
    if "response" in operation:
        answer = dict(operation["response"])
        assert answer.pop("@type") == "type.googleapis.com/google.ai.generativelanguage.v1beta.TunedModel"
        assert answer == model
        assert model["state"] == "ACTIVE"
    elif "error" in operation:
        cancelled = operation["error"]["code"] == Code.CANCELLED
        assert model["state"] == ("ACTIVE" if cancelled else "FAILED")
    assert ("completedPercent" in operation["metadata"]) == ("snapshots" in operation["metadata"])


@given(plans, moments, moments)
def test_progress_never_decreases(of: Plan, one: float, other: float) -> None:
    """Later views show at least as much: steps, percent, done, and the same snapshots before the new ones."""
    earlier, later = (view(of, of.created + int(share * of.total_duration)) for share in sorted((one, other)))

    assert earlier.completed_steps <= later.completed_steps
    assert earlier.update_time <= later.update_time
    assert earlier.done <= later.done
    assert list(later.snapshots())[: earlier.completed_steps] == list(earlier.snapshots())
    assert later.completed_percent == float32(100 * later.completed_steps / of.total_steps)


@given(plans, moments)
def test_times_are_in_order(of: Plan, share: float) -> None:
    """created <= started <= computed <= completed, as written on the wire, and nothing is in the future."""
    now = of.created + int(share * of.total_duration)
    look = view(of, now)
    surface = surface_of("v1beta")
    task = to_json(surface.message("TunedModel"), resources.tuned_model(record(of), now), surface)["tuningTask"]
    computed = [row["computeTime"] for row in task.get("snapshots", [])]
    texts = [task.get("startTime"), *computed, task.get("completeTime")]
    padded = [text.removesuffix("Z").ljust(29, "0") for text in texts if text]

    assert padded == sorted(padded)
    assert list(look.snapshots()) == [] or look.start_time is not None
    latest = max([look.update_time, *(row.compute_time for row in look.snapshots())])
    assert latest <= max(now, of.created) + 1000


def test_operation_has_the_types_of_its_creation() -> None:
    """An operation created under v1beta3 has that version's types, for every caller."""
    model = replace(record(plan()), version="v1beta3")
    operation = resources.operation(model, CREATED + 100 * SECOND)

    package = "type.googleapis.com/google.ai.generativelanguage.v1beta3"
    assert any_to_json(operation["metadata"])["@type"] == f"{package}.CreateTunedModelMetadata"
    assert any_to_json(operation["response"])["@type"] == f"{package}.TunedModel"
