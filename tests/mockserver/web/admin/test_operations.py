"""Tests listing, moving, stalling, ending and scripting the runs of a world over the admin surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock
from tunedmodels_mockserver.core.runs.script import Event

from ...conftest import ok

OPERATIONS = "/_emulator/operations"


@pytest.fixture
def name(http: FlaskClient, create: Callable[[FlaskClient], str]) -> str:
    """Return the name of the operation of a new run of 38 steps."""
    model = create(http)
    return str(ok(http.get(OPERATIONS))["operations"][0]["operation"]) if model else ""


def look(http: FlaskClient, name: str) -> Any:
    return ok(http.get(f"/v1/{name}"))


def send(http: FlaskClient, name: str, verb: str, **said: Any) -> Any:
    return ok(http.post(f"{OPERATIONS}/{name}:{verb}", json=said))


def test_runs_are_listed(http: FlaskClient, clock: ManualClock, name: str) -> None:
    """Each has its steps, percent, state and pending events."""
    clock.advance(10)
    script = [{"step": 30, "fail": {"code": "INTERNAL", "message": "It diverged."}}]
    ok(http.put(f"{OPERATIONS}/{name}/script", json=script))
    (run,) = ok(http.get(OPERATIONS))["operations"]

    shown = look(http, name)["metadata"]
    assert run.pop("pending") == [{"step": 30, "fail": {"message": "It diverged.", "code": "INTERNAL"}}]
    assert run == {
        "operation": name,
        "model": shown["tunedModel"],
        "state": "CREATING",
        "done": False,
        "steps": shown["completedSteps"],
        "totalSteps": 38,
        "percent": pytest.approx(shown["completedPercent"]),
        "polls": 0,
    }


def test_a_run_is_found_by_name_and_id(http: FlaskClient, name: str) -> None:
    """The name and id of the operation and of the model are accepted."""
    model, _, operation = name.removeprefix("tunedModels/").partition("/operations/")

    for target in (name, operation, model, f"tunedModels/{model}"):
        assert ok(http.get(f"{OPERATIONS}/{target}"))["operation"] == name
        assert send(http, target, "resume")["operation"] == name


def test_an_unknown_run_or_verb_is_refused(http: FlaskClient, name: str) -> None:
    """The error has the nearest name."""
    near = name[:-1]
    for answer in (
        http.post(f"{OPERATIONS}/{near}:fail", json={}),
        http.get(f"{OPERATIONS}/{near}"),
        http.put(f"{OPERATIONS}/{near}/script", json=[]),
    ):
        assert answer.status_code == 404
        assert answer.json == {"error": f"There is no operation {near!r} in this world; the nearest is {name}."}

    answer = http.post(f"{OPERATIONS}/{name}:advanse", json={})
    assert answer.status_code == 404
    known = ":advance, :fail, :stall, :resume, :finish, :cancel"
    assert answer.json == {"error": f"Runs have no verb 'advanse'; the nearest is advance; send one of {known}."}
    assert http.post(f"{OPERATIONS}/{name}", json={}).status_code == 404


def test_a_run_is_advanced(http: FlaskClient, clock: ManualClock, name: str) -> None:
    """It moves by steps, by percent or by seconds of the run, and continues; the clock does not move."""
    assert send(http, name, "advance", steps=5)["steps"] == 5
    assert send(http, name, "advance", percent=10)["steps"] == 9
    assert send(http, name, "advance", seconds=5)["steps"] in (18, 19)
    assert look(http, name)["metadata"]["completedSteps"] in (18, 19)
    assert send(http, name, "advance", steps=1000)["steps"] == 38
    assert "done" not in look(http, name)

    refused = http.post(f"{OPERATIONS}/{name}:advance", json={"steps": 1})
    assert (refused.status_code, refused.get_json()["error"]) == (
        409,
        "This run has completed all 38 steps; finish it.",
    )
    clock.advance(1)
    assert look(http, name)["done"] is True


@pytest.mark.parametrize(
    ("verb", "said", "sentence"),
    [
        ("advance", {}, 'Send one of {"steps": 5}, {"percent": 10} and {"seconds": 60}'),
        ("advance", {"steps": 1, "percent": 1}, 'Send one of {"steps": 5}, {"percent": 10} and {"seconds": 60}'),
        ("advance", {"steps": 0}, "`int` >= 1 - at `$.steps`."),
        ("advance", {"step": 1}, "There is no member 'step'; the nearest is steps."),
        ("stall", {"seconds": -1}, "`float` > 0.0 - at `$.seconds`."),
        ("fail", {"code": "INTERNL"}, "; the nearest is INTERNAL"),
        ("fail", {"code": "CANCELLED"}, 'to cancel the run, send "cancel": true.'),
        ("finish", {"at": 1}, "There is no member 'at'."),
    ],
    ids=str,
)
def test_a_bad_body_of_a_verb_is_refused(
    http: FlaskClient, name: str, verb: str, said: dict[str, Any], sentence: str
) -> None:
    """The answer is a sentence, and the run does not change."""
    answer = http.post(f"{OPERATIONS}/{name}:{verb}", json=said)

    assert (answer.status_code, sentence in answer.get_json()["error"]) == (400, True), answer.text
    assert ok(http.get(f"{OPERATIONS}/{name}"))["pending"] == []


def test_a_run_is_stalled_and_resumed(http: FlaskClient, clock: ManualClock, name: str) -> None:
    """Without a number of seconds the run stalls until a call moves it."""
    clock.advance(10)
    stalled = send(http, name, "stall")["steps"]
    clock.advance(1e6)
    assert look(http, name)["metadata"]["completedSteps"] == stalled

    send(http, name, "resume")
    clock.advance(5)
    assert look(http, name)["metadata"]["completedSteps"] > stalled
    send(http, name, "stall", seconds=100)
    clock.advance(99)
    assert "done" not in look(http, name)
    clock.advance(7)
    assert look(http, name)["done"] is True


@pytest.mark.parametrize(
    ("verb", "said", "result", "state"),
    [
        ("fail", {}, {"code": 13, "message": "The tuning run failed."}, "FAILED"),
        ("fail", {"code": "ABORTED", "message": "No."}, {"code": 10, "message": "No."}, "FAILED"),
        ("cancel", {}, {"code": 1, "message": "The operation was cancelled."}, "ACTIVE"),
        ("finish", {}, None, "ACTIVE"),
    ],
)
def test_a_run_is_ended(
    http: FlaskClient, clock: ManualClock, name: str, verb: str, said: dict[str, Any], result: Any, state: str
) -> None:
    """It fails, is cancelled or succeeds at this moment, and then does not change any more."""
    clock.advance(10)
    told = send(http, name, verb, **said)
    done = look(http, name)

    assert (told["state"], told["done"], done["done"], done.get("error")) == (state, True, True, result)
    assert told["steps"] == len(done["metadata"]["snapshots"]) == (38 if verb == "finish" else told["steps"])
    for again in (
        http.post(f"{OPERATIONS}/{name}:stall", json={}),
        http.post(f"{OPERATIONS}/{name}:advance", json={"steps": 1}),
        http.put(f"{OPERATIONS}/{name}/script", json=[]),
    ):
        assert again.status_code == 409
        assert again.get_json()["error"].startswith("This run has ended with ")
    clock.advance(100)
    assert look(http, name) == done


def test_a_script_is_replaced(http: FlaskClient, clock: ManualClock, name: str) -> None:
    """The last script replaces the pending events; a script for the past is refused."""
    for step in (30, 20):
        ok(http.put(f"{OPERATIONS}/{name}/script", json=[{"step": step, "fail": {"code": "INTERNAL"}}]))
    clock.advance(15)
    assert look(http, name)["metadata"]["completedSteps"] == 20
    assert look(http, name)["error"]["code"] == 13

    assert http.put(f"{OPERATIONS}/{name}/script", data=b"{}").status_code == 400


def test_a_script_counts_polls(app: Flask, http: FlaskClient, name: str) -> None:
    """Gets of the operation and of its model count; a list does not."""
    events = (Event(poll=2, progress=4), Event(poll=3, progress=10), Event(poll=4, repeat=2), Event(poll=5, done=True))
    store = app.extensions["tunedmodels"].get("").store
    record = store.get(name.split("/")[1])
    assert store.replace(record, replace(record, plan=record.plan.with_script(events)))
    assert ok(http.get("/v1beta/tunedModels"))["tunedModels"][0]["state"] == "CREATING"

    def model() -> Any:
        return ok(http.get(f"/v1beta/{name.partition('/operations')[0]}"))

    assert "completedSteps" not in look(http, name)["metadata"]
    assert len(model()["tuningTask"]["snapshots"]) == 4
    assert look(http, name)["metadata"]["completedSteps"] == 10
    assert look(http, name)["metadata"]["completedSteps"] == 4
    assert model()["state"] == "ACTIVE"
    assert look(http, name)["metadata"]["completedSteps"] == 38
    assert ok(http.get(f"{OPERATIONS}/{name}"))["polls"] == 5


def begin(http: FlaskClient, create: Callable[[FlaskClient], str], **run: Any) -> str:
    """Create a model whose run has the options *run*, and return the name of its operation."""
    ok(http.post("/_emulator/faults", json={"method": "tunedModels.create", "run": run}))
    create(http)
    return str(ok(http.get(OPERATIONS))["operations"][-1]["operation"])


def test_a_model_and_a_list_lag(http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]) -> None:
    """The operation is done while the model reads CREATING; a list shows the model later than a get does."""
    name = begin(http, create, model_lag=60, list_lag=30)
    model = f"/v1beta/{name.partition('/operations')[0]}"
    clock.advance(29)
    assert look(http, name)["response"]["state"] == "ACTIVE"
    assert ok(http.get(model))["state"] == "CREATING"
    assert ok(http.get("/v1beta/tunedModels")) == {}

    clock.advance(1)
    assert ok(http.get("/v1beta/tunedModels"))["tunedModels"] == [ok(http.get(model))]
    clock.advance(60)
    assert ok(http.get(model)) == {k: v for k, v in look(http, name)["response"].items() if k != "@type"}


def test_a_run_can_wait_for_ever(http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]) -> None:
    """A stall at step 0 is a queue without an end; the run can still be cancelled."""
    name = begin(http, create, script=[{"step": 0, "stall": -1}])
    clock.advance(1e7)
    assert "done" not in look(http, name)
    assert "startTime" not in ok(http.get(f"/v1beta/{name.partition('/operations')[0]}"))["tuningTask"]

    ok(http.post(f"/v1/{name}:cancel"))
    assert look(http, name)["error"]["code"] == 1


def test_a_script_answers_one_poll_with_an_error(http: FlaskClient, create: Callable[[FlaskClient], str]) -> None:
    """The other polls are not changed."""
    fault = {"poll": 2, "fault": {"error": {"code": "UNAVAILABLE", "message": "Not now."}}}
    name = begin(http, create, script=[fault])
    looks = [http.get(f"/v1/{name}") for _ in range(4)]

    assert [answer.status_code for answer in looks] == [200, 503, 200, 200]
    assert looks[1].get_json()["error"]["message"] == "Not now."


def test_losses_have_the_requested_shape(
    http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]
) -> None:
    """A run that diverges ends with a larger loss than at its start, and all losses are finite."""
    name = begin(http, create, shape="diverge")
    clock.advance(30)
    losses = [row["meanLoss"] for row in look(http, name)["metadata"]["snapshots"]]

    assert all(0 < loss < 1e6 for loss in losses)
    assert min(losses[-5:]) > losses[0]
