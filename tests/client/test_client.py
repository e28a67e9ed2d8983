"""The client has a base URL, a session that it may close, and collections."""

from __future__ import annotations

from typing import Any

import google.auth.credentials
import google.oauth2.credentials
import pytest
import requests
import responses

import tunedmodels
from tunedmodels import Client, Polling, Unavailable

MODELS = "https://service.test/v1beta/tunedModels"


class Session(requests.Session):
    is_closed = False

    def close(self) -> None:
        self.is_closed = True
        super().close()


def test_default_is_google() -> None:
    """Without a base URL the client sends requests to Google's service."""
    assert Client(api_key="key").base_url == "https://generativelanguage.googleapis.com"


def test_base_url_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument comes before TUNEDMODELS_EMULATOR_HOST, and that before GOOGLE_GEMINI_BASE_URL."""
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "https://proxy.test/")
    assert Client().base_url == "https://proxy.test"

    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    assert Client().base_url == "http://127.0.0.1:9480"

    assert Client("https://given.test").base_url == "https://given.test"


@pytest.mark.parametrize("name", ["TUNEDMODELS_EMULATOR_HOST", "GOOGLE_GEMINI_BASE_URL", "base_url"])
def test_host_and_port_of_this_machine(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Both variables and the argument accept host:port; the error of a port alone names its source."""

    def client(text: str) -> Client:
        if name == "base_url":
            return Client(text)
        monkeypatch.setenv(name, text)
        return Client()

    assert client("127.0.0.1:9480").base_url == "http://127.0.0.1:9480"
    with pytest.raises(ValueError, match=f"^{name}: 9480 is only a port"):
        client("9480")


def test_another_machine_needs_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only TUNEDMODELS_EMULATOR_HOST accepts another machine without a scheme."""
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "mock:9480")
    with pytest.raises(ValueError, match=r"^GOOGLE_GEMINI_BASE_URL: 'mock:9480' has no scheme; write https://mock"):
        Client()

    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "mock:9480")
    assert Client().base_url == "http://mock:9480"


def test_only_the_base_url_is_positional() -> None:
    """A second positional argument is refused, so that no caller passes a key as credentials."""
    with pytest.raises(TypeError):
        Client("https://service.test", "key")  # type: ignore[call-arg, arg-type]  # the mistake that is tested


def test_key_and_credentials_exclude_each_other() -> None:
    """A client has a key or credentials, not both."""
    credentials: google.auth.credentials.Credentials = google.oauth2.credentials.Credentials("token")

    with pytest.raises(ValueError, match="not both"):
        Client(api_key="key", credentials=credentials)


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan")])
def test_invalid_timeout(timeout: float) -> None:
    """A timeout must be above 0 and finite."""
    with pytest.raises(ValueError, match="timeout must be a number of seconds above 0"):
        Client(api_key="key", timeout=timeout)


def test_retry_none_tries_once(answers: responses.RequestsMock) -> None:
    """With retry=None the client tries once."""
    answers.get(MODELS, status=503)
    sleeps: list[float] = []

    with pytest.raises(Unavailable):
        list(Client("https://service.test", api_key="key", retry=None, sleep=sleeps.append).tuned_models.list())

    assert len(answers.calls) == 1
    assert sleeps == []


def test_operation_uses_the_sleep_of_the_client(answers: responses.RequestsMock) -> None:
    """An operation waits with the client's sleep, clock and polling."""
    operation = {"name": "tunedModels/m/operations/o"}
    url = f"{MODELS}/m/operations/o"
    for more in ({}, {}, {}, {"done": True, "response": {}}):
        answers.get(url, json={**operation, **more})
    sleeps: list[float] = []
    polling = Polling(2, 2, 3)
    client = Client("https://service.test", api_key="key", polling=polling, sleep=sleeps.append, clock=lambda: 0.0)
    client.operations.get("tunedModels/m/operations/o").result()

    assert sleeps == [2, 3]


def test_client_closes_its_own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client closes its own session at the end of its block, or by close(), which may be called twice."""
    session = Session()
    monkeypatch.setattr(requests, "Session", lambda: session)
    with Client("https://service.test", api_key="key") as client:
        assert isinstance(client, Client)
        assert not session.is_closed
    assert session.is_closed

    session.is_closed = False
    client = Client("https://service.test", api_key="key")
    client.close()
    client.close()
    assert session.is_closed


def test_session_of_the_caller_remains_open(answers: responses.RequestsMock) -> None:
    """The client sends with the session of the caller, and does not close it."""
    answers.get(MODELS, json={})
    with Session() as session:
        session.headers["X-Test-Id"] = "w1"
        with Client("https://service.test", api_key="key", session=session) as client:
            list(client.tuned_models.list())

        assert not session.is_closed
    assert answers.calls[0].request.headers["X-Test-Id"] == "w1"


def test_repr_has_no_key() -> None:
    """The repr has the server and not the key."""
    assert repr(Client("https://service.test", api_key="secret")) == "<Client of https://service.test>"


def test_collections() -> None:
    """A client has its own collections, each of a public class."""
    one, two = Client(api_key="one"), Client(api_key="two")
    parts: dict[str, Any] = {name: part for name, part in vars(one).items() if not name.startswith("_")}

    assert {name: type(part) for name, part in parts.items()} == {
        "models": tunedmodels.Models,
        "operations": tunedmodels.Operations,
        "tuned_models": tunedmodels.TunedModels,
    }
    assert all(getattr(two, name) is not part for name, part in parts.items())
