"""Tests get, list, patch and delete of tuned models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tunedmodels_mockserver.core.clock import ManualClock
from tunedmodels_mockserver.core.state.memory import MemoryStore

from ...conftest import api_error, ok

ALICE = {"Authorization": "Bearer alice@example.com"}
BOB = {"Authorization": "Bearer bob@example.com"}

FORBIDDEN = ("PERMISSION_DENIED", "You do not have permission to access tuned model tunedModels/own.")
INVALID = ("INVALID_ARGUMENT", "Request contains an invalid argument.")


def make(http: FlaskClient, model_id: str, caller: dict[str, str] | None = None, **members: Any) -> None:
    """Create a tuned model of 15 examples and 38 steps."""
    rows = [{"textInput": str(number), "output": str(number + 1)} for number in range(15)]
    task = {"trainingData": {"examples": {"examples": rows}}, "hyperparameters": {"batchSize": 2}}
    model = {"baseModel": "models/gemini-1.5-flash-001-tuning", "tuningTask": task, **members}
    ok(http.post("/v1beta/tunedModels", query_string={"tunedModelId": model_id}, json=model, headers=caller))


def share(http: FlaskClient, model_id: str, caller: dict[str, str], **permission: str) -> None:
    ok(http.post(f"/v1beta/tunedModels/{model_id}/permissions", json=permission, headers=caller))


def ids(page: dict[str, Any]) -> list[str]:
    return [model["name"].removeprefix("tunedModels/") for model in page.get("tunedModels", [])]


def test_a_model_in_the_queue_has_not_started(http: FlaskClient, clock: ManualClock) -> None:
    """It has no startTime before the run starts; nothing else changes then."""
    make(http, "own")
    queued = ok(http.get("/v1beta/tunedModels/own"))
    clock.advance(0.5)
    started = ok(http.get("/v1beta/tunedModels/own"))

    assert "startTime" not in queued["tuningTask"]
    start = started["tuningTask"].pop("startTime")
    assert started == queued
    assert start > queued["createTime"]


def test_a_model_in_training_shows_its_progress(http: FlaskClient, clock: ManualClock) -> None:
    """The snapshots so far, an updateTime just after the last one, and no completeTime."""
    make(http, "own")
    clock.advance(10)
    early = ok(http.get("/v1beta/tunedModels/own"))
    clock.advance(5)
    late = ok(http.get("/v1beta/tunedModels/own"))

    assert early["state"] == late["state"] == "CREATING"
    assert early["createTime"] < early["updateTime"] < late["updateTime"]
    before, after = early["tuningTask"]["snapshots"], late["tuningTask"]["snapshots"]
    assert 0 < len(before) < len(after) < 38
    assert after[: len(before)] == before
    assert before[-1]["computeTime"] < early["updateTime"]
    assert "completeTime" not in late["tuningTask"]


def test_an_active_model_is_complete(http: FlaskClient, clock: ManualClock) -> None:
    """All snapshots, the last before completeTime, which is updateTime; nothing changes any more."""
    make(http, "own")
    clock.advance(30)
    model = ok(http.get("/v1beta/tunedModels/own"))

    task = model["tuningTask"]
    assert model["state"] == "ACTIVE"
    assert [snapshot["step"] for snapshot in task["snapshots"]] == list(range(1, 39))
    assert task["snapshots"][-1]["computeTime"] < task["completeTime"] == model["updateTime"]
    clock.advance(3600)
    assert ok(http.get("/v1beta/tunedModels/own")) == model


@pytest.mark.parametrize("version", ["v1beta", "v1alpha", "v1beta3"])
def test_a_missing_model(http: FlaskClient, version: str) -> None:
    """Get, patch and delete name the missing model in the observed words."""
    path = f"/{version}/tunedModels/gone"
    answers = [http.get(path), http.patch(f"{path}?updateMask=description", json={}), http.delete(path)]

    assert {api_error(answer) for answer in answers} == {("NOT_FOUND", "Tuned model tunedModels/gone does not exist.")}


def test_a_list_has_whole_models_in_order_of_creation(http: FlaskClient, clock: ManualClock) -> None:
    """Ten models for each page by default, each as a GET shows it; the last page has no token."""
    names = [f"m{number}" for number in range(11, 0, -1)]
    for name in names:
        make(http, name)
        clock.advance(3)

    page = ok(http.get("/v1beta/tunedModels"))
    assert ids(page) == names[:10]
    assert page["tunedModels"] == [ok(http.get(f"/v1beta/tunedModels/{name}")) for name in names[:10]]
    rest = ok(http.get("/v1beta/tunedModels", query_string={"pageToken": page["nextPageToken"]}))
    assert ids(rest) == names[10:]
    assert "nextPageToken" not in rest


@pytest.mark.parametrize(("size", "pages"), [(1, 5), (2, 3), (5, 1), (6, 1)])
def test_pages_of_any_size_show_every_model_once(http: FlaskClient, size: int, pages: int) -> None:
    """Tokens lead through the whole list, and a full last page ends it."""
    for name in "abcde":
        make(http, name)

    names, token, count = [], "", 0
    while count == 0 or token:
        page = ok(http.get("/v1beta/tunedModels", query_string={"page_size": size, "page_token": token}))
        names += ids(page)
        token = page.get("nextPageToken", "")
        count += 1
    assert (names, count) == (list("abcde"), pages)


def test_a_page_has_a_thousand_models_at_most(app: Flask, http: FlaskClient) -> None:
    """A larger page size is no error (documented)."""
    make(http, "own")
    store = app.extensions["tunedmodels"].get("").store
    record = store.get("own")
    for number in range(2, 1003):
        store.insert(replace(record, id=f"m{number}", sequence=number))

    page = ok(http.get("/v1beta/tunedModels?pageSize=5000&fields=tunedModels.name,nextPageToken"))
    assert len(page["tunedModels"]) == 1000
    assert page["nextPageToken"]


def test_pages_are_stable_if_models_change(http: FlaskClient) -> None:
    """A deletion does not shift the next page, not even of the last model shown; a new model comes last."""
    for name in "abcd":
        make(http, name)
    page = ok(http.get("/v1beta/tunedModels?pageSize=2"))
    http.delete("/v1beta/tunedModels/a")
    http.delete("/v1beta/tunedModels/b")
    make(http, "e")

    rest = ok(http.get("/v1beta/tunedModels", query_string={"pageToken": page["nextPageToken"]}))
    assert ids(rest) == ["c", "d", "e"]


def test_page_token_is_for_one_list(http: FlaskClient) -> None:
    """Another page size is valid; another filter or caller and an invalid token are refused (invented words)."""
    for name in "ab":
        make(http, name, ALICE)
    token = ok(http.get("/v1beta/tunedModels?pageSize=1", headers=ALICE))["nextPageToken"]

    def second(caller: dict[str, str], **query: Any) -> TestResponse:
        return http.get("/v1beta/tunedModels", query_string={"pageToken": token, **query}, headers=caller)

    assert ids(ok(second(ALICE, pageSize=9))) == ["b"]
    answers = [second(ALICE, filter="owner:me"), second(BOB)]
    assert {api_error(answer) for answer in answers} == {("INVALID_ARGUMENT", f"Invalid page token: {token}")}
    made_up = http.get("/v1beta/tunedModels?pageToken=Ghdl")
    assert api_error(made_up) == ("INVALID_ARGUMENT", "Invalid page token: Ghdl")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "own ownpublic written read"),
        ("owner:me", "own ownpublic"),
        ("writers:me", "own ownpublic written"),
        ("readers:me", "own ownpublic written read"),
        ("readers:everyone", "ownpublic public"),
        ("readers:everyone owner:me", "ownpublic"),
        ("numbers", "own written"),
        ("COUNTING", "own"),
        ("counting numbers", "own"),
        ('"counting numbers"', ""),
        ('"numbers, counting up"', "own"),
        ("numbers owner:me", "own"),
        ("numbers readers:everyone", "public"),
        ("colours", ""),
        ('displayName="letters"', "read"),
        ('displayName = "letters"', "read"),
        ('display_name="letters"', "read"),
        ('displayName= "Numbers, counting up"', "own"),
        ('displayName="Numbers, counting"', ""),
        ('displayName="numbers, counting up"', ""),
        ('displayName="numbers for all"', ""),
        ('readers:everyone displayName="numbers for all"', "public"),
        ('displayName="letters" owner:me', ""),
        ("displayName=letters", ""),
    ],
)
def test_filters(http: FlaskClient, text: str, expected: str) -> None:
    """Operators use the caller's own roles, words the display name and description; displayName matches whole."""
    make(http, "own", ALICE, displayName="Numbers, counting up")
    make(http, "ownpublic", ALICE)
    make(http, "written", BOB, description="some numbers")
    make(http, "read", BOB, displayName="letters")
    make(http, "public", BOB, displayName="numbers for all")
    make(http, "hidden", BOB, displayName="numbers for nobody")
    share(http, "ownpublic", ALICE, granteeType="EVERYONE", role="READER")
    share(http, "written", BOB, emailAddress="alice@example.com", role="WRITER")
    share(http, "read", BOB, emailAddress="alice@example.com", role="READER")
    share(http, "public", BOB, granteeType="EVERYONE", role="READER")

    page = ok(http.get("/v1beta/tunedModels", query_string={"filter": text}, headers=ALICE))
    assert " ".join(ids(page)) == expected


@pytest.mark.parametrize("text", ["owner:you", "readers:", "words writers:everyone"])
def test_a_filter_with_an_unknown_operand(http: FlaskClient, text: str) -> None:
    """The operators accept ``me``, and readers ``everyone``; others are refused (invented words)."""
    answer = http.get("/v1beta/tunedModels", query_string={"filter": text})

    finding = f"* ListTunedModelsRequest.filter: unknown operand in `{text.rpartition(' ')[2]}`\n"
    assert api_error(answer) == ("INVALID_ARGUMENT", finding)


def test_reader_project_can_read(http: FlaskClient) -> None:
    """A caller who bills one of readerProjectNumbers can read and list the model, and nothing more."""
    make(http, "own", ALICE, readerProjectNumbers=["123"])
    project = {**BOB, "X-Goog-User-Project": "123"}

    assert ids(ok(http.get("/v1beta/tunedModels", headers=project))) == ["own"]
    assert ok(http.get("/v1beta/tunedModels/own", headers=project))["readerProjectNumbers"] == ["123"]
    assert api_error(http.delete("/v1beta/tunedModels/own", headers=project)) == FORBIDDEN
    other = {**BOB, "X-Goog-User-Project": "124"}
    assert api_error(http.get("/v1beta/tunedModels/own", headers=other)) == FORBIDDEN


CHANGES = {"displayName": "new", "description": "text", "temperature": 0.5, "topP": 0, "topK": 7}


def patch(http: FlaskClient, body: dict[str, Any], mask: str | None = None, version: str = "v1beta") -> TestResponse:
    query = {} if mask is None else {"updateMask": mask}
    return http.patch(f"/{version}/tunedModels/own", json=body, query_string=query)


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("displayName,description", {"displayName": "new", "description": "text"}),
        ("description,display_name", {"displayName": "new", "description": "text"}),
        ("temperature", {"temperature": 0.5}),
        ("topP, top_k", {"topP": 0, "topK": 7}),
        ("*", {**CHANGES, "readerProjectNumbers": ["5", "6"]}),
        (None, {**CHANGES, "readerProjectNumbers": ["5", "6"]}),
        ("", {**CHANGES, "readerProjectNumbers": ["5", "6"]}),
        ("readerProjectNumbers", {"readerProjectNumbers": ["5", "6"]}),
        ("state,name,updateTime", {}),
        ("state,topK", {"topK": 7}),
    ],
)
def test_patch_returns_the_members_of_the_mask(http: FlaskClient, mask: str | None, expected: dict[str, Any]) -> None:
    """Only masked members are written and answered (observed twice); without a mask, all mutable ones."""
    make(http, "own", displayName="old", temperature=0.25)
    before = ok(http.get("/v1beta/tunedModels/own"))

    answer = ok(patch(http, {**CHANGES, "readerProjectNumbers": ["5", 6]}, mask))
    assert list(answer.items()) == list(expected.items())
    assert ok(http.get("/v1beta/tunedModels/own")) == {**before, **expected}


def test_patch_accepts_the_whole_model(http: FlaskClient, clock: ManualClock) -> None:
    """google-generativeai patches with the whole model: immutable members are ignored, updateTime stays."""
    make(http, "own")
    clock.advance(30)
    model = ok(http.get("/v1beta/tunedModels/own"))
    clock.advance(30)

    request = {**model, "state": 1, "updateTime": "2020-01-01T00:00:00Z", "description": "This is my model."}
    answer = ok(patch(http, request, "description"))
    assert answer == {"description": "This is my model."}
    assert ok(http.get("/v1beta/tunedModels/own")) == {**model, **answer}
    assert ok(patch(http, request)).keys() == {"description", "temperature", "topP", "topK"}


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("displayName,description", {"temperature": 0.25}),
        ("temperature", {"displayName": "old", "description": "text", "temperature": 1}),
    ],
)
def test_a_masked_member_that_is_missing_is_cleared(http: FlaskClient, mask: str, expected: dict[str, Any]) -> None:
    """Texts become empty, sampling values those of the base model."""
    make(http, "own", displayName="old", description="text", temperature=0.25)

    ok(patch(http, {}, mask))
    model = ok(http.get("/v1beta/tunedModels/own"))
    texts = {"displayName", "description", "temperature"}
    assert {name: model[name] for name in model if name in texts} == expected


@pytest.mark.parametrize(
    ("mask", "refusal"),
    [
        ("baseModel", INVALID),
        ("displayName,base_model", INVALID),
        ("tuningTask", INVALID),
        ("tuning_task.hyperparameters.epoch_count", INVALID),
        ("tunedModelSource", INVALID),
        *(
            (
                mask,
                (
                    "INVALID_ARGUMENT",
                    f"Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), \"{path}\"",
                ),
            )
            for mask, path in [
                ("nothing", "nothing"),
                ("displayName,no.thing", "no.thing"),
                ("displayName.x", "displayName.x"),
                ("tuningTask.x", "tuningTask.x"),
            ]
        ),
    ],
)
def test_invalid_masks(http: FlaskClient, mask: str, refusal: tuple[str, str]) -> None:
    """Immutable members and unknown paths (invented wordings); nothing else of the mask is written."""
    make(http, "own", displayName="old")

    assert api_error(patch(http, CHANGES, mask)) == refusal
    assert ok(http.get("/v1beta/tunedModels/own"))["displayName"] == "old"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"displayName": "語" * 14}, "Request contains an invalid argument."),
        (
            {"temperature": 1.5},
            "* UpdateTunedModelRequest.tuned_model.temperature: temperature must be in the range [0.0, 1.0]\n",
        ),
        ({"topP": -1}, "* UpdateTunedModelRequest.tuned_model.top_p: top_p must be in the range [0.0, 1.0]\n"),
        ({"topK": -1}, "* UpdateTunedModelRequest.tuned_model.top_k: top_k must not be negative\n"),
    ],
)
def test_invalid_values(http: FlaskClient, body: dict[str, Any], message: str) -> None:
    """A patch checks the members of its mask like a create call."""
    make(http, "own")

    assert api_error(patch(http, body)) == ("INVALID_ARGUMENT", message)
    assert ok(patch(http, body, "description")) == {}


def test_v1beta3_requires_a_mask(http: FlaskClient) -> None:
    """The mask became optional in v1beta."""
    make(http, "own")

    missing = "* UpdateTunedModelRequest.update_mask: update_mask is not specified\n"
    assert api_error(patch(http, CHANGES, version="v1beta3")) == ("INVALID_ARGUMENT", missing)
    assert ok(patch(http, CHANGES, "description", version="v1beta3")) == {"description": "text"}


def test_delete_removes_operation_and_permissions(http: FlaskClient) -> None:
    """The id can be used again."""
    make(http, "own")
    operation = ok(http.get("/v1/operations"))["operations"][0]["name"]
    assert ok(http.delete("/v1beta/tunedModels/own", json={})) == {}

    missing = ("NOT_FOUND", "Tuned model tunedModels/own does not exist.")
    assert api_error(http.get("/v1beta/tunedModels/own")) == missing
    assert api_error(http.get("/v1beta/tunedModels/own/permissions")) == missing
    assert api_error(http.get("/v1/tunedModels/own/operations")) == missing
    assert api_error(http.get(f"/v1/{operation}")) == ("NOT_FOUND", "Requested entity was not found.")
    assert ok(http.get("/v1beta/tunedModels")) == ok(http.get("/v1/operations")) == {}
    make(http, "own")
    assert ok(http.get("/v1/operations"))["operations"][0]["name"] != operation


def test_colliding_change_is_repeated(http: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller does not notice that another change came first."""
    make(http, "own")
    replace_once = MemoryStore.replace
    collisions = iter([False, False])

    def collide(*arguments: Any) -> bool:
        return next(collisions, True) and replace_once(*arguments)

    monkeypatch.setattr(MemoryStore, "replace", collide)
    assert ok(patch(http, {"description": "x"})) == {"description": "x"}
    assert next(collisions, None) is None
    assert ok(http.get("/v1beta/tunedModels/own"))["description"] == "x"


def test_endless_collisions_are_an_error(http: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error asks the client to retry (invented)."""
    make(http, "own")
    for name in ("replace", "delete"):
        monkeypatch.setattr(MemoryStore, name, lambda *_: False)

    aborted = ("ABORTED", "The tuned model was changed concurrently. Please try again.")
    assert api_error(patch(http, {"description": "x"})) == aborted
    assert api_error(http.delete("/v1beta/tunedModels/own")) == aborted
