"""Tests failures, reads and refusals that only stores in a database have."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.state.store import Base, State, StoreUnavailable
from tunedmodels_mockserver.stores import tables
from tunedmodels_mockserver.stores.errors import BadStore
from tunedmodels_mockserver.stores.sql import SqlStores

from ..conftest import ok
from ..databases import database
from ..serving import BODY


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty store."""
    with database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def behind(store: str) -> Iterator[sqlalchemy.Engine]:
    """Return an engine for the database of ``store``, without the server."""
    engine = sqlalchemy.create_engine(store.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def test_a_store_that_does_not_answer_is_unavailable(
    store: str, behind: sqlalchemy.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """The API answers 503 with a note, the admin surface 503 with a sentence; the log has a line and no traceback."""
    app = create_app(Settings(seed=1, store=store))
    http = app.test_client()
    ok(http.post("/v1beta/tunedModels?tunedModelId=a", json=BODY))
    with behind.connect() as connection:
        connection.execute(sqlalchemy.text("ALTER TABLE tunedmodels_worlds RENAME TO away"))
        with caplog.at_level(logging.WARNING):
            answer = http.get("/v1beta/tunedModels/a")
            admin: Any = http.get("/_emulator/clock")
        connection.execute(sqlalchemy.text("ALTER TABLE away RENAME TO tunedmodels_worlds"))

    assert answer.status_code == admin.status_code == 503
    assert answer.json is not None
    assert answer.json["error"]["status"] == "UNAVAILABLE"
    assert answer.headers["X-Tunedmodels-Note"].startswith("store: The store ")
    assert "does not answer: " in admin.json["error"]
    assert [record.exc_info for record in caplog.records] == [None]
    assert ok(http.get("/health"))["store"] in store
    assert ok(http.get("/v1beta/tunedModels/a"))["name"] == "tunedModels/a"
    app.extensions["tunedmodels"].close()


def test_a_server_reconnects_to_a_restarted_database(tmp_path: Path) -> None:
    """At most one request gets 503 after the connections end."""
    with database("postgresql", tmp_path) as url:
        store = f"{url}&application_name=cut_{tmp_path.name}"
        app = create_app(Settings(seed=1, store=store))
        http = app.test_client()
        ok(http.post("/v1beta/tunedModels?tunedModelId=a", json=BODY))
        engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
            rows = connection.execute(sqlalchemy.text(mine), {"name": f"cut_{tmp_path.name}"}).all()
        engine.dispose()

        assert rows
        assert [http.get("/v1beta/tunedModels/a").status_code for _ in range(3)] == [503, 200, 200]
        app.extensions["tunedmodels"].close()


def test_a_store_of_another_version_is_refused(store: str, behind: sqlalchemy.Engine) -> None:
    """The sentence says how to move the state."""
    SqlStores(store).close()
    with behind.connect() as connection:
        connection.execute(tables.version.update().values(version=tables.VERSION + 1))

    with pytest.raises(BadStore, match=rf"has version {tables.VERSION + 1}, and this server uses {tables.VERSION}\. "):
        SqlStores(store)


def test_a_poll_reads_no_examples(store: str, behind: sqlalchemy.Engine) -> None:
    """Without the rows of the examples a poll still answers, and a prompt does not."""
    first = create_app(Settings(seed=1, store=store))
    operation = ok(first.test_client().post("/v1beta/tunedModels?tunedModelId=a", json=BODY))
    first.extensions["tunedmodels"].close()
    with behind.connect() as connection:
        assert connection.execute(tables.examples.delete()).rowcount == 1

    second = create_app(Settings(seed=1, store=store))
    http = second.test_client()
    assert ok(http.get(f"/v1/{operation['name']}"))["name"] == operation["name"]
    assert ok(http.get("/v1beta/tunedModels"))["tunedModels"][0]["name"] == "tunedModels/a"
    assert http.get("/_emulator/state").status_code == 503
    second.extensions["tunedmodels"].close()


def test_examples_are_written_once(store: str, behind: sqlalchemy.Engine) -> None:
    """The number of models and callers that use them does not matter."""
    for server in range(2):
        app = create_app(Settings(seed=1, store=store))
        http = app.test_client()
        for number in range(3):
            ok(http.post(f"/v1beta/tunedModels?tunedModelId=m{server}-{number}", json=BODY))
        app.extensions["tunedmodels"].close()

    with behind.connect() as connection:
        rows = connection.execute(sqlalchemy.select(tables.examples.c.body)).scalars().all()
    assert [json.loads(row) for row in rows] == [[["1", "2"]]]


def test_a_preload_is_written_once_for_all_worlds(store: str, behind: sqlalchemy.Engine, tmp_path: Path) -> None:
    """A new world adds one row, and another server without the preload reads it."""
    preload = tmp_path / "preload.json"
    preload.write_text(json.dumps({"models": [{"id": f"m{number}"} for number in range(100)]}), "utf-8")
    one = create_app(Settings(seed=1, store=store, preload=preload))
    for number in range(5):
        ok(one.test_client().get("/v1beta/tunedModels/m7", headers={"X-Test-Id": f"w{number}"}))
    one.extensions["tunedmodels"].close()

    with behind.connect() as connection:
        counts = [
            connection.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(table)).scalar()
            for table in (tables.bases, tables.worlds, tables.models, tables.examples)
        ]
    assert counts == [1, 5, 0, 0]
    two = create_app(Settings(seed=2, store=store))
    page = ok(two.test_client().get("/v1beta/tunedModels?pageSize=1000", headers={"X-Test-Id": "w3"}))
    assert len(page["tunedModels"]) == 100
    assert ok(two.test_client().get("/v1beta/tunedModels", headers={"X-Test-Id": "w9"})) == {}
    two.extensions["tunedmodels"].close()


def test_a_request_cannot_change_a_world_after_its_reset(store: str, tmp_path: Path) -> None:
    """The records of the earlier world do not return, and the next request uses the new world."""
    preload = tmp_path / "preload.json"
    preload.write_text(json.dumps({"models": [{"id": "x"}]}), "utf-8")
    app = create_app(Settings(seed=1, store=store, preload=preload))
    worlds = app.extensions["tunedmodels"]
    one, two = worlds.get("w").store, worlds.get("w").store
    record = one.get("x")
    two.restore(State(Base.of([], 0), two.controls()))

    changes: list[Callable[[], bool]] = [
        lambda: one.replace(record, replace(record, description="new")),
        lambda: one.insert(replace(record, id="y")),
        lambda: one.delete(record),
    ]
    for change in changes:
        with pytest.raises(StoreUnavailable, match="Another request dropped or reset the world"):
            change()
    assert list(worlds.get("w").store.records_after(0)) == []
    assert worlds.get("w").store.insert(record)
    assert worlds.get("w").store.get("x") == record
    worlds.close()


@pytest.mark.parametrize("model_id", ["a%00b", "%F0%9F%98%80", "%ED%A0%80", "a'b", "a%25b", "x" * 5000])
def test_an_id_that_no_database_accepts_is_unknown(store: str, model_id: str) -> None:
    """The model is missing, as in memory."""
    app = create_app(Settings(seed=1, store=store))
    expected = create_app(Settings(seed=1)).test_client().get(f"/v1beta/tunedModels/{model_id}")

    assert app.test_client().get(f"/v1beta/tunedModels/{model_id}").text == expected.text
    app.extensions["tunedmodels"].close()
