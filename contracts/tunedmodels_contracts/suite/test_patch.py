"""These clauses check which members a patch can change, how it uses its mask, and what the answer shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import ObservedRun

PATCH, GET = "tunedModels.patch", "tunedModels.get"
INVALID = "400 INVALID_ARGUMENT"


@pytest.fixture
def path(api: Api, scratch_run: ObservedRun) -> str:
    """The path of a model with known texts."""
    initial_texts = {"displayName": "Before", "description": "As it was."}
    api.patch(f"v1beta/{scratch_run.name}", initial_texts, {"updateMask": "displayName,description"}).ok()
    return f"v1beta/{scratch_run.name}"


def _model_texts(api: Api, path: str) -> list[Any]:
    model = api.get(path).ok()
    return [model.get("displayName"), model.get("description")]


@clause("patch/answers-with-the-masked-members", PATCH, cost=Cost.TUNING)
def test_answers_with_the_masked_members(api: Api, path: str) -> None:
    """The answer has the members in the mask and no others, not even the name. Observed in 2023 and 2024."""
    request_body = {"description": "My next sequence predictor", "displayName": "Sentence Translator"}
    answer = api.patch(path, request_body, {"updateMask": "displayName,description"}).ok()

    assert list(answer.items()) == [
        ("displayName", "Sentence Translator"),
        ("description", "My next sequence predictor"),
    ]


@clause("patch/writes-the-masked-members", PATCH, GET, cost=Cost.TUNING)
def test_writes_the_masked_members(api: Api, path: str) -> None:
    """A patch writes the members in the mask and keeps all others. Documented."""
    api.patch(path, {"displayName": "After", "description": "Not meant."}, {"updateMask": "displayName"}).ok()

    assert _model_texts(api, path) == ["After", "As it was."]


@clause("patch/spellings-of-a-mask", PATCH, GET, cost=Cost.TUNING)
@pytest.mark.parametrize("mask", ["displayName,description", "display_name,description"])
def test_spellings_of_a_mask(api: Api, path: str, mask: str) -> None:
    """A mask can spell members as JSON or as protobuf does. Documented; clients send both."""
    api.patch(path, {"displayName": "After", "description": "New."}, {"updateMask": mask}).ok()

    assert _model_texts(api, path) == ["After", "New."]


@clause("patch/commas-of-a-mask", PATCH, GET, cost=Cost.TUNING)
@pytest.mark.parametrize("comma", [",", "%2C", "%2c"])
def test_commas_of_a_mask(api: Api, path: str, comma: str) -> None:
    """The commas of a mask can be percent-encoded. Seen in two ways of Google's own clients."""
    request_body = {"displayName": "After", "description": "New."}
    api.patch(f"{path}?updateMask=display_name{comma}description", request_body, verbatim=True).ok()

    assert _model_texts(api, path) == ["After", "New."]


@clause("patch/without-a-mask", PATCH, GET, cost=Cost.TUNING)
def test_without_a_mask(api: Api, path: str) -> None:
    """Without a mask, a patch writes the members in the body. Inferred: Google's own client of 2025 sends none."""
    api.patch(path, {"displayName": "After", "description": "New."}).ok()

    assert _model_texts(api, path) == ["After", "New."]


@clause("patch/without-a-mask-other-members-stay", PATCH, GET, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_without_a_mask_other_members_stay(api: Api, path: str) -> None:
    """Without a mask, a patch keeps the members that the body omits. Inferred from the rules for Google's APIs."""
    api.patch(path, {"displayName": "After"}).ok()

    assert _model_texts(api, path) == ["After", "As it was."]


@clause("patch/omitted-members-are-cleared", PATCH, GET, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_omitted_members_are_cleared(api: Api, path: str) -> None:
    """A patch clears a member that the mask names and the body omits. Inferred from the rules for Google's APIs."""
    api.patch(path, {}, {"updateMask": "description"}).ok()

    assert _model_texts(api, path) == ["Before", None]


@clause("patch/members-that-can-change", PATCH, GET, cost=Cost.TUNING)
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("displayName", "Changed"),
        ("description", "Changed."),
        ("temperature", 0.25),
        ("temperature", 0),
        ("topP", 0.5),
        ("topK", 7),
        ("readerProjectNumbers", ["123", "456"]),
    ],
)
def test_members_that_can_change(api: Api, path: str, member: str, value: Any) -> None:
    """A patch can change texts, sampling values and reader projects. Documented: no other member can change."""
    answer = api.patch(path, {member: value}, {"updateMask": member}).ok()

    assert answer == {member: value}
    assert api.get(path).ok()[member] == value


@clause("patch/does-not-count-as-an-update", PATCH, GET, cost=Cost.TUNING)
def test_does_not_count_as_an_update(api: Api, path: str, scratch_run: ObservedRun) -> None:
    """A new description does not change the update time. Observed in 2023."""
    api.patch(path, {"description": "New."}, {"updateMask": "description"}).ok()

    assert api.get(path).ok()["updateTime"] == scratch_run.model["tuningTask"]["completeTime"]


@clause("patch/a-whole-model-may-be-sent", PATCH, GET, cost=Cost.TUNING)
def test_a_whole_model_may_be_sent(api: Api, path: str, scratch_run: ObservedRun) -> None:
    """A patch can send a whole model, with its state as a number, because the service ignores members that only it can
    set. Documented; google-generativeai sends such bodies.
    """
    request_body = {**scratch_run.model, "state": 1, "description": "New."}
    del request_body["name"]
    answer = api.patch(path, request_body, {"updateMask": "description"}).ok()

    assert answer == {"description": "New."}
    assert api.get(path).ok()["state"] == "ACTIVE"


@clause("patch/constant-members", PATCH, GET, cost=Cost.TUNING)
@pytest.mark.parametrize(
    ("mask", "request_body"),
    [
        ("baseModel", {"baseModel": "models/other"}),
        ("state", {"state": "FAILED"}),
        ("name", {"name": "tunedModels/other"}),
    ],
)
def test_constant_members(api: Api, path: str, mask: str, request_body: dict[str, str]) -> None:
    """Name, base model and state never change, whatever the mask names and the answer says. Documented."""
    model = api.get(path).ok()
    api.patch(path, request_body, {"updateMask": mask})

    assert api.get(path).ok() == model


@clause("patch/v1beta3-needs-a-mask", PATCH, outcome=INVALID, level=Level.OPTIONAL, cost=Cost.TUNING)
def test_v1beta3_needs_a_mask(api: Api, path: str) -> None:
    """Version v1beta3 refuses a patch without a mask. Documented for that version alone."""
    api.patch(path.replace("v1beta", "v1beta3"), {"description": "New."}).assert_error(400, "INVALID_ARGUMENT")


@clause("patch/display-name-too-long", PATCH, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_display_name_too_long(api: Api, path: str) -> None:
    """The service refuses a display name of more than forty bytes. Observed for create, inferred here."""
    answer = api.patch(path, {"displayName": "ž" * 21}, {"updateMask": "displayName"})

    answer.assert_error(400, "INVALID_ARGUMENT")
    assert _model_texts(api, path)[0] == "Before"


@clause("patch/sampling-out-of-range", PATCH, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize(("member", "value"), [("temperature", -0.5), ("temperature", 2.5), ("topP", 1.5)])
def test_sampling_out_of_range(api: Api, path: str, member: str, value: float) -> None:
    """The service refuses sampling values that are out of range. The ranges are documented, the refusal is inferred."""
    api.patch(path, {member: value}, {"updateMask": member}).assert_error(400, "INVALID_ARGUMENT")


@clause("patch/missing-model", PATCH, outcome="404 NOT_FOUND", level=Level.RECOMMENDED, cost=Cost.FREE)
def test_missing_model(api: Api, new_id: Callable[[], str]) -> None:
    """A model that does not exist cannot be changed. Inferred from get."""
    answer = api.patch(f"v1beta/tunedModels/{new_id()}", {"description": "New."}, {"updateMask": "description"})

    answer.assert_error(404, "NOT_FOUND")


@clause(
    "patch/model-of-another-user",
    PATCH,
    outcome="403 PERMISSION_DENIED",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_model_of_another_user(api: Api, foreign_model: str) -> None:
    """A user cannot change another user's model. Documented by the roles."""
    answer: Answer = api.patch(f"v1beta/{foreign_model}", {"description": "New."}, {"updateMask": "description"})

    answer.assert_error(403, "PERMISSION_DENIED")
