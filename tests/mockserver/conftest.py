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
    """The body of an answer that is no refusal."""
    assert answer.status_code == 200, answer.text
    return answer.json


def refused(answer: TestResponse) -> tuple[str, str]:
    """The code and message of a refusal; its HTTP status is that of the code."""
    assert answer.json is not None
    error = answer.json["error"]
    assert answer.status_code == error["code"] == Code[error["status"]].http
    return error["status"], error["message"]


@pytest.fixture
def clock() -> ManualClock:
    """The clock of every world of ``app`` and ``strict_http``."""
    return ManualClock(START)


@pytest.fixture
def app(clock: ManualClock) -> Flask:
    """A fake that repeats itself; a run takes 20.3 seconds of ``clock``, the queue 0.3 of them."""
    return create_app(Settings(seed=1), clock.now)


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    """A caller of ``app``."""
    return app.test_client()


@pytest.fixture
def strict_http(clock: ManualClock) -> FlaskClient:
    """A caller of a fake like ``app``, without allowances."""
    return create_app(Settings(seed=1, strict=True), clock.now).test_client()


@pytest.fixture
def guarded(clock: ManualClock) -> FlaskClient:
    """A caller of a fake like ``app`` that judges credentials as the service does."""
    return create_app(Settings(seed=1, auth="strict"), clock.now).test_client()


@pytest.fixture(scope="session")
def robot() -> dict[str, str]:
    """The key file of a service account of the fake's."""
    return service_account_keys.service_account(
        "robot@tunedmodels-fake.iam.gserviceaccount.com", "http://localhost/token"
    )


@pytest.fixture(scope="session")
def foreign_key() -> str:
    """A private key that is not the fake's."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = rsa.generate_private_key(65537, 2048)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def tutorial() -> Callable[..., dict[str, Any]]:
    """Make the body of the tutorial's create call; keywords replace hyperparameters and the base model."""

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
    """Start the tutorial's job with a client, and return the new model's name."""

    def start(client: FlaskClient) -> str:
        return str(ok(client.post("/v1beta/tunedModels", json=tutorial()))["metadata"]["tunedModel"])

    return start


@pytest.fixture
def active(http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]) -> str:
    """The name of a model of ``http`` that is tuned already."""
    name = create(http)
    clock.advance(30)
    return name
