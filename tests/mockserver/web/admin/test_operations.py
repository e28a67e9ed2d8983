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


def send(http: FlaskClient, name: str, verb: str, **body: Any) -> Any:
    return ok(http.post(f"{OPERATIONS}/{name}:{verb}", json=body))


def test_runs_are_listed(http: FlaskClient, clock: ManualClock, name: str) -> None:
    """Each has its steps, percent, state and pending events."""
    clock.advance(10)
    script = [{"step": 30, "fail": {"code": "INTERNAL", "message": "It diverged."}}]
    ok(http.put(f"{OPERATIONS}/{name}/script", json=script))
    (run,) = ok(http.get(OPERATIONS))["operations"]

    metadata = look(http, name)["metadata"]
    assert run.pop("pending") == [{"step": 30, "fail": {"message": "It diverged.", "code": "INTERNAL"}}]
    assert run == {
        "operation": name,
        "model": metadata["tunedModel"],
        "state": "CREATING",
        "done": False,
        "steps": metadata["completedSteps"],
        "totalSteps": 38,
        "percent": pytest.approx(metadata["completedPercent"]),
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
    verbs = ":advance, :fail, :stall, :resume, :finish, :cancel"
    assert answer.json == {"error": f"Runs have no verb 'advanse'; the nearest is advance; send one of {verbs}."}
    assert http.post(f"{OPERATIONS}/{name}", json={}).status_code == 404


def test_a_run_is_advanced(http: FlaskClient, clock: ManualClock, name: str) -> None:
    """It moves by steps, by percent or by seconds of the run, and continues; the clock does not move."""
    assert send(http, name, "advance", steps=5)["steps"] == 5
    assert send(http, name, "advance", percent=10)["steps"] == 9
    assert send(http, name, "advance", seconds=5)["steps"] in (18, 19)
    assert look(http, name)["metadata"]["completedSteps"] in (18, 19)
    assert send(http, name, "advance", steps=1000)["steps"] == 38
    assert "done" not in look(http, name)

    refusal = http.post(f"{OPERATIONS}/{name}:advance", json={"steps": 1})
    assert (refusal.status_code, refusal.get_json()["error"]) == (
        409,
        "This run has completed all 38 steps; finish it.",
    )
    clock.advance(1)
    assert look(http, name)["done"] is True


@pytest.mark.parametrize(
    ("verb", "body", "sentence"),
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
    http: FlaskClient, name: str, verb: str, body: dict[str, Any], sentence: str
) -> None:
    """The answer is a sentence, and the run does not change."""
    answer = http.post(f"{OPERATIONS}/{name}:{verb}", json=body)

    assert (answer.status_code, sentence in answer.get_json()["error"]) == (400, True), answer.text
    assert ok(http.get(f"{OPERATIONS}/{name}"))["pending"] == []


def test_a_run_is_stalled_and_resumed(http: FlaskClient, clock: ManualClock, name: str) -> None:
    """Without a number of seconds the run stalls until a call moves it."""
    clock.advance(10)
    steps = send(http, name, "stall")["steps"]
    clock.advance(1e6)
    assert look(http, name)["metadata"]["completedSteps"] == steps

    send(http, name, "resume")
    clock.advance(5)
    assert look(http, name)["metadata"]["completedSteps"] > steps
    send(http, name, "stall", seconds=100)
    clock.advance(99)
    assert "done" not in look(http, name)
    clock.advance(7)
    assert look(http, name)["done"] is True


@pytest.mark.parametrize(
    ("verb", "body", "result", "state"),
    [
        ("fail", {}, {"code": 13, "message": "The tuning run failed."}, "FAILED"),
        ("fail", {"code": "ABORTED", "message": "No."}, {"code": 10, "message": "No."}, "FAILED"),
        ("cancel", {}, {"code": 1, "message": "The operation was cancelled."}, "ACTIVE"),
        ("finish", {}, None, "ACTIVE"),
    ],
)
def test_a_run_is_ended(
    http: FlaskClient, clock: ManualClock, name: str, verb: str, body: dict[str, Any], result: Any, state: str
) -> None:
    """It fails, is cancelled or succeeds at this moment, and then does not change any more."""
    clock.advance(10)
    run = send(http, name, verb, **body)
    operation = look(http, name)

    assert (run["state"], run["done"], operation["done"], operation.get("error")) == (state, True, True, result)
    assert run["steps"] == len(operation["metadata"]["snapshots"]) == (38 if verb == "finish" else run["steps"])
    for again in (
        http.post(f"{OPERATIONS}/{name}:stall", json={}),
        http.post(f"{OPERATIONS}/{name}:advance", json={"steps": 1}),
        http.put(f"{OPERATIONS}/{name}/script", json=[]),
    ):
        assert again.status_code == 409
        assert again.get_json()["error"].startswith("This run has ended with ")
    clock.advance(100)
    assert look(http, name) == operation


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


def test_a_model_and_a_list_lag(http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]) -> None:
    """The operation is done while the model reads CREATING; a list shows the model later than a get does."""
    run = {"model_lag": 60, "list_lag": 30}
    ok(http.post("/_emulator/faults", json={"method": "tunedModels.create", "run": run}))
    create(http)
    name = ok(http.get(OPERATIONS))["operations"][0]["operation"]
    model = f"/v1beta/{name.partition('/operations')[0]}"
    clock.advance(29)
    assert look(http, name)["response"]["state"] == "ACTIVE"
    assert ok(http.get(model))["state"] == "CREATING"
    assert ok(http.get("/v1beta/tunedModels")) == {}

    clock.advance(1)
    assert ok(http.get("/v1beta/tunedModels"))["tunedModels"] == [ok(http.get(model))]
    clock.advance(60)
    assert ok(http.get(model)) == {k: v for k, v in look(http, name)["response"].items() if k != "@type"}
