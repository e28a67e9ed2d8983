"""Readiness: 200 if the store answers, and 503 in time if it fails or does not answer."""

from __future__ import annotations

import threading
import time

import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver import create_app
from tunedmodels_mockserver.core.state.store import StoreUnavailable

READY = "/_emulator/ready"


@pytest.fixture
def names() -> list[threading.Event]:
    """Return the events for which a read of the worlds' names waits."""
    return []


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, names: list[threading.Event]) -> FlaskClient:
    app = create_app()
    worlds = app.extensions["tunedmodels"]

    def wait_for_names() -> list[str]:
        for event in names:
            event.wait(30)
        return ["a", "b"]

    monkeypatch.setattr(worlds, "names", wait_for_names)
    return app.test_client()


def test_a_store_that_answers_is_ready(client: FlaskClient) -> None:
    assert client.get(READY).json == {"ready": True, "worlds": 2, "store": "memory"}


def test_a_store_that_does_not_answer_is_not_ready(client: FlaskClient, names: list[threading.Event]) -> None:
    """The server says so within a second, each time, with one thread in all; when the store answers, it is ready."""
    event = threading.Event()
    names.append(event)
    before = threading.active_count()
    started = time.monotonic()
    for _ in range(3):
        answer = client.get(READY)
        assert answer.status_code == 503
        assert "has not answered" in answer.get_data(as_text=True)
    assert time.monotonic() - started < 10  # three times 0.8 seconds, on a slow machine
    assert threading.active_count() <= before + 1

    event.set()
    names.clear()
    deadline = time.monotonic() + 10
    while client.get(READY).status_code != 200 and time.monotonic() < deadline:
        pass
    assert client.get(READY).status_code == 200


def test_a_store_that_fails_is_not_ready(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[str]:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(client.application.extensions["tunedmodels"], "names", fail)
    answer = client.get(READY)

    assert answer.status_code == 503
    assert "the disk is full" in answer.get_data(as_text=True)
