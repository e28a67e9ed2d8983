"""Tests that answered changes outlive a killed server, and that servers on one store act as one service."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tunedmodels_mockserver import Clock, Mode, Settings, create_app

from ..databases import database
from ..serving import create, serve_process, serve_thread

CREATES = 400


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty store."""
    with database(request.param, tmp_path) as url:
        yield url


def model_names(url: str) -> list[str]:
    """Return the names of all models."""
    page = requests.get(f"{url}/v1beta/tunedModels?pageSize=1000", timeout=60).json()
    return [model["name"] for model in page["tunedModels"]]


def test_kill_9_loses_no_answered_create(store: str) -> None:
    """After a kill in the middle of 400 creates by eight callers, the store has every answered model complete."""
    acknowledged: set[str] = set()
    enough = threading.Event()

    def caller(number: int, url: str) -> None:
        with requests.Session() as session:
            for turn in range(CREATES // 8):
                model_id = f"m{number}-{turn}"
                try:
                    answer = create(url, model_id, session)
                except requests.RequestException:  # the connection ends at any place
                    return
                assert answer.status_code == 200, answer.text
                acknowledged.add(f"tunedModels/{model_id}")
                if len(acknowledged) >= CREATES // 2:
                    enough.set()

    with serve_process("--store", store) as (process, url), ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(caller, number, url) for number in range(8)]
        while not enough.wait(0.1):
            assert not all(each.done() for each in callers), [each.exception() for each in callers]
        process.kill()
        for each in callers:
            each.result(60)
    assert process.wait(10) == -signal.SIGKILL
    assert CREATES // 2 <= len(acknowledged) < CREATES

    with serve_process("--store", store) as (_process, url):
        names = model_names(url)
        assert acknowledged <= set(names)
        assert len(names) == len(set(names)) <= len(acknowledged) + 8
        for name in names[-20:]:
            model = requests.get(f"{url}/v1beta/{name}", timeout=60).json()
            assert model["state"] in ("CREATING", "ACTIVE")
            operations = requests.get(f"{url}/v1/{name}/operations", timeout=60).json()["operations"]
            assert operations[0]["metadata"]["tunedModel"] == name
        assert create(url, names[0].removeprefix("tunedModels/")).status_code == 409


def test_a_run_continues_after_a_kill_of_its_server(store: str) -> None:
    """Two servers share a store: one starts the run and dies, and the other continues it."""
    options = ("--store", store, "--clock", "polling")
    with serve_process(*options) as (first, one), serve_process(*options) as (_second, two):
        name = create(one).json()["name"]
        percents: list[float] = []

        def poll(url: str) -> bool:
            operation = requests.get(f"{url}/v1/{name}", timeout=60).json()
            assert operation["name"] == name
            percents.append(operation["metadata"].get("completedPercent", 0.0))
            return bool(operation.get("done"))

        for turn in range(4):
            assert not poll((one, two)[turn % 2])
        first.kill()
        first.wait(10)
        while not poll(two):
            assert len(percents) < 20

        assert percents == sorted(percents)
        assert percents[-1] == 100
        assert 8 <= len(percents) <= 11  # no poll was counted twice or lost


def test_servers_on_one_store_share_everything(store: str) -> None:
    """They share models, the clock, used ids, snapshots, and the end of a world."""
    apps = [create_app(Settings(store=store, clock=Clock(Mode.MANUAL))) for _ in range(2)]
    with serve_thread(apps[0]) as first, serve_thread(apps[1]) as second:
        one, two = first.url, second.url
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda number: create((one, two)[number % 2], "same"), range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7

        requests.post(f"{one}/_emulator/clock", json={"advance": 3600}, timeout=60).raise_for_status()
        model = requests.get(f"{two}/v1beta/tunedModels/same", timeout=60).json()
        assert model["state"] == "ACTIVE"
        requests.post(f"{two}/_emulator/snapshots/s", timeout=60).raise_for_status()
        assert requests.delete(f"{one}/v1beta/tunedModels/same", timeout=60).status_code == 200
        assert requests.get(f"{two}/v1beta/tunedModels/same", timeout=60).status_code == 404
        requests.post(f"{one}/_emulator/snapshots/s:restore", timeout=60).raise_for_status()
        assert requests.get(f"{two}/v1beta/tunedModels/same", timeout=60).json() == model

        requests.delete(f"{two}/_emulator/world", timeout=60).raise_for_status()
        assert requests.get(f"{one}/v1beta/tunedModels", timeout=60).json() == {}
        kind = "sqlite" if store.startswith("sqlite") else "postgresql"
        assert requests.get(f"{one}/health", timeout=60).json()["store"] == kind
    for app in apps:
        app.extensions["tunedmodels"].close()
