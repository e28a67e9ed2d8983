"""The fixtures of the client's tests hide the environment, and make canned answers and a client."""

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
        "GOOGLE_CLOUD_PROJECT",
        "GOOGLE_CLOUD_QUOTA_PROJECT",
        "GCE_METADATA_HOST",
        "GCE_METADATA_IP",
        "GCE_METADATA_ROOT",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def answers() -> Iterator[responses.RequestsMock]:
    """Canned answers in place of the network. A test fails if it leaves an answer unused."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client() -> Iterator[Client]:
    """A client of the canned answers that tries once and does not sleep."""
    with Client(URL, api_key="the-key", retry=None, sleep=lambda _seconds: None) as client:
        yield client
