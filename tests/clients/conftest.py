"""Servers for the clients of other projects, over real sockets, and a world for each test."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
import requests
from click.testing import CliRunner

from tunedmodels_mockserver import Settings
from tunedmodels_mockserver.cli import main
from tunedmodels_mockserver.core.clock import Clock, Mode
from tunedmodels_mockserver.core.runs.durations import Pace

from ..servers import serve

# Each poll of a run moves this clock by a tenth of the run, so no test has to wait.
POLLING = Clock(Mode.POLLING)


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """A server on which every tuning run takes a second."""
    with serve(Settings(pace=Pace(1, None, 0))) as base:
        yield base


@pytest.fixture(scope="session")
def polling_url() -> Iterator[str]:
    """A server on which a tuning run is over after ten polls."""
    with serve(Settings(clock=POLLING, pace=Pace(queue_time=0))) as base:
        yield base


@pytest.fixture(scope="session")
def strict_url() -> Iterator[str]:
    """A server without allowances for clients that depart from the service, on the polling clock."""
    with serve(Settings(clock=POLLING, pace=Pace(queue_time=0), strict=True)) as base:
        yield base


@pytest.fixture(scope="session")
def guarded_url() -> Iterator[str]:
    """A server that checks credentials as the service does. A run takes ten hours of a manual clock."""
    with serve(Settings(clock=Clock(Mode.MANUAL), pace=Pace(36000, None, 0), auth="strict")) as base:
        yield base


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """An API key, or bearer token, that leads to a world no other test has."""
    name = f"{request.path.stem}-{request.node.name}".removeprefix("test_")
    return "test-" + re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:100]


@pytest.fixture
def tuned_model(polling_url: str, key: str) -> str:
    """The name of a model on the polling server that is ready to use; it counts on from 1 and from 3."""
    examples = [{"textInput": "1", "output": "2"}, {"textInput": "3", "output": "4"}]
    body = {
        "displayName": "counter",
        "baseModel": "models/gemini-1.0-pro-001",
        "tuningTask": {"trainingData": {"examples": {"examples": examples}}},
    }
    with requests.Session() as session:
        session.headers["x-goog-api-key"] = key
        created = session.post(f"{polling_url}/v1beta/tunedModels?tunedModelId=counter", json=body, timeout=10)
        created.raise_for_status()
        name: str = created.json()["metadata"]["tunedModel"]
        states = [session.get(f"{polling_url}/v1beta/{name}", timeout=10).json()["state"] for _ in range(10)]
    assert states[-1] == "ACTIVE"
    return name


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the keys, endpoints and proxies of this machine's environment from the clients."""
    for name in list(os.environ):
        if name.startswith(("GOOGLE_", "GEMINI_", "CLOUDSDK_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def _no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse the requests that google-auth sends to Google in the background."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


def credential(url: str, *arguments: str) -> str:
    """Return the credential that the command ``credentials`` prints for the server at *url*."""
    result = CliRunner().invoke(main, ["credentials", *arguments], env={"TUNEDMODELS_EMULATOR_HOST": url})
    assert result.exit_code == 0, result.stderr
    return result.stdout.strip()
