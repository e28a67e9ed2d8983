"""Tests that each outcome can be met as its instructions say."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock, Settings, create_app
from tunedmodels_mockserver.core.verdict.outcomes import OUTCOMES

from ...conftest import ok

BODY = {"contents": [{"parts": [{"text": "LXIII"}]}]}
Doing = Callable[[FlaskClient, ManualClock, str], Any]


@pytest.fixture
def app(clock: ManualClock) -> Flask:
    """Return a new server, because outcomes count from its start."""
    return create_app(Settings(seed=1), clock.now)


def outcomes_met(http: FlaskClient) -> set[str]:
    return {item["id"] for item in ok(http.get("/_emulator/outcomes"))["met"]}


def operation(http: FlaskClient, model: str) -> str:
    name: str = ok(http.get(f"/v1beta/{model}/operations"))["operations"][0]["name"]
    return name


def finish(http: FlaskClient, clock: ManualClock, model: str) -> Any:
    clock.advance(60)
    return http.get(f"/v1/{operation(http, model)}")


def fail(http: FlaskClient, model: str) -> Any:
    return ok(http.post(f"/_emulator/operations/{model.removeprefix('tunedModels/')}:fail", json={}))


def generate(http: FlaskClient, clock: ManualClock, model: str, verb: str = "generateContent") -> Any:
    clock.advance(60)
    return http.post(f"/v1beta/{model}:{verb}", json=BODY)


BY_HAND: dict[str, Doing] = {
    "run-done": finish,
    "run-failed": lambda http, clock, model: (fail(http, model), finish(http, clock, model)),
    "run-cancelled": lambda http, clock, model: (
        http.post(f"/v1/{operation(http, model)}:cancel", json={}),
        finish(http, clock, model),
    ),
    "model-failed": lambda http, _clock, model: (fail(http, model), http.get(f"/v1beta/{model}")),
    "not-ready": lambda http, _clock, model: http.post(f"/v1beta/{model}:generateContent", json=BODY),
    "generated": generate,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_outcome_is_met_by_its_calls(
    name: str, http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]
) -> None:
    """The outcome is unmet before the calls, and met after them."""
    model = create(http)

    assert name not in outcomes_met(http)
    BY_HAND[name](http, clock, model)
    assert name in outcomes_met(http)


def test_second_page_is_met(http: FlaskClient, create: Callable[[FlaskClient], str]) -> None:
    """A successful request with a page token meets it."""
    for _ in range(2):
        create(http)
    token = ok(http.get("/v1beta/tunedModels?pageSize=1"))["nextPageToken"]

    assert "second-page" not in outcomes_met(http)
    http.get(f"/v1beta/tunedModels?pageSize=1&pageToken={token}")
    assert "second-page" in outcomes_met(http)


ARMED = [item for item in OUTCOMES if item.arm]


@pytest.mark.parametrize("outcome", ARMED, ids=[item.id for item in ARMED])
def test_outcome_is_met_by_the_faults_to_arm(
    outcome: Any, http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]
) -> None:
    """The admin surface accepts each body of ``arm``, and the fault meets the outcome."""
    for path, body in outcome.arm:
        assert http.post(f"/_emulator/{path}", json=dict(body)).status_code == 200
    entry = next(item for item in ok(http.get("/_emulator/outcomes"))["unmet"] if item["id"] == outcome.id)
    assert [row["path"] for row in entry["arm"]] == [f"/_emulator/{path}" for path, _ in outcome.arm]
    verb = "streamGenerateContent" if outcome.id == "stream-truncated" else "generateContent"
    # What was armed befalls the first call that it can.
    with suppress(ConnectionError, AssertionError):
        ok(http.get("/v1beta/models"))
        ok(http.get(f"/v1/{operation(http, create(http))}"))
        generate(http, clock, create(http), verb).get_data()

    assert outcome.id in outcomes_met(http)


def test_outcomes_of_dropped_worlds_count(http: FlaskClient) -> None:
    """The percentage covers all worlds since the start of the server, and names the first request."""
    http.get("/v1beta/tunedModels/x", headers={"X-Test-Id": "w1"})
    http.delete("/_emulator/world", headers={"X-Test-Id": "w1"})
    outcomes = ok(http.get("/_emulator/outcomes"))

    assert [(item["id"], item["world"], item["number"]) for item in outcomes["met"]] == [("not-found", "w1", 1)]
    assert outcomes["percent"] == round(100 / len(OUTCOMES), 1)
    text = http.get("/_emulator/outcomes?format=text").text
    assert text.startswith(f"{outcomes['percent']} % of the documented outcomes were met: 1 of {len(OUTCOMES)}.\n")
    assert 'POST /_emulator/faults {"method": "*", "error": {"code": "UNAVAILABLE"}}' in text


def test_unknown_route_meets_no_outcome(http: FlaskClient) -> None:
    """Only calls of the API's methods count."""
    http.get("/v1beta/nothing")

    assert outcomes_met(http) == set()
