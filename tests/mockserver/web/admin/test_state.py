"""Tests reading, replacing, resetting and saving states over HTTP, on every store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver import Clock, ManualClock, Mode, Settings, create_app

from ...conftest import ok
from ...databases import database

Create = Callable[[FlaskClient], str]
W1 = {"X-Test-Id": "w1"}
W2 = {"X-Test-Id": "w2"}


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[FlaskClient]:
    """Return a client of a server with each kind of store; every world begins with one tuned model."""
    preload = tmp_path / "preload.json"
    preload.write_text('{"models": [{"id": "old"}]}', "utf-8")
    settings = Settings(seed=1, preload=preload, clock=Clock(Mode.MANUAL))
    if request.param == "memory":
        yield create_app(settings, clock.now).test_client()
        return
    with database(request.param, tmp_path) as url:
        app = create_app(replace(settings, store=url), clock.now)
        yield app.test_client()
        app.extensions["tunedmodels"].close()


def names(http: FlaskClient, headers: dict[str, str] | None = None) -> list[str]:
    page = ok(http.get("/v1beta/tunedModels", headers=headers))
    return [model["name"].removeprefix("tunedModels/") for model in page.get("tunedModels", [])]


def test_a_state_moves_to_another_world(server: FlaskClient, create: Create) -> None:
    """PUT restores the state that GET returned, in the middle of a run."""
    name = create(server)
    server.post("/_emulator/clock", json={"advance": 10})
    before = ok(server.get(f"/v1beta/{name}"))
    state = server.get("/_emulator/state")
    server.post("/_emulator/clock", json={"advance": 60})

    assert ok(server.put("/_emulator/state", data=state.data, headers=W1)) == {"worlds": [{"name": "w1", "models": 2}]}
    assert before["state"] == "CREATING"
    assert ok(server.get(f"/v1beta/{name}", headers=W1)) == before
    assert ok(server.get(f"/v1beta/{name}"))["state"] == "ACTIVE"
    assert len(create(server)) == len(name)
    assert server.get("/_emulator/state", headers=W1).json["worlds"]["w1"]["draws"] == 2  # type: ignore[index]


def test_state_of_all_worlds(server: FlaskClient, create: Create) -> None:
    """``?world=*`` reads and replaces all worlds; without it a state of several worlds is refused."""
    create(server)
    ok(server.delete("/v1beta/tunedModels/old", headers=W1))
    state = server.get("/_emulator/state?world=*").data
    for headers in (None, W1):
        ok(server.delete("/_emulator/world", headers=headers))
    several = server.put("/_emulator/state", data=state)

    assert several.status_code == 400
    assert several.json == {"error": "This is the state of 2 worlds, '', 'w1'. Send one, or use ?world=*."}
    assert (len(names(server)), names(server, W1)) == (1, ["old"])
    ok(server.put("/_emulator/state?world=*", data=state))
    assert (len(names(server)), names(server, W1)) == (2, [])
    assert ok(server.get("/_emulator/worlds")) == {"worlds": [{"name": ""}, {"name": "w1"}]}


def test_a_bad_state_changes_nothing(server: FlaskClient) -> None:
    """The answer is a sentence, and the world does not change."""
    before = server.get("/_emulator/state").data
    for data, sentence in [
        (b"", "The file is not JSON"),
        (b"{}", "The member format is None"),
        (before[:-9], "The file is not JSON"),
    ]:
        answer = server.put("/_emulator/state", data=data)
        assert (answer.status_code, sentence in answer.text) == (400, True)
    assert server.get("/_emulator/state?world=w1").status_code == 400
    assert server.get("/_emulator/state").data == before


def test_a_reset_restores_the_initial_state(server: FlaskClient, create: Create) -> None:
    """The answer has counts; with a seed the world repeats itself; other worlds do not change."""
    first = create(server)
    ok(server.delete("/v1beta/tunedModels/old"))
    server.post("/_emulator/clock", json={"advance": 60})
    ok(server.delete("/v1beta/tunedModels/old", headers=W1))

    assert ok(server.get("/_emulator/journal"))["kept"] == 2
    assert ok(server.post("/_emulator/reset")) == {"scope": "all", "removed": 1, "models": 1}
    assert ok(server.get("/_emulator/journal"))["kept"] == 0
    assert ok(server.get("/_emulator/journal", headers=W1))["kept"] == 1
    assert (names(server), names(server, W1)) == (["old"], [])
    assert create(server) == first


@pytest.mark.parametrize("scope", ["models", "clock", "faults", "canned"])
def test_a_reset_has_a_scope(server: FlaskClient, create: Create, scope: str) -> None:
    """The other parts of the world do not change."""
    start = ok(server.get("/_emulator/clock"))["now"]
    create(server)
    later = ok(server.post("/_emulator/clock", json={"advance": 60}))["now"]

    answer = ok(server.post("/_emulator/reset", json={"scope": scope}))
    assert answer["scope"] == scope
    assert ok(server.get("/_emulator/journal"))["kept"] == 1
    assert ok(server.get("/_emulator/clock"))["now"] == (start if scope == "clock" else later)
    assert len(names(server)) == (1 if scope == "models" else 2)


def test_an_unknown_scope_is_refused(server: FlaskClient, create: Create) -> None:
    """The world does not change."""
    create(server)
    answer = server.post("/_emulator/reset", json={"scope": "journal"})

    assert (answer.status_code, "'journal' is none of " in answer.text) == (400, True)
    assert server.post("/_emulator/reset", json={"scopes": "all"}).status_code == 400
    assert len(names(server)) == 2


def test_a_snapshot_is_restored(server: FlaskClient, create: Create) -> None:
    """Models, the moment within a run and random numbers are as before, each time."""
    name = create(server)
    server.post("/_emulator/clock", json={"advance": 10})
    before = ok(server.get(f"/v1beta/{name}"))
    assert ok(server.post("/_emulator/snapshots/half")) == {"name": "half", "models": 2}

    names_of_creates = []
    for _ in range(2):
        server.post("/_emulator/clock", json={"advance": 60})
        ok(server.delete(f"/v1beta/{name}"))
        names_of_creates.append(create(server))
        assert ok(server.post("/_emulator/snapshots/half:restore")) == {"name": "half", "models": 2}
        assert ok(server.get(f"/v1beta/{name}")) == before
    assert names_of_creates[0] == names_of_creates[1]
    assert ok(server.get("/_emulator/snapshots")) == {"snapshots": [{"name": "half"}]}
    assert ok(server.get("/_emulator/snapshots", headers=W1)) == {"snapshots": []}
    ok(server.delete("/_emulator/snapshots/half"))
    assert ok(server.get("/_emulator/snapshots")) == {"snapshots": []}


def test_the_difference_of_two_states(server: FlaskClient, create: Create) -> None:
    """It compares two snapshots, or one with the current state, as JSON and as text."""
    ok(server.post("/_emulator/snapshots/a"))
    name = create(server).removeprefix("tunedModels/")
    body = {"granteeType": "EVERYONE", "role": "READER"}
    ok(server.patch("/v1beta/tunedModels/old?updateMask=description", json={"description": "new"}))
    ok(server.post("/v1beta/tunedModels/old/permissions", json=body))
    ok(server.post("/_emulator/snapshots/b"))
    ok(server.delete("/v1beta/tunedModels/old"))

    difference: Any = ok(server.get("/_emulator/snapshots/a:diff?with=b"))
    everyone = {"id": "everyone", "grantee_type": 3, "email": "", "role": 3}
    assert difference == {
        "added": [name],
        "removed": [],
        "changed": [
            {
                "model": "old",
                "changes": [
                    {"path": "permissions[1]", "before": None, "after": everyone},
                    {"path": "description", "before": "", "after": "new"},
                ],
            }
        ],
        "controls": [],
        "draws": 1,
    }
    text = server.get("/_emulator/snapshots/a:diff?with=b&format=text").text
    assert text.splitlines()[0] == f"+ {name}"
    assert '~ old description: "" -> "new"' in text.splitlines()
    assert server.get("/_emulator/snapshots/b:diff?format=text").text == "- old\n"
    assert server.get("/_emulator/snapshots/b:diff?with=b&format=text").text == "no difference\n"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "hafl:restore"), ("DELETE", "hafl"), ("GET", "hafl:diff"), ("GET", "half:diff?with=hafl")],
)
def test_a_missing_snapshot_is_refused(server: FlaskClient, method: str, path: str) -> None:
    """The error has the nearest name."""
    ok(server.post("/_emulator/snapshots/half"))
    answer = server.open(f"/_emulator/snapshots/{path}", method=method)

    assert answer.status_code == 404
    assert answer.json == {"error": "There is no snapshot 'hafl' in this world; the nearest is half."}
    assert server.post("/_emulator/snapshots/a%20b").status_code == 400
