"""The fake's own surface."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock, Settings, create_app


@pytest.fixture
def manual() -> FlaskClient:
    return create_app(Settings(seed=1), lambda: ManualClock(1_700_000_000_000_000_000)).test_client()


def test_a_manual_clock_is_read_and_moved(manual: FlaskClient) -> None:
    """GET tells the moment, POST moves it, and the answers of the API follow."""
    assert manual.get("/_emulator/clock").json == {"now": "2023-11-14T22:13:20.000000000Z"}

    assert manual.post("/_emulator/clock", json={"advance": 1.5}).json == {"now": "2023-11-14T22:13:21.500000000Z"}
    body = {
        "displayName": "a",
        "baseModel": "models/gemini-1.0-pro-001",
        "tuningTask": {"trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}},
    }
    operation = manual.post("/v1beta/tunedModels", json=body).json
    assert operation is not None
    manual.post("/_emulator/clock", json={"advance": 21})
    done: Any = manual.get(f"/v1/{operation['name']}").json
    assert done["response"]["createTime"] == "2023-11-14T22:13:21.500000Z"


def test_each_world_has_a_clock_of_its_own(manual: FlaskClient) -> None:
    """Moving one world's clock, named by header or key, leaves the others'."""
    manual.post("/_emulator/clock", json={"advance": 60}, headers={"X-Test-Id": "w1"})
    moved = {"now": "2023-11-14T22:14:20.000000000Z"}

    assert manual.get("/_emulator/clock", headers={"X-Test-Id": "w1"}).json == moved
    assert manual.get("/_emulator/clock?key=test-w1").json == moved
    assert manual.get("/_emulator/clock").json != moved


@pytest.mark.parametrize(
    "body", ['{"advance": "soon"}', '{"advance": -1}', '{"advance": 1e10}', '{"set": 1}', "[]", "x"]
)
def test_a_bad_move_is_refused(manual: FlaskClient, body: str) -> None:
    """A move that is no number of seconds forward is refused with a sentence that says what to send."""
    answer = manual.post("/_emulator/clock", data=body)

    assert answer.status_code == 400
    assert answer.json == {"error": 'Send {"advance": SECONDS}, a number from 0 to 1000000000.'}
    assert manual.get("/_emulator/clock").json == {"now": "2023-11-14T22:13:20.000000000Z"}


def test_time_has_an_end(manual: FlaskClient) -> None:
    """A clock that was moved again and again stops in 2255, where nanoseconds still fit 64 bits."""
    answers = [manual.post("/_emulator/clock", json={"advance": 1e9}) for _ in range(8)]

    assert [answer.status_code for answer in answers] == [200] * 7 + [400]
    assert answers[-1].json == {"error": "The clock cannot go beyond the year 2255."}
    assert manual.get("/v1beta/tunedModels").json == {}


def test_a_real_clock_is_not_moved() -> None:
    """The machine's clock is read but not moved, and the refusal says what to do."""
    http = create_app().test_client()

    assert http.get("/_emulator/clock").status_code == 200
    answer = http.post("/_emulator/clock", json={"advance": 1})
    assert answer.status_code == 409
    assert answer.json == {"error": "This clock goes by itself. Start the server with --clock manual to move it."}


def test_health_tells_status_and_version() -> None:
    """``/health`` answers without credentials."""
    health: Any = create_app().test_client().get("/health").json

    assert health["status"] == "ok"
    assert set(health) == {"status", "version", "uptime"}
