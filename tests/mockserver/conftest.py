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


@pytest.fixture
def clock() -> ManualClock:
    """Return the clock of every world of the servers below."""
    return ManualClock(START)


@pytest.fixture
def app(clock: ManualClock) -> Flask:
    """Return a server with a seed; a run takes 20.3 seconds of ``clock``, the queue 0.3 of them."""
    return create_app(Settings(seed=1), clock.now)


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    """Return a client of ``app``."""
    return app.test_client()


@pytest.fixture
def strict_http(clock: ManualClock) -> FlaskClient:
    """Return a client of a server like ``app``, without allowances."""
    return create_app(Settings(seed=1, strict=True), clock.now).test_client()


@pytest.fixture
def guarded(clock: ManualClock) -> FlaskClient:
    """Return a client of a server like ``app`` that checks credentials as the service does."""
    return create_app(Settings(seed=1, auth="strict"), clock.now).test_client()


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
