"""Fixtures of the client's tests: no environment, canned answers, a client of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses

from tunedmodels import Client

URL = "https://service.test"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "TUNEDMODELS_EMULATOR_HOST",
        "GOOGLE_GEMINI_BASE_URL",
        "GOOGLE_API_KEY",
        "GEMINI_API_KEY",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_CLOUD_QUOTA_PROJECT",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def answers() -> Iterator[responses.RequestsMock]:
    """Canned answers; no request reaches the network, and every answer must be asked for."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client() -> Iterator[Client]:
    """A client of the service that the canned answers stand for."""
    with Client(URL, api_key="the-key") as client:
        yield client
