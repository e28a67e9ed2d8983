"""Tests the laws of a tuning operation with good traces, with broken ones and with the mock server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels_contracts.harness.operation_invariants import LAWS, SHAPE, Observation, violations
from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.clock import Clock, ManualClock, Mode
from tunedmodels_mockserver.core.runs.durations import Pace

Json = dict[str, Any]
Trace = list[Observation]

TYPES = "type.googleapis.com/google.ai.generativelanguage.v1beta"
# Four examples, two epochs, batches of two.
RUN: dict[str, int] = {"batch_size": 2, "examples": 4, "bound": 10}
TOTAL = 4


def snapshots(count: int) -> list[Json]:
    rows: list[Json] = []
    for step in range(1, count + 1):
        row: Json = {"step": step, "epoch": step // 2, "meanLoss": 10.5 - step}
        if not row["epoch"]:
            del row["epoch"]
        rows.append({**row, "computeTime": f"2024-07-31T06:58:{20 + step}.639551971Z"})
    return rows


def model(count: int, state: str = "CREATING") -> Json:
    task: Json = {"startTime": "2024-07-31T06:58:20.619999999Z", "hyperparameters": {"batchSize": 2}}
    if count:
        task["snapshots"] = snapshots(count)
    if state != "CREATING":
        task["completeTime"] = "2024-07-31T06:58:30.000000Z"
    return {
        "name": "tunedModels/m",
        "state": state,
        "createTime": "2024-07-31T06:58:20.045323Z",
        "tuningTask": task,
    }


def operation(count: int, **result: Any) -> Json:
    metadata: Json = {"@type": f"{TYPES}.CreateTunedModelMetadata", "totalSteps": TOTAL}
    if count:
        metadata |= {"completedSteps": count, "completedPercent": 25 * count, "snapshots": snapshots(count)}
    metadata["tunedModel"] = "tunedModels/m"
    return {"name": "tunedModels/m/operations/o", "metadata": metadata, **result}


def response() -> Json:
    return {"@type": f"{TYPES}.TunedModel", **model(TOTAL, "ACTIVE")}


def good_trace() -> Trace:
    """Return five looks at a run that succeeds. The last two are after its end."""
    return [
        Observation(0.0, operation(0), model(0)),
        Observation(1.5, operation(1), model(1)),
        Observation(3.0, operation(3), model(3)),
        Observation(12.5, operation(TOTAL, done=True, response=response()), model(TOTAL, "ACTIVE")),
        Observation(20.0, operation(TOTAL, done=True, response=response()), model(TOTAL, "ACTIVE")),
    ]


def failed_trace(code: int, state: str) -> Trace:
    error = {"code": code, "message": "Stopped."}
    return [
        *good_trace()[:3],
        Observation(12.5, operation(3, done=True, error=error), model(3, state)),
    ]


def look_ahead(trace: Trace) -> Trace:
    """Return *trace* with a model that is active at a look at which its operation still runs."""
    return [*trace[:2], replace(trace[2], tuned_model=model(TOTAL, "ACTIVE")), *trace[3:]]


@pytest.mark.parametrize(
    "trace",
    [
        pytest.param([], id="empty"),
        pytest.param(good_trace(), id="success"),
        pytest.param([replace(look, tuned_model=None) for look in good_trace()], id="without models"),
        pytest.param(failed_trace(1, "ACTIVE"), id="cancelled"),
        pytest.param(failed_trace(13, "FAILED"), id="failed"),
        # A run may end between the look at its operation and the one at its model.
        pytest.param(look_ahead(good_trace()), id="model ahead"),
        pytest.param(look_ahead(good_trace())[:3], id="model ahead at the end"),
    ],
)
def test_good_trace_has_no_findings(trace: Trace) -> None:
    """A run that keeps the laws has no findings, whether it succeeds, fails or is cancelled."""
    assert violations(trace, **RUN) == []


def test_percent_is_compared_as_float32() -> None:
    """5.263158 is 2 of 38 steps, as observed; its neighbour is not."""
    value = operation(2)
    value["metadata"] |= {"totalSteps": 38, "completedPercent": 5.263158}
    assert violations([Observation(0, value)]) == []

    value["metadata"]["completedPercent"] = 5.263157
    assert len(violations([Observation(0, value)])) == 1


def test_epochs_need_the_size_of_the_run() -> None:
    """Epochs are checked only if the batch size and the number of examples are known, and a batch fits into these.

    No source shows a run with a larger batch, so it is unknown whether its epochs stop at the epoch count.
    """
    trace = good_trace()

    assert violations(trace) == []
    assert violations(trace, batch_size=2) == []
    assert violations(trace, batch_size=5, examples=4) == []
    assert violations(trace, batch_size=1, examples=4) != []


def test_text_of_a_finding() -> None:
    """A finding is one sentence with the law, the place and the values."""
    trace = good_trace()
    trace[2].operation["metadata"]["totalSteps"] = 5

    assert violations(trace)[0] == (
        "An operation's name, metadata type, total and model never change: "
        "at look 2 (3 s): metadata.totalSteps was 4 and is 5."
    )


def test_trace_that_goes_back_in_time_is_refused() -> None:
    """A trace out of order is a mistake of the caller, and no finding."""
    with pytest.raises(ValueError, match=r"goes forward in time: 0\.0 s comes after 1\.5 s"):
        violations(good_trace()[1::-1])


Mutation = Callable[[Trace], object]


def in_operation(look: int, **members: Any) -> Mutation:
    return lambda trace: change(trace[look].operation, members)


def in_metadata(look: int, **members: Any) -> Mutation:
    return lambda trace: change(trace[look].operation["metadata"], members)


def in_model(look: int, **members: Any) -> Mutation:
    return lambda trace: change(trace[look].tuned_model or {}, members)


def in_task(look: int, **members: Any) -> Mutation:
    return lambda trace: change((trace[look].tuned_model or {})["tuningTask"], members)


def in_response(**members: Any) -> Mutation:
    return lambda trace: change(trace[3].operation["response"], members)


def in_snapshot(look: int, number: int, **members: Any) -> Mutation:
    return lambda trace: change(trace[look].operation["metadata"]["snapshots"][number], members)


def in_model_snapshot(look: int, number: int, **members: Any) -> Mutation:
    return lambda trace: change((trace[look].tuned_model or {})["tuningTask"]["snapshots"][number], members)


def change(value: Any, members: Json) -> None:
    """Set the members. None removes one."""
    value.update(members)
    for name in [name for name, inner in members.items() if inner is None]:
        del value[name]


CONSTANT, ONE_MODEL, DONE, RESULT, PROGRESS, PERCENT, SNAPSHOTS, APPEND, EPOCH, STATE, TIMES, END, ZEROS, BOUND = LAWS
MUTANTS: list[tuple[str, Mutation]] = [
    (CONSTANT, in_operation(1, name="tunedModels/m/operations/p")),
    (CONSTANT, in_operation(0, name=None)),
    (CONSTANT, in_metadata(2, **{"@type": f"{TYPES}3.CreateTunedModelMetadata"})),
    (CONSTANT, in_metadata(1, **{"@type": None})),
    (CONSTANT, in_metadata(3, totalSteps=5)),
    (CONSTANT, in_operation(4, metadata=None)),
    (ONE_MODEL, in_metadata(1, tunedModel="tunedModels/n")),
    (ONE_MODEL, in_operation(1, name="tunedModels/n/operations/o")),
    (ONE_MODEL, in_model(2, name="tunedModels/n")),
    (ONE_MODEL, in_response(name="tunedModels/n")),
    (DONE, in_operation(4, done=None)),
    (DONE, in_operation(4, done=False)),
    (RESULT, in_operation(3, response=None)),
    (RESULT, in_operation(3, error={"code": 1})),
    (RESULT, in_operation(1, response=response())),
    (RESULT, in_operation(2, error={"code": 13})),
    (PROGRESS, in_metadata(1, completedSteps=5)),
    (PROGRESS, in_metadata(1, completedSteps=-1)),
    (PROGRESS, in_metadata(2, completedSteps=None)),
    (PROGRESS, in_metadata(2, completedPercent=20)),
    (PROGRESS, in_metadata(3, completedSteps=3)),
    (PERCENT, in_metadata(1, completedPercent=26)),
    (PERCENT, in_metadata(1, completedPercent=None)),
    (PERCENT, in_metadata(0, completedPercent=1e-6)),
    (PERCENT, in_metadata(1, snapshots=None)),
    (SNAPSHOTS, in_metadata(2, snapshots=snapshots(2))),
    (SNAPSHOTS, in_metadata(1, snapshots=snapshots(2))),
    (SNAPSHOTS, in_metadata(1, snapshots=[])),
    (SNAPSHOTS, in_snapshot(1, 0, step=None)),
    (SNAPSHOTS, in_snapshot(2, 2, step=2)),
    (SNAPSHOTS, in_model_snapshot(2, 1, step=3)),
    (APPEND, in_snapshot(2, 0, meanLoss=9.25)),
    (APPEND, in_snapshot(1, 0, computeTime="2024-07-31T06:58:21.639551972Z")),
    (APPEND, in_model_snapshot(2, 2, meanLoss=None)),
    (APPEND, in_metadata(4, snapshots=snapshots(3))),
    (APPEND, in_task(4, snapshots=snapshots(3))),
    (EPOCH, in_snapshot(1, 0, epoch=1)),
    (EPOCH, in_snapshot(2, 1, epoch=None)),
    (EPOCH, in_model_snapshot(3, 3, epoch=3)),
    (STATE, in_model(0, state="STATE_UNSPECIFIED")),
    (STATE, in_model(0, state=None)),
    (STATE, in_model(1, state="ACTIVE")),
    (STATE, in_model(2, state="FAILED")),
    (STATE, in_model(3, state="CREATING")),
    (STATE, in_model(3, state="FAILED")),
    (STATE, in_model(4, state="CREATING")),
    (STATE, in_response(state="CREATING")),
    (TIMES, in_model(0, createTime="2024-07-31T06:58:20.620000Z")),
    (TIMES, in_task(1, startTime="2024-07-31T06:58:21.639551972Z")),
    (TIMES, in_model(1, createTime="2025-07-31T06:58:20.620000Z")),
    (TIMES, in_model_snapshot(2, 1, computeTime="2024-07-31T06:58:20.639551971Z")),
    (TIMES, in_task(3, completeTime="2024-07-31T06:58:24.639551Z")),
    (TIMES, in_response(createTime="2024-07-31T06:59:00Z")),
    (END, in_operation(4, response={**response(), "description": "New."})),
    (END, in_metadata(4, completedSteps=None)),
    (ZEROS, in_operation(0, done=False)),
    (ZEROS, in_metadata(0, completedSteps=0)),
    (ZEROS, in_metadata(0, completedPercent=0)),
    (ZEROS, in_metadata(0, snapshots=[])),
    (ZEROS, in_snapshot(1, 0, epoch=0)),
    (ZEROS, in_model_snapshot(2, 0, epoch=0)),
    (BOUND, in_operation(3, done=None)),
    (SHAPE, in_operation(1, done="true")),
    (SHAPE, in_operation(1, metadata=[])),
    (SHAPE, in_metadata(1, totalSteps="4")),
    (SHAPE, in_metadata(1, totalSteps=2**31)),
    (SHAPE, in_metadata(1, completedSteps=True)),
    (SHAPE, in_metadata(1, completedPercent=float("nan"))),
    (SHAPE, in_metadata(1, completedPercent=101)),
    (SHAPE, in_metadata(1, snapshots={})),
    (SHAPE, in_metadata(1, snapshots=["1"])),
    (SHAPE, in_snapshot(1, 0, step=1.5)),
    (SHAPE, in_model(1, state=1)),
    (SHAPE, in_model(1, createTime="2024-13-31T06:58:20Z")),
    (SHAPE, in_model(1, createTime=1722409100)),
    (SHAPE, in_response(tuningTask=[])),
    (SHAPE, in_operation(3, error="gone")),
]


@pytest.mark.parametrize(
    ("law", "mutation"), [pytest.param(*mutant, id=f"{number}") for number, mutant in enumerate(MUTANTS)]
)
def test_broken_law_is_a_finding(law: str, mutation: Mutation) -> None:
    """One wrong member is a finding of its law."""
    trace = good_trace()
    mutation(trace)
    findings = violations(trace, **RUN)

    assert [finding for finding in findings if finding.startswith(f"{law}: at look ")] != [], findings


def test_every_law_has_a_mutant() -> None:
    """Each law has a test that breaks it."""
    assert {law for law, _ in MUTANTS} == {*LAWS, SHAPE}


@pytest.mark.parametrize(("code", "state"), [(1, "FAILED"), (1, "CREATING"), (13, "ACTIVE")])
def test_state_must_fit_the_error(code: int, state: str) -> None:
    """The end of a run determines the state of its model."""
    findings = violations(failed_trace(code, state), **RUN)

    assert [finding for finding in findings if finding.startswith(STATE)] != []


# --- the mock server, on clocks that the test moves


def take_trace(
    kind: Clock,
    run: tuple[int, int, int],
    pace: Pace,
    looks: list[tuple[float, str]],
    cancelled: int | None,
    seed: int,
) -> Trace:
    """Create a run on a new mock server, move its clock, look and cancel, and return the trace."""
    examples, batch_size, epochs = run
    machine = ManualClock()
    app = create_app(Settings(seed=seed, pace=pace, clock=kind), machine.now)
    client, world = app.test_client(), app.extensions["tunedmodels"].get("")
    rows = [{"textInput": f"{number}", "output": f"{number + 1}"} for number in range(examples)]
    body = {
        "displayName": "counter",
        "baseModel": "models/gemini-1.0-pro-001",
        "tuningTask": {
            "hyperparameters": {"epochCount": epochs, "batchSize": batch_size},
            "trainingData": {"examples": {"examples": rows}},
        },
    }
    beginning = world.now()
    created: Json = client.post("/v1beta/tunedModels", json=body).get_json()
    trace = [Observation(0.0, created)]
    for number, (seconds, version) in enumerate(looks):
        machine.advance(seconds / kind.rate)
        world.change(lambda old, seconds=seconds: replace(old, clock=_forward(old.clock, machine.now(), seconds)))
        if number == cancelled:
            client.post(f"/v1/{created['name']}:cancel", json={})
        at = (world.now() - beginning) / 1e9
        value = client.get(f"/{version}/{created['name']}").get_json()
        trace.append(Observation(at, value, client.get(f"/v1beta/{created['metadata']['tunedModel']}").get_json()))
    return trace


def _forward(clock: Clock, machine: int, seconds: float) -> Clock:
    """Move *clock*, unless the machine's time moves it."""
    return clock if clock.mode is Mode.REAL else clock.advance(machine, seconds)


@settings(max_examples=40)  # each example makes a server
@given(
    kind=st.sampled_from([*Mode]),
    rate=st.sampled_from([1.0, 0.5, 1000.0]),
    run=st.tuples(st.integers(1, 30), st.integers(1, 40), st.integers(1, 8)),
    tuning_time=st.sampled_from([0.0, 1e-9, 1e-6, 0.003, 1.0, 20.0, 1e5]),
    step_time=st.none() | st.sampled_from([0.0, 1e-7, 0.5]),
    queue_time=st.sampled_from([0.0, 1e-9, 0.3, 60.0]),
    looks=st.lists(
        st.tuples(
            st.sampled_from([0.0, 1e-9, 1e-6, 0.0005, 0.3]) | st.floats(0, 30, allow_subnormal=False),
            st.sampled_from(["v1", "v1beta"]),
        ),
        min_size=1,
        max_size=12,
    ),
    cancelled=st.none() | st.integers(0, 11),
    seed=st.integers(0, 2**32),
)
def test_mock_server_keeps_the_laws(
    kind: Mode,
    rate: float,
    run: tuple[int, int, int],
    tuning_time: float,
    step_time: float | None,
    queue_time: float,
    looks: list[tuple[float, str]],
    cancelled: int | None,
    seed: int,
) -> None:
    """The mock server breaks no law, for any size of a run, any clock, and any time of a look or a cancel."""
    trace = take_trace(Clock(kind, rate), run, Pace(tuning_time, step_time, queue_time), looks, cancelled, seed)

    assert violations(trace, batch_size=run[1], examples=run[0]) == []


def test_traces_of_the_mock_server_have_an_end() -> None:
    """The traces of the property above have steps, an end and a cancel."""
    looks = [(5.0, "v1")] * 5
    success = take_trace(Clock(), (15, 4, 5), Pace(), looks, None, 1)
    assert [len(look.operation["metadata"].get("snapshots", ())) for look in success][::5] == [0, 19]
    assert "response" in success[-1].operation

    cancelled = take_trace(Clock(), (15, 4, 5), Pace(), looks, 2, 1)
    assert cancelled[-1].operation["error"]["code"] == 1
