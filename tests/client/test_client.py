"""The client: where it sends, and whose credentials go with it."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs

import google.auth
import google.auth.credentials
import google.oauth2.credentials
import google.oauth2.service_account
import pytest
import requests
import responses

from tunedmodels import Client

MODELS = "https://service.test/v1beta/tunedModels"


def token_of(token: str, **more: Any) -> google.auth.credentials.Credentials:
    credentials: google.auth.credentials.Credentials = google.oauth2.credentials.Credentials(token, **more)
    return credentials


def sent(answers: responses.RequestsMock, number: int = 0) -> Any:
    """The headers of a request that was sent."""
    return answers.calls[number].request.headers


@pytest.fixture
def looked_for(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The scopes of each search for credentials; it finds a token and a project that pays."""
    searches: list[Any] = []

    def default(scopes: Any = None) -> tuple[google.auth.credentials.Credentials, None]:
        searches.append(scopes)
        return token_of("found", quota_project_id="payer"), None

    monkeypatch.setattr(google.auth, "default", default)
    return searches


def test_default_is_google() -> None:
    """Without anything the client talks to Google's service."""
    assert Client(api_key="key").base_url == "https://generativelanguage.googleapis.com"


def test_base_url_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A given base URL wins over the emulator, the emulator over GOOGLE_GEMINI_BASE_URL."""
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "https://proxy.test/")
    assert Client().base_url == "https://proxy.test"

    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    assert Client().base_url == "http://127.0.0.1:9480"

    assert Client("https://given.test").base_url == "https://given.test"


@pytest.mark.parametrize("url", ["", "127.0.0.1:9480", "ftp://service.test", "https://", "/v1beta"])
def test_base_url_that_is_none(url: str) -> None:
    """A base URL without http, https or a host is refused, and the message shows it."""
    with pytest.raises(ValueError, match="begins with http:// or https://") as caught:
        Client(url, api_key="key")

    assert repr(url) in str(caught.value)


def test_all_but_the_base_url_is_by_keyword() -> None:
    """A second positional argument is refused: nobody passes a key where credentials stand."""
    with pytest.raises(TypeError):
        Client("https://service.test", "key")  # type: ignore[call-arg, arg-type]  # the mistake that is tested


def test_key_and_credentials_exclude_each_other() -> None:
    """Two ways to say who calls are one too many."""
    with pytest.raises(ValueError, match="not both"):
        Client(api_key="key", credentials=token_of("token"))


@pytest.mark.parametrize("key", ["", " ", "ключ", "key\n"])
def test_key_that_is_none(key: str) -> None:
    """A key that no header can carry is refused at once, and not repeated in the message."""
    with pytest.raises(ValueError, match="one line of ASCII") as caught:
        Client(api_key=key)

    assert not key.strip() or key not in str(caught.value)


def test_key_is_sent_in_a_header(answers: responses.RequestsMock, client: Client) -> None:
    """The API key goes in x-goog-api-key and never into the URL, which ends up in logs."""
    answers.get(MODELS, json={})
    list(client.tuned_models.list())

    assert sent(answers)["x-goog-api-key"] == "the-key"
    assert answers.calls[0].request.url == MODELS


def test_two_clients_side_by_side(answers: responses.RequestsMock) -> None:
    """Each client sends its own key, in any order of making and using."""
    answers.get(MODELS, json={})
    one, two = (Client("https://service.test", api_key=key) for key in ("one", "two"))
    for client in (two, one):
        list(client.tuned_models.list())

    assert [sent(answers, number)["x-goog-api-key"] for number in (0, 1)] == ["two", "one"]


def test_key_of_the_environment(answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without anything given the key of the environment is sent."""
    monkeypatch.setenv("GEMINI_API_KEY", "from the environment")
    answers.get(MODELS, json={})
    list(Client("https://service.test").tuned_models.list())

    assert sent(answers)["x-goog-api-key"] == "from the environment"


def test_credentials_win_over_the_environment(answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """With credentials given no key of the environment is sent."""
    monkeypatch.setenv("GEMINI_API_KEY", "from the environment")
    answers.get(MODELS, json={})
    list(Client("https://service.test", credentials=token_of("given")).tuned_models.list())

    assert sent(answers)["authorization"] == "Bearer given"
    assert "x-goog-api-key" not in sent(answers)


def test_credentials_are_looked_for_once_and_late(answers: responses.RequestsMock, looked_for: list[Any]) -> None:
    """The search of google-auth happens at the first call, with the scopes of tuning, and once."""
    answers.get(MODELS, json={})
    client = Client("https://service.test")
    assert looked_for == []

    for _ in range(2):
        list(client.tuned_models.list())

    assert looked_for == [
        (
            "https://www.googleapis.com/auth/generative-language.tuning",
            "https://www.googleapis.com/auth/cloud-platform",
        )
    ]
    assert sent(answers)["authorization"] == "Bearer found"


def test_quota_project_is_sent(answers: responses.RequestsMock, looked_for: list[Any]) -> None:
    """The project that the credentials name pays."""
    answers.get(MODELS, json={})
    list(Client("https://service.test").tuned_models.list())

    assert sent(answers)["x-goog-user-project"] == "payer"
    assert len(looked_for) == 1


class _Signer:
    key_id = None

    def sign(self, _message: bytes) -> bytes:
        return b"signed"


def test_scopes_are_given_to_credentials_that_want_some(answers: responses.RequestsMock) -> None:
    """A service account that says no scopes asks for those of tuning."""
    answers.post("https://tokens.test/token", json={"access_token": "scoped", "expires_in": 3600})
    answers.get(MODELS, json={})
    account = google.oauth2.service_account.Credentials(_Signer(), "a@b.test", "https://tokens.test/token")
    list(Client("https://service.test", credentials=account).tuned_models.list())

    body: Any = answers.calls[0].request.body
    (assertion,) = parse_qs(body.decode())["assertion"]
    claims = json.loads(base64.urlsafe_b64decode(assertion.split(".")[1] + "=="))
    assert claims["scope"].split() == [
        "https://www.googleapis.com/auth/generative-language.tuning",
        "https://www.googleapis.com/auth/cloud-platform",
    ]
    assert sent(answers, 1)["authorization"] == "Bearer scoped"


@pytest.mark.parametrize("key", [None, "test-mine"])
def test_emulator_gets_only_what_is_given(
    answers: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
    looked_for: list[Any],
    key: str | None,
) -> None:
    """With TUNEDMODELS_EMULATOR_HOST nothing is looked for, and a key of the environment stays at home."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    monkeypatch.setenv("GEMINI_API_KEY", "a real one")
    answers.get("http://127.0.0.1:9480/v1beta/tunedModels", json={})
    list(Client(api_key=key).tuned_models.list())

    assert sent(answers).get("x-goog-api-key") == key
    assert "authorization" not in sent(answers)
    assert looked_for == []


def test_plain_http_is_not_looked_for(answers: responses.RequestsMock, looked_for: list[Any]) -> None:
    """Found credentials are for https alone, so a local mock server needs none."""
    answers.get("http://127.0.0.1:9480/v1beta/tunedModels", json={})
    list(Client("http://127.0.0.1:9480").tuned_models.list())

    assert "authorization" not in sent(answers)
    assert looked_for == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9480", "http://localhost:1", "http://a.localhost", "http://[::1]:9480"]
)
def test_key_goes_to_loopback(url: str) -> None:
    """On this machine plain http is as good as any."""
    assert Client(url, api_key="key").base_url == url


@pytest.mark.parametrize(
    "url", ["http://mock:9480", "http://192.168.1.5:9480", "HTTP://service.test", "http://127.0.0.1.evil.test"]
)
@pytest.mark.parametrize("given", ["api_key", "credentials", "environment"])
def test_key_does_not_go_by_plain_http(monkeypatch: pytest.MonkeyPatch, url: str, given: str) -> None:
    """A key or token for another machine by plain http is refused, with the address and what to do."""
    arguments: dict[str, Any] = {}
    if given == "api_key":
        arguments = {"api_key": "secret"}
    elif given == "credentials":
        arguments = {"credentials": token_of("secret")}
    else:
        monkeypatch.setenv("GEMINI_API_KEY", "secret")

    with pytest.raises(ValueError, match="Use https, or a loopback address") as caught:
        Client(url, **arguments)

    assert url in str(caught.value)
    assert "secret" not in str(caught.value)


def test_no_credentials_go_anywhere(answers: responses.RequestsMock) -> None:
    """Anonymous credentials are the way to another machine by plain http, as the message says."""
    answers.get("http://mock:9480/v1beta/tunedModels", json={})
    anonymous = google.auth.credentials.AnonymousCredentials()
    list(Client("http://mock:9480", credentials=anonymous).tuned_models.list())

    assert "authorization" not in sent(answers)


def test_emulator_on_another_machine(answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mock server in another container needs no credentials, so it can be reached by plain http."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "mock:9480")
    answers.get("http://mock:9480/v1beta/tunedModels", json={})

    assert list(Client().tuned_models.list()) == []


class _Session(requests.Session):
    closed = False

    def close(self) -> None:
        self.closed = True
        super().close()


def test_own_session_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client closes the session that it made."""
    session = _Session()
    monkeypatch.setattr(requests, "Session", lambda: session)
    with Client("https://service.test", api_key="key") as client:
        assert isinstance(client, Client)
        assert not session.closed

    assert session.closed


def test_given_session_is_used_and_stays_open(answers: responses.RequestsMock) -> None:
    """A session that was given does the sending, and its giver closes it."""
    answers.get(MODELS, json={})
    with _Session() as session:
        session.headers["X-Test-Id"] = "w1"
        with Client("https://service.test", api_key="key", session=session) as client:
            list(client.tuned_models.list())

        assert not session.closed
    assert sent(answers)["X-Test-Id"] == "w1"


def test_repr_tells_no_secret() -> None:
    """What a debugger shows names the server and not the key."""
    assert repr(Client("https://service.test", api_key="secret")) == "<Client of https://service.test>"
