"""The fake's own surface."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock, Settings, create_app

BODY = {
    "displayName": "a",
    "baseModel": "models/gemini-1.0-pro-001",
    "tuningTask": {"trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}},
}
BEYOND = "from its present lead beyond."


@pytest.fixture
def manual() -> FlaskClient:
    return create_app(Settings(seed=1), lambda: ManualClock(1_700_000_000_000_000_000)).test_client()


def test_a_manual_clock_is_read_and_moved(manual: FlaskClient) -> None:
    """GET tells the moment, POST moves it, and the answers of the API follow."""
    assert manual.get("/_emulator/clock").json == {"now": "2023-11-14T22:13:20.000000000Z"}

    assert manual.post("/_emulator/clock", json={"advance": 1.5}).json == {"now": "2023-11-14T22:13:21.500000000Z"}
    operation = manual.post("/v1beta/tunedModels", json=BODY).json
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
    "body",
    [
        *('{"advance": "soon"}', '{"advance": "1"}', '{"advance": -1}', '{"advance": true}', '{"advance": null}'),
        *('{"advance": [1]}', '{"advance": NaN}', '{"set": 1}', '{"advance": 1, "set": 1}', "{}", "[]", "1", "x", ""),
        *('{"advance": 1', '{"advance": 1, "advance": 2}', "\xff"),
        f'{{"advance": {"9" * 400}}}',
        "[" * 100_000,
        '{"a":' * 100_000,
    ],
    ids=lambda body: body[:30],
)
def test_a_bad_move_is_refused(manual: FlaskClient, body: str) -> None:
    """A move that is no number of seconds forward is refused with a sentence that says what to send."""
    answer = manual.post("/_emulator/clock", data=body.encode("latin-1"))

    assert answer.status_code == 400
    assert answer.json == {"error": 'Send {"advance": SECONDS}, a number that is not negative.'}
    assert manual.get("/_emulator/clock").json == {"now": "2023-11-14T22:13:20.000000000Z"}


def test_time_has_an_end(manual: FlaskClient) -> None:
    """A clock that was moved again and again stops in 2255, where nanoseconds still fit 64 bits."""
    answers = [manual.post("/_emulator/clock", json={"advance": 1e9}) for _ in range(8)]

    assert [answer.status_code for answer in answers] == [200] * 7 + [400]
    assert answers[-1].json == {"error": f"A clock goes from 1970 to 2255; 1000000000.0 seconds {BEYOND}"}
    assert manual.get("/v1beta/tunedModels").json == {}


@pytest.mark.parametrize("seconds", ["1e10", "1e308", f"1{'0' * 18}"])
def test_a_move_beyond_the_end_leaves_the_clock(manual: FlaskClient, seconds: str) -> None:
    """A number that is too large is refused as one, and nothing is moved."""
    answer = manual.post("/_emulator/clock", data=f'{{"advance": {seconds}}}')

    assert answer.status_code == 400
    assert answer.json == {"error": f"A clock goes from 1970 to 2255; {float(seconds)} seconds {BEYOND}"}
    assert manual.get("/_emulator/clock").json == {"now": "2023-11-14T22:13:20.000000000Z"}


def test_a_move_of_twenty_megabytes(manual: FlaskClient) -> None:
    """A body that the API would not read is not read here either, and is no unknown route."""
    assert manual.post("/_emulator/clock", data=b" " * (20 * 1024 * 1024 + 1)).status_code == 413


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
def test_a_world_is_found_as_the_api_finds_it(manual: FlaskClient, query: str, headers: dict[str, str]) -> None:
    """Reading, moving and forgetting go to the world in which the same credentials make their models."""
    now = {"now": "2023-11-14T22:14:20.000000000Z"}
    assert manual.post(f"/_emulator/clock{query}", json={"advance": 60}, headers=headers).json == now
    assert manual.get("/_emulator/clock", headers={"X-Test-Id": "w1"}).json == now
    assert manual.get(f"/_emulator/clock{query}", headers=headers).json == now

    assert manual.post(f"/v1beta/tunedModels{query}", json=BODY, headers=headers).status_code == 200
    assert manual.delete(f"/_emulator/world{query}", headers=headers).json == {}
    assert manual.get(f"/v1beta/tunedModels{query}", headers=headers).json == {}


@pytest.mark.parametrize("name", ["a b", "a/b", "x" * 101, "*"])
@pytest.mark.parametrize(("method", "path"), [("GET", "clock"), ("POST", "clock"), ("DELETE", "world")])
def test_a_name_that_no_world_can_have(manual: FlaskClient, method: str, path: str, name: str) -> None:
    """A bad X-Test-Id is refused in the words of the API, and moves nobody's clock."""
    headers = {"X-Test-Id": name}
    answer = manual.open(f"/_emulator/{path}", method=method, json={"advance": 60}, headers=headers)
    of_the_api: Any = manual.get("/v1beta/tunedModels", headers=headers).json

    assert answer.status_code == 400
    assert answer.json == {"error": of_the_api["error"]["message"]}
    assert manual.get("/_emulator/clock").json == {"now": "2023-11-14T22:13:20.000000000Z"}


def test_a_world_is_forgotten(manual: FlaskClient) -> None:
    """DELETE forgets a world's models and clock; with a seed it then goes the same way; the others stay."""
    made = {name: manual.post("/v1beta/tunedModels", json=BODY, headers={"X-Test-Id": name}).json for name in "ab"}
    manual.post("/_emulator/clock", json={"advance": 60}, headers={"X-Test-Id": "a"})
    dropped = manual.delete("/_emulator/world", headers={"X-Test-Id": "a"})
    lists: list[Any] = [manual.get("/v1beta/tunedModels", headers={"X-Test-Id": name}).json for name in "ab"]

    assert (dropped.status_code, dropped.json) == (200, {})
    assert [len(page.get("tunedModels", [])) for page in lists] == [0, 1]
    assert manual.get("/_emulator/clock", headers={"X-Test-Id": "a"}).json == {"now": "2023-11-14T22:13:20.000000000Z"}
    assert manual.post("/v1beta/tunedModels", json=BODY, headers={"X-Test-Id": "a"}).json == made["a"]


def test_a_world_that_nobody_asked_for_is_forgotten_too(manual: FlaskClient) -> None:
    """Forgetting twice is no error."""
    assert manual.delete("/_emulator/world?key=test-never").status_code == 200
    assert manual.delete("/_emulator/world?key=test-never").status_code == 200


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
