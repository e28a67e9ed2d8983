"""Tests the faults of each preset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock
from tunedmodels_mockserver.core.faults.armed_faults import arm
from tunedmodels_mockserver.core.faults.presets import PRESETS, preset, read_faults
from tunedmodels_mockserver.core.strict_input import BadInput

from ...conftest import api_error, ok

PROMPT = {"contents": [{"parts": [{"text": "1"}]}]}


def arm_preset(http: FlaskClient, name: str) -> None:
    ok(http.post("/_emulator/faults", json={"preset": name}))


def test_all_presets_can_be_armed_together() -> None:
    """Their ids differ, and none of them has to fire."""
    faults = [fault for group in PRESETS.values() for fault in group]

    assert len(arm((), faults, 0, 0)) == len(faults)
    assert not any(fault.required for fault in faults)


def test_an_unknown_preset_is_refused() -> None:
    """The sentence has the nearest preset and the known ones."""
    with pytest.raises(
        BadInput, match=r"There is no preset 'falky'; the nearest is flaky. Known presets are quota, flaky,"
    ):
        preset("falky")


def test_a_list_may_mix_faults_and_presets() -> None:
    """The error names the place of the bad fault in the list."""
    assert [fault.kind for fault in read_faults([{"reset": True}, {"preset": "withdrawn"}])] == ["reset", "withdrawn"]

    with pytest.raises(BadInput, match=r"Fault 2 of the list: There is no member 'rest'; the nearest is reset."):
        read_faults([{"reset": True}, {"rest": True}])


def test_flaky_fails_some_calls(http: FlaskClient) -> None:
    """About a fifth of the calls fail, in three ways; the seed decides which."""
    arm_preset(http, "flaky")
    statuses = set()
    failed = 0
    for _ in range(100):
        try:
            status = http.get("/v1beta/models/gemini-pro").status_code
        except ConnectionResetError:
            status = 0
        statuses.add(status)
        failed += status != 200

    assert statuses == {200, 500, 503, 0}
    assert 8 <= failed <= 35


def test_overloaded_generates_nothing(http: FlaskClient, active: str) -> None:
    """Every prompt gets 503, whole or as a stream; all other calls work."""
    arm_preset(http, "overloaded")

    for verb in ("generateContent", "streamGenerateContent"):
        answer: Any = http.post(f"/v1beta/{active}:{verb}", json=PROMPT)
        assert answer.status_code == 503
        assert "The model is overloaded. Please try again later." in answer.text
    ok(http.get(f"/v1beta/{active}"))


def test_an_expired_token_is_refused_once(http: FlaskClient) -> None:
    """The error is the one for a bad token; the next call succeeds."""
    arm_preset(http, "expired-token")

    code, message = api_error(http.get("/v1beta/tunedModels"))
    assert (code, message[:47]) == ("UNAUTHENTICATED", "Request had invalid authentication credentials.")
    ok(http.get("/v1beta/tunedModels"))


def test_a_slow_queue_holds_a_run_for_an_hour(
    http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]
) -> None:
    """The model is CREATING without a step until then."""
    arm_preset(http, "slow-queue")
    name = create(http)
    clock.advance(3590)
    before = ok(http.get(f"/v1beta/{name}"))
    clock.advance(60)

    assert before["state"] == "CREATING"
    assert "snapshots" not in before["tuningTask"]
    assert ok(http.get(f"/v1beta/{name}"))["state"] == "ACTIVE"


def test_a_diverging_run_ends_with_larger_losses(
    http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]
) -> None:
    """The last losses are larger than the first."""
    arm_preset(http, "diverges")
    name = create(http)
    clock.advance(30)
    losses = [snapshot["meanLoss"] for snapshot in ok(http.get(f"/v1beta/{name}"))["tuningTask"]["snapshots"]]

    assert sum(losses[-5:]) > sum(losses[:5])


def test_withdrawn_answers_as_the_service_after_june_2025(
    http: FlaskClient, active: str, tutorial: Callable[..., dict[str, Any]]
) -> None:
    """Lists have the tuned models; creates and prompts get 404 with the base model; no model can be tuned."""
    tunable = "createTunedModel"
    before = ok(http.get("/v1beta/models"))["models"]
    arm_preset(http, "withdrawn")
    missing = "models/gemini-1.0-pro-001 is not found for API version v1beta, or is not supported for generateContent."

    code, message = api_error(http.post(f"/v1beta/{active}:generateContent", json=PROMPT))
    assert (code, message[: len(missing)]) == ("NOT_FOUND", missing)
    code, message = api_error(http.post("/v1beta/tunedModels", json=tutorial()))
    assert message == "models/gemini-1.0-pro-001 is not found for CREATE TUNED MODEL at API version v1beta."
    assert [model["name"] for model in ok(http.get("/v1beta/tunedModels"))["tunedModels"]] == [active]
    after = ok(http.get("/v1beta/models"))["models"]
    assert any(tunable in model["supportedGenerationMethods"] for model in before)
    assert not any(tunable in model["supportedGenerationMethods"] for model in after)
    assert tunable not in ok(http.get("/v1beta/models/gemini-1.0-pro-001"))["supportedGenerationMethods"]


def test_a_pedantic_list_has_pages_of_one_and_empty_ones(
    http: FlaskClient, create: Callable[[FlaskClient], str]
) -> None:
    """A client that follows the tokens to the end gets every model once; the first page is empty."""
    names = [create(http) for _ in range(5)]
    arm_preset(http, "pedantic-client")
    pages, token = [], ""
    for _ in range(30):
        page = ok(http.get("/v1beta/tunedModels", query_string={"pageToken": token} if token else {}))
        pages.append([model["name"] for model in page.get("tunedModels", [])])
        token = page.get("nextPageToken", "")
        if not token:
            break

    assert not token
    assert pages[0] == []
    assert [name for page in pages for name in page] == names
    assert {len(page) for page in pages} == {0, 1}


def test_a_pedantic_answer_has_unknown_members_and_no_optional_ones(http: FlaskClient, active: str) -> None:
    """It has unknown members and enum values and no optional members; the state of the model does not change."""
    arm_preset(http, "pedantic-client")
    model = ok(http.get(f"/v1beta/{active}"))
    answer = ok(http.post(f"/v1beta/{active}:generateContent", json=PROMPT))

    assert model["state"] == "ACTIVE"
    assert "addedSinceYesterday" in model
    assert "addedSinceYesterday" in model["tuningTask"]["snapshots"][0]
    assert "temperature" not in model
    assert answer["candidates"][0]["finishReason"] == "ADDED_SINCE_YESTERDAY"
    assert answer["candidates"][0]["content"]["parts"][0]["text"] == "2"
    assert "usageMetadata" not in answer
