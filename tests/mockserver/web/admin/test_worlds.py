"""Tests how the admin surface finds and drops worlds."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver import Clock, Mode, create_app

from ...conftest import SharedServers
from ...serving import BODY

CLOCK = {"now": "2023-11-14T22:13:20.000000000Z", "mode": "manual", "rate": 1.0}


@pytest.fixture
def manual(servers: SharedServers) -> FlaskClient:
    """Return a client of a server whose clocks do not move by themselves."""
    return servers.app(clock=Clock(Mode.MANUAL, moment=1_700_000_000_000_000_000)).test_client()


WAYS: list[tuple[str, dict[str, str]]] = [
    ("", {"X-Test-Id": "w1"}),
    ("", {"X-Test-Id": "w1", "Authorization": "Bearer test-w2"}),
    ("", {"Authorization": "Bearer test-w1"}),
    ("", {"Authorization": "bearer test-w1/alice@example.com", "X-Goog-Api-Key": "test-w2"}),
    ("", {"X-Goog-Api-Key": "test-w1"}),
    ("?key=test-w1", {}),
    ("?$key=test-w1", {}),
    ("?%24key=test-w1", {}),
    ("?access_token=test-w1", {}),
    ("?oauth_token=test-w1/alice@example.com", {}),
]


@pytest.mark.parametrize(("query", "headers"), WAYS)
def test_the_admin_surface_finds_worlds_as_the_api_does(
    manual: FlaskClient, query: str, headers: dict[str, str]
) -> None:
    """The same credentials select the same world for reading, moving and dropping."""
    now = {**CLOCK, "now": "2023-11-14T22:14:20.000000000Z"}
    assert manual.post(f"/_emulator/clock{query}", json={"advance": 60}, headers=headers).json == {**now, "caused": []}
    assert manual.get("/_emulator/clock", headers={"X-Test-Id": "w1"}).json == now
    assert manual.get(f"/_emulator/clock{query}", headers=headers).json == now

    assert manual.post(f"/v1beta/tunedModels{query}", json=BODY, headers=headers).status_code == 200
    assert manual.delete(f"/_emulator/world{query}", headers=headers).json == {}
    assert manual.get(f"/v1beta/tunedModels{query}", headers=headers).json == {}


@pytest.mark.parametrize(("method", "path"), [("GET", "clock"), ("POST", "clock"), ("DELETE", "world")])
def test_a_bad_name_of_a_world_is_refused(manual: FlaskClient, method: str, path: str) -> None:
    """The answer is the error of the API, and no clock moves."""
    headers = {"X-Test-Id": "a b"}
    answer = manual.open(f"/_emulator/{path}", method=method, json={"advance": 60}, headers=headers)
    api_answer: Any = manual.get("/v1beta/tunedModels", headers=headers).json

    assert answer.status_code == 400
    assert answer.json == {"error": api_answer["error"]["message"]}
    assert manual.get("/_emulator/clock").json == CLOCK


def test_a_world_is_dropped(manual: FlaskClient) -> None:
    """DELETE removes its models and clock, also twice; with a seed it repeats itself; other worlds stay."""
    creates = {name: manual.post("/v1beta/tunedModels", json=BODY, headers={"X-Test-Id": name}).json for name in "ab"}
    manual.post("/_emulator/clock", json={"advance": 60}, headers={"X-Test-Id": "a"})
    drops = [manual.delete("/_emulator/world", headers={"X-Test-Id": "a"}) for _ in range(2)]
    lists: list[Any] = [manual.get("/v1beta/tunedModels", headers={"X-Test-Id": name}).json for name in "ab"]

    assert [(drop.status_code, drop.json) for drop in drops] == [(200, {})] * 2
    assert [len(page.get("tunedModels", [])) for page in lists] == [0, 1]
    assert manual.get("/_emulator/clock", headers={"X-Test-Id": "a"}).json == CLOCK
    assert manual.post("/v1beta/tunedModels", json=BODY, headers={"X-Test-Id": "a"}).json == creates["a"]


def test_health_has_status_and_version() -> None:
    """``/health`` answers without credentials."""
    health: Any = create_app().test_client().get("/health").json

    assert health["status"] == "ok"
    assert set(health) == {"status", "version", "uptime", "store"}
