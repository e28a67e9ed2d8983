"""Tests get, list, cancel and delete of operations, and the clock that polls move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.clock import Clock, ManualClock, Mode
from tunedmodels_mockserver.core.effects import Error
from tunedmodels_mockserver.core.runs.script import Event
from tunedmodels_mockserver.core.state.worlds import World

from ...conftest import api_error, ok

ALICE = {"Authorization": "Bearer alice@example.com"}
BOB = {"Authorization": "Bearer bob@example.com"}

ASK = {"contents": [{"parts": [{"text": "1"}]}]}
UNKNOWN = ("NOT_FOUND", "Requested entity was not found.")


def start(
    http: FlaskClient, model_id: str = "own", caller: dict[str, str] | None = None, version: str = "v1beta"
) -> Any:
    """Create a tuned model of 15 examples and 38 steps, and return its operation."""
    rows = [{"textInput": str(number), "output": str(number + 1)} for number in range(15)]
    task = {
        "trainingData": {"examples": {"examples": rows}},
        "hyperparameters": {"batchSize": 2, "epochCount": 5, "learningRate": 0.001},
    }
    model = {"displayName": "m", "baseModel": "models/gemini-1.0-pro-001", "tuningTask": task}
    path = f"/{version}/tunedModels?tunedModelId={model_id}"
    return ok(http.post(path, json=model, headers=caller))


def unknown_route(answer: TestResponse) -> bool:
    """Whether the path is one that the service does not know: a page, not an envelope."""
    return answer.status_code == 404 and answer.content_type == "text/html; charset=UTF-8"


def test_an_operation_grows_until_it_is_done(http: FlaskClient, clock: ManualClock) -> None:
    """First no progress, then steps, percent and all snapshots so far; at the end the response, too."""
    operation = start(http)
    path = f"/v1/{operation['name']}"
    assert ok(http.get(path)) == operation
    assert operation.keys() == {"name", "metadata"}
    assert operation["metadata"].keys() == {"@type", "totalSteps", "tunedModel"}

    answers = []
    for _ in range(7):
        clock.advance(3)
        answers.append(ok(http.get(path)))
    for answer in answers[:-1]:
        metadata = answer["metadata"]
        assert answer.keys() == {"name", "metadata"}
        assert [snapshot["step"] for snapshot in metadata["snapshots"]] == [*range(1, metadata["completedSteps"] + 1)]
        assert metadata["completedPercent"] == pytest.approx(100 * metadata["completedSteps"] / 38)
    steps = [answer["metadata"]["completedSteps"] for answer in answers]
    assert steps == sorted(set(steps))
    assert list(answers[-1]) == ["name", "metadata", "done", "response"]
    assert answers[-1]["done"] is True
    assert (steps[-1], answers[-1]["metadata"]["completedPercent"]) == (38, 100)


def test_the_response_is_the_model(http: FlaskClient, clock: ManualClock) -> None:
    """A finished operation has the model as a GET shows it, with a type; snapshots are the same everywhere."""
    name = start(http)["name"]
    clock.advance(30)
    operation = ok(http.get(f"/v1beta/{name}"))
    model = ok(http.get("/v1beta/tunedModels/own"))

    kind = "type.googleapis.com/google.ai.generativelanguage.v1beta.TunedModel"
    assert list(operation["response"].items()) == [("@type", kind), *model.items()]
    assert operation["metadata"]["snapshots"] == model["tuningTask"]["snapshots"]


def test_response_omits_newer_members(http: FlaskClient, clock: ManualClock) -> None:
    """readerProjectNumbers is newer than the first clients, which would refuse the whole answer."""
    operation = start(http)
    ok(http.patch("/v1beta/tunedModels/own", json={"readerProjectNumbers": ["1"]}))
    clock.advance(30)

    assert "readerProjectNumbers" in ok(http.get("/v1beta/tunedModels/own"))
    assert "readerProjectNumbers" not in ok(http.get(f"/v1/{operation['name']}"))["response"]


@pytest.mark.parametrize("version_of_create", ["v1beta", "v1alpha", "v1beta3"])
def test_every_version_shows_the_same_operation(http: FlaskClient, clock: ManualClock, version_of_create: str) -> None:
    """v1, v1beta and v1alpha read each operation, with the types of the creating version (observed)."""
    name = start(http, version=version_of_create)["name"]
    clock.advance(30)
    answers = [http.get(f"/{version}/{name}") for version in ("v1", "v1beta", "v1alpha")]

    assert len({answer.text for answer in answers}) == 1
    operation = ok(answers[0])
    package = f"type.googleapis.com/google.ai.generativelanguage.{version_of_create}"
    assert operation["metadata"]["@type"] == f"{package}.CreateTunedModelMetadata"
    assert operation["response"]["@type"] == f"{package}.TunedModel"
    assert unknown_route(http.get(f"/v1beta3/{name}"))


def test_a_failed_operation_has_an_error(app: Flask, http: FlaskClient, clock: ManualClock) -> None:
    """A failed run ends its operation with the status in gRPC's code; the model cannot be called."""
    name = start(http)["name"]
    store = app.extensions["tunedmodels"].get("").store
    record = store.get("own")
    failure = Event(step=4, fail=Error(code="INTERNAL", message="The training diverged."))
    assert store.replace(record, replace(record, plan=replace(record.plan, script=(failure,))))
    clock.advance(30)
    operation = ok(http.get(f"/v1/{name}"))

    assert list(operation) == ["name", "metadata", "done", "error"]
    assert operation["error"] == {"code": 13, "message": "The training diverged."}
    assert operation["metadata"]["completedSteps"] == len(operation["metadata"]["snapshots"]) == 4
    call = http.post("/v1beta/tunedModels/own:generateContent", json=ASK)
    assert api_error(call) == ("INVALID_ARGUMENT", "Tuned model tunedModels/own is not ready to use.")


def test_cancelled_run_keeps_its_steps(http: FlaskClient, clock: ManualClock) -> None:
    """The operation ends with code 1; the model stays, can be called, and keeps its steps."""
    name = start(http)["name"]
    clock.advance(10)
    before = ok(http.get(f"/v1/{name}"))
    assert ok(http.post(f"/v1/{name}:cancel")) == {}
    operation = ok(http.get(f"/v1/{name}"))
    clock.advance(60)

    assert operation["error"] == {"code": 1, "message": "The operation was cancelled."}
    assert operation["metadata"] == before["metadata"]
    assert ok(http.get(f"/v1/{name}")) == operation
    model = ok(http.get("/v1beta/tunedModels/own"))
    assert model["state"] == "ACTIVE"
    assert model["tuningTask"]["snapshots"] == before["metadata"]["snapshots"]
    assert ok(http.post("/v1beta/tunedModels/own:generateContent", json=ASK))["candidates"]


def test_run_in_the_queue_can_be_cancelled(http: FlaskClient, clock: ManualClock) -> None:
    """The model has neither a start time nor steps."""
    name = start(http)["name"]
    ok(http.post(f"/v1/{name}:cancel", json={}))
    clock.advance(60)

    assert ok(http.get(f"/v1/{name}"))["error"]["code"] == 1
    assert ok(http.get("/v1beta/tunedModels/own"))["tuningTask"].keys() == {"completeTime", "hyperparameters"}


def test_only_the_first_cancel_counts(http: FlaskClient, clock: ManualClock) -> None:
    """A cancel of an ended run is no error and changes nothing."""
    first, second = start(http, "first")["name"], start(http, "second")["name"]
    clock.advance(10)
    ok(http.post(f"/v1/{first}:cancel"))
    clock.advance(30)
    operations = [ok(http.get(f"/v1/{name}")) for name in (first, second)]

    assert [ok(http.post(f"/v1/{name}:cancel")) for name in (first, second)] == [{}, {}]
    assert [ok(http.get(f"/v1/{name}")) for name in (first, second)] == operations
    assert [list(operation)[-1] for operation in operations] == ["error", "response"]


def test_only_v1_cancels(http: FlaskClient, strict_http: FlaskClient) -> None:
    """In other versions the route is an allowance with a note; so is :cancel on the model itself."""
    name = start(http)["name"]
    assert start(strict_http)["name"] == name

    for path, allowance in [
        (f"/v1beta/{name}:cancel", "cancel-beta"),
        (f"/v1alpha/{name}:cancel", "cancel-beta"),
        ("/v1/tunedModels/own:cancel", "cancel-model"),
        ("/v1beta/tunedModels/own:cancel", "cancel-model"),
    ]:
        answer = http.post(path)
        assert ok(answer) == {}
        assert answer.headers["X-Tunedmodels-Note"].startswith(f"{allowance}: ")
        assert unknown_route(strict_http.post(path))
    assert ok(http.get(f"/v1/{name}"))["error"]["code"] == 1
    assert "done" not in ok(strict_http.get(f"/v1/{name}"))


@pytest.mark.parametrize("name", ["own/operations/x", "none/operations/abcdefghijkl"])
def test_an_unknown_operation(http: FlaskClient, name: str) -> None:
    """Without the operation or the model, get and cancel answer the generic wording (invented)."""
    start(http)

    assert api_error(http.get(f"/v1/tunedModels/{name}")) == UNKNOWN
    assert api_error(http.post(f"/v1/tunedModels/{name}:cancel")) == UNKNOWN


def test_operation_needs_a_role_for_its_model(http: FlaskClient) -> None:
    """A caller without a role gets an error; a reader can get the operation, a writer can also cancel it."""
    name = start(http, caller=ALICE)["name"]
    forbidden = ("PERMISSION_DENIED", "You do not have permission to access tuned model tunedModels/own.")

    def bob(role: str) -> list[int]:
        if role:
            grant = {"emailAddress": "bob@example.com", "role": role}
            http.delete("/v1beta/tunedModels/own/permissions/" + bobs_id(), headers=ALICE)
            ok(http.post("/v1beta/tunedModels/own/permissions", json=grant, headers=ALICE))
        get, cancel = http.get(f"/v1/{name}", headers=BOB), http.post(f"/v1/{name}:cancel", headers=BOB)
        assert all(api_error(answer) == forbidden for answer in (get, cancel) if answer.status_code != 200)
        return [get.status_code, cancel.status_code]

    def bobs_id() -> str:
        grants = ok(http.get("/v1beta/tunedModels/own/permissions", headers=ALICE))["permissions"]
        return str(grants[-1]["name"].rpartition("/")[2])

    assert {role: bob(role) for role in ("", "READER", "WRITER")} == {
        "": [403, 403],
        "READER": [200, 403],
        "WRITER": [200, 200],
    }


def test_a_model_has_one_operation(http: FlaskClient, clock: ManualClock) -> None:
    """The list under a model has its operation as a GET shows it, at any time."""
    name = start(http)["name"]
    start(http, "other")

    for _ in range(3):
        clock.advance(10)
        page = {"operations": [ok(http.get(f"/v1/{name}"))]}
        for query in ("", "?filter=done=true&pageSize=1", "?returnPartialSuccess=true"):
            for version in ("v1", "v1beta", "v1alpha"):
                assert ok(http.get(f"/{version}/tunedModels/own/operations{query}")) == page


def test_operations_of_a_missing_model(http: FlaskClient) -> None:
    """The list has the error of the model: missing, or forbidden."""
    start(http, caller=ALICE)

    missing, foreign = (http.get(f"/v1beta/tunedModels/{model}/operations") for model in ("none", "own"))
    assert api_error(missing) == ("NOT_FOUND", "Tuned model tunedModels/none does not exist.")
    text = "You do not have permission to access tuned model tunedModels/own."
    assert api_error(foreign) == ("PERMISSION_DENIED", text)


def test_v1_lists_all_operations_of_the_caller(http: FlaskClient) -> None:
    """/v1/operations has those of the models that the caller has a role for by name, in pages."""
    assert ok(http.get("/v1/operations")) == {}
    names = [start(http, model, ALICE)["name"] for model in ("a", "b", "c")]
    start(http, "x", BOB)
    everyone = {"granteeType": "EVERYONE", "role": "READER"}
    ok(http.post("/v1beta/tunedModels/x/permissions", json=everyone, headers=BOB))

    first = ok(http.get("/v1/operations?pageSize=2", headers=ALICE))
    rest = ok(http.get(f"/v1/operations?pageSize=2&pageToken={first['nextPageToken']}", headers=ALICE))
    assert [operation["name"] for page in (first, rest) for operation in page["operations"]] == names
    assert "nextPageToken" not in rest
    assert all(unknown_route(http.get(f"/{version}/operations")) for version in ("v1beta", "v1alpha", "v1beta3"))


def test_pages_of_operations_are_checked(http: FlaskClient) -> None:
    """A token of another list and a negative size are refused (invented words)."""
    for model in ("a", "b"):
        start(http, model)
    token = ok(http.get("/v1beta/tunedModels?pageSize=1"))["nextPageToken"]

    foreign = http.get(f"/v1/operations?pageToken={token}")
    assert api_error(foreign) == ("INVALID_ARGUMENT", f"Invalid page token: {token}")
    negative = http.get("/v1/tunedModels/a/operations?pageSize=-1")
    assert api_error(negative) == ("INVALID_ARGUMENT", "page_size must not be negative.")


def test_operations_cannot_be_deleted(http: FlaskClient) -> None:
    """501 for a tuned model's operation; other names do not exist."""
    name = start(http)["name"]
    not_served = ("UNIMPLEMENTED", "Deleting the operation of a tuned model is not implemented.")

    assert api_error(http.delete(f"/v1beta/{name}")) == not_served
    for other in ("foo", "foo/operations/bar", "tunedModels", name):
        assert api_error(http.delete(f"/v1/operations/{other}")) == UNKNOWN
    assert unknown_route(http.delete("/v1beta/operations/x"))
    assert ok(http.get(f"/v1/{name}"))["name"] == name


def polled() -> tuple[FlaskClient, World]:
    app = create_app(Settings(seed=1, clock=Clock(Mode.POLLING, moment=1_722_000_000_000_000_000)))
    return app.test_client(), app.extensions["tunedmodels"].get("")


@pytest.mark.parametrize("of", ["operation", "model"])
def test_polling_clock_finishes_a_run_in_ten_polls(of: str) -> None:
    """Each poll moves the clock by a tenth of the run: growing progress, then the end."""
    http, world = polled()
    name = start(http)["name"]
    path = f"/v1/{name}" if of == "operation" else "/v1beta/tunedModels/own"

    def steps(answer: Any) -> int:
        return len(answer.get("metadata", answer.get("tuningTask")).get("snapshots", []))

    looks = [ok(http.get(path)) for _ in range(10)]
    counts = [steps(look) for look in looks]
    assert counts == sorted(set(counts))
    assert counts[0] > 0
    assert counts[-1] == 38
    ends = [look.get("done", False) or look.get("state") == "ACTIVE" for look in looks]
    assert ends == [False] * 9 + [True]

    moment = world.now()
    ok(http.get(path))
    assert world.now() == moment


def test_list_is_not_a_poll() -> None:
    """Lists of models and operations, and all other calls, do not move the polling clock."""
    http, world = polled()
    moment = world.now()
    name = start(http)["name"]
    for path in ("/v1beta/tunedModels", "/v1beta/tunedModels/own/operations", "/v1/operations", "/v1/models"):
        ok(http.get(path))
    http.post("/v1beta/tunedModels/own:generateContent", json=ASK)

    assert world.now() == moment
    assert "completedSteps" in ok(http.get(f"/v1/{name}"))["metadata"]
