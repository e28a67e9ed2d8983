"""Fixtures for a server with a manual clock, the tutorial's tuning job, and checks of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tunedmodels_mockserver import ManualClock, Settings, create_app
from tunedmodels_mockserver.cli.demo import EXAMPLES
from tunedmodels_mockserver.files import service_account_keys
from tunedmodels_mockserver.wire.status import Code

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

START = 1_710_409_530_123_456_000  # 2024-03-14T09:45:30.123456Z


def ok(answer: TestResponse) -> Any:
    """Return the body of an answer with the status 200."""
    assert answer.status_code == 200, answer.text
    return answer.json


def api_error(answer: TestResponse) -> tuple[str, str]:
    """Return the code and message of an error of the API, after checking its HTTP status."""
    assert answer.json is not None
    error = answer.json["error"]
    assert answer.status_code == error["code"] == Code[error["status"]].http
    return error["status"], error["message"]


class SharedServers:
    """The servers that tests share, because most tests take less time than the creation of a server.

    ``reset`` removes the worlds and journals and renews the clock, so that each test finds the servers as new ones.
    Counts since the start of a server, such as metrics, stay.
    """

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self._apps: dict[str, Flask] = {}

    def app(self, **settings: Any) -> Flask:
        """Return the server with the seed 1 and these *settings*."""
        key = repr(settings)
        if key not in self._apps:
            self._apps[key] = create_app(Settings(seed=1, **settings), lambda: self.clock.now())
        return self._apps[key]

    def reset(self) -> None:
        """Remove all worlds and journals, and renew the clock."""
        self.clock = ManualClock(START)
        for app in self._apps.values():
            worlds, journals = app.extensions["tunedmodels"], app.extensions["tunedmodels_journals"]
            for name in {*worlds.names(), *journals.all()}:
                worlds.drop(name)
                journals.drop(name)


@pytest.fixture(scope="session")
def session_servers() -> SharedServers:
    """Return the servers before the reset for a test; use ``servers``."""
    return SharedServers()


@pytest.fixture
def servers(session_servers: SharedServers) -> SharedServers:
    """Return the shared servers without worlds."""
    session_servers.reset()
    return session_servers


@pytest.fixture
def clock(servers: SharedServers) -> ManualClock:
    """Return the clock of every world of the shared servers."""
    return servers.clock


@pytest.fixture
def app(servers: SharedServers) -> Flask:
    """Return a server with a seed; a run takes 20.3 seconds of ``clock``, the queue 0.3 of them."""
    return servers.app()


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    """Return a client of ``app``."""
    return app.test_client()


@pytest.fixture
def strict_http(servers: SharedServers) -> FlaskClient:
    """Return a client of a server like ``app``, without allowances."""
    return servers.app(strict=True).test_client()


@pytest.fixture
def guarded(servers: SharedServers) -> FlaskClient:
    """Return a client of a server like ``app`` that checks credentials as the service does."""
    return servers.app(auth="strict").test_client()


@pytest.fixture(scope="session")
def robot() -> dict[str, str]:
    """Return the key file of a service account of the mock server."""
    return service_account_keys.service_account(
        "robot@tunedmodels-fake.iam.gserviceaccount.com", "http://localhost/token"
    )


@pytest.fixture(scope="session")
def foreign_key() -> str:
    """Return a private key that is not the mock server's."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = rsa.generate_private_key(65537, 2048)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def tutorial() -> Callable[..., dict[str, Any]]:
    """Return a function that makes the body of the tutorial's create call, with other parameters or models."""

    def body(base_model: str = "models/gemini-1.0-pro-001", **hyperparameters: Any) -> dict[str, Any]:
        examples = [{"text_input": text_input, "output": output} for text_input, output in EXAMPLES.items()]
        return {
            "display_name": "number generator model",
            "base_model": base_model,
            "tuning_task": {
                "hyperparameters": {"batch_size": 2, "learning_rate": 0.001, "epoch_count": 5} | hyperparameters,
                "training_data": {"examples": {"examples": examples}},
            },
        }

    return body


@pytest.fixture
def create(tutorial: Callable[..., dict[str, Any]]) -> Callable[[FlaskClient], str]:
    """Return a function that starts the tutorial's job with a client, and returns the name of the new model."""

    def start(client: FlaskClient) -> str:
        return str(ok(client.post("/v1beta/tunedModels", json=tutorial()))["metadata"]["tunedModel"])

    return start


@pytest.fixture
def active(http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]) -> str:
    """Return the name of an active model of ``http``."""
    name = create(http)
    clock.advance(30)
    return name
