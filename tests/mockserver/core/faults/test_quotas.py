"""Tests quotas on the world's clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock

from ...conftest import api_error, ok

MESSAGE = "You exceeded your current quota, please check your plan and billing details."
PROMPT = {"contents": [{"parts": [{"text": "1"}]}]}


def test_requests_beyond_the_quota_get_the_error_of_2025(http: FlaskClient, clock: ManualClock, active: str) -> None:
    """429 with the observed details: the base model's quota, help, and the wait; after it a call passes."""
    http.post("/_emulator/faults", json={"preset": "quota"})
    for _ in range(15):
        ok(http.post(f"/v1beta/{active}:generateContent", json=PROMPT))
        clock.advance(1)
    answer = http.post(f"/v1beta/{active}:generateContent", json=PROMPT)
    code, message = api_error(answer)

    assert code == "RESOURCE_EXHAUSTED"
    assert message.startswith(MESSAGE)
    assert answer.json is not None
    failure, help_, retry = answer.json["error"]["details"]
    assert failure["violations"] == [
        {
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
            "quotaDimensions": {"location": "global", "model": "gemini-1.0-pro-001"},
            "quotaValue": "15",
        }
    ]
    assert help_["links"][0]["url"] == "https://ai.google.dev/gemini-api/docs/rate-limits"
    assert retry == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "45s"}

    clock.advance(45)
    ok(http.post(f"/v1beta/{active}:generateContent", json=PROMPT))


def test_other_methods_do_not_count(http: FlaskClient, active: str) -> None:
    """A quota of generation does not affect polls."""
    http.post("/_emulator/faults", json={"method": "*enerateContent", "quota": {"limit": 0}})

    ok(http.get(f"/v1beta/{active}"))
    assert http.post(f"/v1beta/{active}:generateContent", json=PROMPT).status_code == 429


def test_concurrent_runs_are_counted(
    http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str], tutorial: Callable[..., dict[str, Any]]
) -> None:
    """A create beyond the limit is refused and creates nothing; when the run has ended, a create passes."""
    http.post("/_emulator/faults", json={"quota": {"concurrent": 1}})
    create(http)
    code, _ = api_error(http.post("/v1beta/tunedModels", json=tutorial()))
    assert code == "RESOURCE_EXHAUSTED"
    assert len(ok(http.get("/v1beta/tunedModels"))["tunedModels"]) == 1

    clock.advance(30)
    create(http)


def test_other_quotas_name_their_method(http: FlaskClient) -> None:
    """The id of a quota that was never observed names the method."""
    http.post("/_emulator/faults", json={"method": "tunedModels.list", "quota": {"limit": 0, "per": 5}})
    answer: Any = http.get("/v1beta/tunedModels").json

    violation = answer["error"]["details"][0]["violations"][0]
    assert violation["quotaId"] == "ListRequestsPer5SecondsPerProjectPerModel-FreeTier"
    assert violation["quotaDimensions"] == {"location": "global"}
