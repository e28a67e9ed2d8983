"""Servers that somebody else's clients talk to, over real sockets, and a world of its own for each test."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

# Under this clock each look at an unfinished run moves it by a tenth, so nothing has to wait.
POLLING = ("--clock", "polling")


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[str]:
    """Serve in a process of its own; yield the base URL; end as an operator would, and see that it ends well."""
    command = [sys.executable, "-m", "tunedmodels_mockserver", "serve", "--port", "0", "--queue-time", "0"]
    errors = folder / "stderr"
    with errors.open("wb") as stderr:
        process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=stderr, text=True)
    assert process.stdout is not None
    with process, process.stdout:
        try:
            ready = process.stdout.readline()
            found = re.match(r"READY url=(http://\S+) pid=\d+ version=\S+\n", ready)
            assert found, f"not a READY line: {ready!r}; stderr: {errors.read_text()}"
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                status = process.wait(timeout=10)
            finally:
                process.kill()
    assert status == 0
    assert "Traceback" not in errors.read_text()


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on which every tuning run takes a second."""
    with serving(tmp_path_factory.mktemp("server"), "--tuning-time", "1") as base:
        yield base


@pytest.fixture(scope="session")
def polling_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on which a tuning run is over after ten polls."""
    with serving(tmp_path_factory.mktemp("polling"), *POLLING) as base:
        yield base


@pytest.fixture(scope="session")
def strict_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server without allowances for clients that depart from the service, on the polling clock."""
    with serving(tmp_path_factory.mktemp("strict"), *POLLING, "--strict") as base:
        yield base


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """An API key, or bearer token, that leads to a world no other test has."""
    name = f"{request.path.stem}-{request.node.name}".removeprefix("test_")
    return "test-" + re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:100]


@pytest.fixture
def tuned_model(polling_url: str, key: str) -> str:
    """The name of a model on the polling server that is ready to use; it counts on from 1 and from 3."""
    with requests.Session() as session:
        session.headers["x-goog-api-key"] = key
        created = session.post(
            f"{polling_url}/v1beta/tunedModels?tunedModelId=counter",
            json={
                "displayName": "counter",
                "baseModel": "models/gemini-1.0-pro-001",
                "tuningTask": {
                    "trainingData": {
                        "examples": {
                            "examples": [
                                {"textInput": "1", "output": "2"},
                                {"textInput": "3", "output": "4"},
                            ]
                        }
                    }
                },
            },
            timeout=10,
        )
        created.raise_for_status()
        name: str = created.json()["metadata"]["tunedModel"]
        states = [session.get(f"{polling_url}/v1beta/{name}", timeout=10).json()["state"] for _ in range(10)]
    assert states[-1] == "ACTIVE"
    return name


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide what the machine's own environment would tell the clients: keys, endpoints, proxies."""
    for name in list(os.environ):
        if name.startswith(("GOOGLE_", "GEMINI_", "CLOUDSDK_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def guarded_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that judges credentials as the service does; a run takes ten hours of a clock that is moved."""
    options = ("--clock", "manual", "--auth", "strict", "--tuning-time", "36000")
    with serving(tmp_path_factory.mktemp("guarded"), *options) as base:
        yield base


@pytest.fixture
def _no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail what google-auth asks Google for in the background, about where a service account may be used."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


def command(url: str, *arguments: str) -> str:
    """What a command of ``credentials`` prints for the server at *url*."""
    environment = {**os.environ, "TUNEDMODELS_EMULATOR_HOST": url}
    line = [sys.executable, "-m", "tunedmodels_mockserver", "credentials", *arguments]
    return subprocess.run(line, capture_output=True, text=True, env=environment, timeout=60, check=True).stdout
