"""The client finds credentials, sends them to the right server, and never to another."""

from __future__ import annotations

import base64
import copy
import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import google.auth
import google.auth.api_key
import google.auth.credentials
import google.auth.exceptions
import google.oauth2.credentials
import google.oauth2.service_account
import pytest
import requests
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import compute_engine

from tunedmodels import Client, CredentialsError, RetrySafety
from tunedmodels._transport.address import Address
from tunedmodels._transport.credentials import Caller, api_key_credentials, emulator_credentials

from .renewable import Renewable

SCOPES = [
    "https://www.googleapis.com/auth/generative-language.tuning",
    "https://www.googleapis.com/auth/cloud-platform",
]
HERE = "http://127.0.0.1:9480"
THERE = "https://service.test"
# Made up, in the forms that Google's own have.
REAL_KEY = "AIza" + "x" * 35
REAL_TOKEN = "ya29." + "a0Af_-" * 8


def token_of(token: str, **more: Any) -> google.auth.credentials.Credentials:
    credentials: google.auth.credentials.Credentials = google.oauth2.credentials.Credentials(token, **more)
    return credentials


def ask(client: Client) -> None:
    list(client.tuned_models.list())


def request_headers(answers: responses.RequestsMock, number: int = 0) -> Any:
    """Return the headers of a request."""
    return answers.calls[number].request.headers


@pytest.fixture
def local_answers(answers: responses.RequestsMock) -> responses.RequestsMock:
    """The mock server of this machine, which has no models."""
    answers.get(f"{HERE}/v1beta/tunedModels", json={})
    return answers


@pytest.fixture
def remote_answers(answers: responses.RequestsMock) -> responses.RequestsMock:
    """The service, which has no models."""
    answers.get(f"{THERE}/v1beta/tunedModels", json={})
    return answers


@pytest.fixture
def default_credentials_calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The scopes of each search for credentials, which finds a token and a quota project."""
    searches: list[Any] = []

    def default(scopes: Any = None) -> tuple[google.auth.credentials.Credentials, None]:
        searches.append(scopes)
        return token_of("found", quota_project_id="payer"), None

    monkeypatch.setattr(google.auth, "default", default)
    return searches


@pytest.fixture(scope="session")
def private_key() -> str:
    """A new private key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def account_file(folder: Path, private_key: str, token_uri: str) -> str:
    """Write a service account's file, and return its path."""
    path = folder / "account.json"
    path.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": "project",
                "private_key_id": "id",
                "private_key": private_key,
                "client_email": "ada@project.test",
                "token_uri": token_uri,
            }
        ),
        encoding="utf-8",
    )
    return str(path)


def claims_of(request: Any) -> Any:
    """Return the claims of a service account that asks for a token."""
    (assertion,) = parse_qs(request.body.decode())["assertion"]
    return json.loads(base64.urlsafe_b64decode(assertion.split(".")[1] + "=="))


@pytest.mark.parametrize("key", ["", " ", "ключ", "key\n", "key\x00"])
def test_invalid_key(key: str) -> None:
    """A key that is not valid in a header is refused at once, and the message does not have it."""
    with pytest.raises(ValueError, match="one line of ASCII") as caught:
        api_key_credentials(key)

    assert not key.strip() or key not in str(caught.value)


def test_key_is_sent_in_a_header(remote_answers: responses.RequestsMock) -> None:
    """The client sends the API key in x-goog-api-key and never in the URL, which logs contain."""
    ask(Client(THERE, api_key="the-key"))

    assert request_headers(remote_answers)["x-goog-api-key"] == "the-key"
    assert "authorization" not in request_headers(remote_answers)
    assert remote_answers.calls[0].request.url == f"{THERE}/v1beta/tunedModels"


@pytest.mark.parametrize(
    ("arguments", "key"), [({}, "from the environment"), ({"api_key": "given"}, "given")], ids=["none", "given"]
)
def test_key_of_the_environment(
    remote_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], key: str
) -> None:
    """The client sends the key of the environment, unless the caller gives one."""
    monkeypatch.setenv("GEMINI_API_KEY", "from the environment")
    ask(Client(THERE, **arguments))

    assert request_headers(remote_answers)["x-goog-api-key"] == key


def test_credentials_win_over_the_environment(
    remote_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With credentials the client sends no key of the environment."""
    monkeypatch.setenv("GEMINI_API_KEY", "from the environment")
    ask(Client(THERE, credentials=token_of("given")))

    assert request_headers(remote_answers)["authorization"] == "Bearer given"
    assert "x-goog-api-key" not in request_headers(remote_answers)


def test_two_clients_side_by_side(remote_answers: responses.RequestsMock) -> None:
    """Each client sends its own credentials, in any order of calls."""
    clients = [
        Client(THERE, api_key="one"),
        Client(THERE, credentials=token_of("two"), quota_project="payer"),
        Client(THERE, credentials=google.auth.credentials.AnonymousCredentials()),
    ]
    for client in (*reversed(clients), *clients):
        ask(client)
    names = ("x-goog-api-key", "authorization", "x-goog-user-project")

    headers = [tuple(request_headers(remote_answers, number).get(name) for name in names) for number in range(6)]
    expected = [("one", None, None), (None, "Bearer two", "payer"), (None, None, None)]
    assert headers == [*reversed(expected), *expected]


def test_credentials_are_searched_once_and_late(
    remote_answers: responses.RequestsMock, default_credentials_calls: list[Any]
) -> None:
    """google-auth searches credentials once, at the first call, with the scopes of tuning."""
    client = Client(THERE)
    assert default_credentials_calls == []

    ask(client)
    ask(client)

    assert default_credentials_calls == [tuple(SCOPES)]
    assert request_headers(remote_answers, 1)["authorization"] == "Bearer found"


@pytest.mark.parametrize(
    ("arguments", "project"), [({}, "payer"), ({"quota_project": "other"}, "other")], ids=["default", "argument"]
)
@pytest.mark.usefixtures("default_credentials_calls")
def test_quota_project_is_sent(remote_answers: responses.RequestsMock, arguments: dict[str, str], project: str) -> None:
    """The client sends the quota project of the credentials, unless the caller gives another."""
    ask(Client(THERE, **arguments))  # type: ignore[arg-type]  # the one keyword

    assert request_headers(remote_answers)["x-goog-user-project"] == project


@pytest.mark.parametrize("key", [{"api_key": "key"}, {}], ids=["key", "emulator"])
def test_quota_project_without_a_token(local_answers: responses.RequestsMock, key: dict[str, str]) -> None:
    """The client sends the quota project of the caller with every kind of credentials."""
    ask(Client(HERE, quota_project="payer", **key))  # type: ignore[arg-type]  # the one keyword

    assert request_headers(local_answers)["x-goog-user-project"] == "payer"


def test_credentials_that_are_not_found(monkeypatch: pytest.MonkeyPatch, answers: responses.RequestsMock) -> None:
    """If google-auth finds no credentials, the client raises a CredentialsError with its message."""

    def default(scopes: Any = None) -> Any:
        raise google.auth.exceptions.DefaultCredentialsError(f"none with {len(scopes)} scopes")

    monkeypatch.setattr(google.auth, "default", default)

    with pytest.raises(CredentialsError, match="none with 2 scopes") as caught:
        ask(Client(THERE, retry=None))

    assert caught.value.retry_safety is RetrySafety.FINAL
    assert isinstance(caught.value.__cause__, google.auth.exceptions.DefaultCredentialsError)
    assert len(answers.calls) == 0


def test_scopes_of_tuning(remote_answers: responses.RequestsMock, tmp_path: Path, private_key: str) -> None:
    """A service account without scopes asks for those of tuning."""
    remote_answers.post("https://tokens.test/token", json={"access_token": "scoped", "expires_in": 3600})
    path = account_file(tmp_path, private_key, "https://tokens.test/token")
    ask(Client(THERE, credentials=google.oauth2.service_account.Credentials.from_service_account_file(path)))

    assert claims_of(remote_answers.calls[0].request)["scope"].split() == SCOPES
    assert request_headers(remote_answers, 1)["authorization"] == "Bearer scoped"


def test_scopes_of_credentials_are_kept(
    remote_answers: responses.RequestsMock, tmp_path: Path, private_key: str
) -> None:
    """A service account that has scopes keeps them."""
    remote_answers.post("https://tokens.test/token", json={"access_token": "scoped", "expires_in": 3600})
    path = account_file(tmp_path, private_key, "https://tokens.test/token")
    account = google.oauth2.service_account.Credentials.from_service_account_file(path, scopes=["https://a.test/mine"])
    ask(Client(THERE, credentials=account))

    assert claims_of(remote_answers.calls[0].request)["scope"] == "https://a.test/mine"


@pytest.mark.parametrize("key", [None, "test-mine"])
@pytest.mark.parametrize("variable", ["GOOGLE_API_KEY", "GEMINI_API_KEY"])
def test_emulator_gets_only_credentials_of_the_caller(
    local_answers: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
    default_credentials_calls: list[Any],
    key: str | None,
    variable: str,
) -> None:
    """With TUNEDMODELS_EMULATOR_HOST the client searches no credentials, and sends no key of the environment."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    monkeypatch.setenv(variable, REAL_KEY)
    ask(Client(api_key=key))

    assert request_headers(local_answers).get("x-goog-api-key") == key
    assert "authorization" not in request_headers(local_answers)
    assert default_credentials_calls == []


def test_emulator_gets_a_made_up_key_of_the_environment(
    local_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client sends a key that begins with test-, which selects a world of the emulator."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    monkeypatch.setenv("GEMINI_API_KEY", "test-w1")
    ask(Client())

    assert request_headers(local_answers)["x-goog-api-key"] == "test-w1"


def test_emulator_behind_https(
    answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, default_credentials_calls: list[Any]
) -> None:
    """The client searches no credentials for a mock server with TLS either."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "https://mock.test")
    answers.get("https://mock.test/v1beta/tunedModels", json={})
    ask(Client())

    assert "authorization" not in request_headers(answers)
    assert default_credentials_calls == []


def test_emulator_gets_the_credentials_of_the_caller(
    local_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client sends the credentials of the caller to the emulator."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    ask(Client(credentials=token_of("fake.ada")))

    assert request_headers(local_answers)["authorization"] == "Bearer fake.ada"


def test_emulator_does_not_hide_the_service(
    remote_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, default_credentials_calls: list[Any]
) -> None:
    """A client of another server ignores the emulator, and searches credentials."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    ask(Client(THERE))

    assert len(default_credentials_calls) == 1
    assert [call.request.url for call in remote_answers.calls] == [f"{THERE}/v1beta/tunedModels"]
    assert request_headers(remote_answers)["authorization"] == "Bearer found"


def test_no_credentials_for_plain_http(
    local_answers: responses.RequestsMock, default_credentials_calls: list[Any]
) -> None:
    """The client searches credentials only for https, so a local mock server needs none."""
    ask(Client(HERE))

    assert "authorization" not in request_headers(local_answers)
    assert default_credentials_calls == []


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("api_key", "http://mock:9480"),
        ("credentials", "http://192.168.1.5:9480"),
        ("environment", "HTTP://service.test"),
        ("environment's base URL", "http://127.0.0.1.evil.test"),
    ],
)
def test_real_key_does_not_go_by_plain_http(monkeypatch: pytest.MonkeyPatch, source: str, url: str) -> None:
    """The client refuses a real key for another machine by plain http at once, and says what to do."""
    arguments: dict[str, Any] = {"base_url": url}
    if source == "api_key":
        arguments["api_key"] = REAL_KEY
    elif source == "credentials":
        arguments["credentials"] = google.auth.api_key.Credentials(REAL_KEY)
    else:
        monkeypatch.setenv("GEMINI_API_KEY", REAL_KEY)
    if source == "environment's base URL":
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", arguments.pop("base_url"))

    with pytest.raises(ValueError, match="For a mock server on another machine, use a key that is made up") as caught:
        Client(**arguments)

    assert url in str(caught.value)
    assert REAL_KEY not in str(caught.value)


@pytest.mark.parametrize("token", [REAL_TOKEN, "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmVk"], ids=["token", "JWT"])
def test_real_token_does_not_go_by_plain_http(answers: responses.RequestsMock, token: str) -> None:
    """The client refuses a real token before it sends the request."""
    client = Client("http://mock:9480", credentials=token_of(token))

    with pytest.raises(ValueError, match="does not send it to http://mock:9480") as caught:
        ask(client)

    assert token not in str(caught.value)
    assert len(answers.calls) == 0


@pytest.mark.parametrize(
    "arguments",
    [{"api_key": "test-me"}, {"credentials": token_of("fake.ada")}, {}],
    ids=["key", "token", "nothing"],
)
def test_made_up_credentials_go_by_plain_http(answers: responses.RequestsMock, arguments: dict[str, Any]) -> None:
    """The client sends keys and tokens that are made up, or none, by plain http."""
    answers.get("http://mock:9480/v1beta/tunedModels", json={})
    ask(Client("http://mock:9480", **arguments))

    assert request_headers(answers).get("x-goog-api-key") == arguments.get("api_key")
    assert ("authorization" in request_headers(answers)) is ("credentials" in arguments)


def test_service_account_of_the_emulator(
    local_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, private_key: str
) -> None:
    """The client uses a key file whose token endpoint is the mock server."""
    local_answers.post("http://localhost:9480/token", json={"access_token": "fake.ada", "expires_in": 3600})
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    path = account_file(tmp_path, private_key, "http://localhost:9480/token")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", path)
    ask(Client())
    for thread in threading.enumerate():
        if type(thread).__module__.startswith("google."):
            thread.join()

    assert claims_of(local_answers.calls[0].request)["scope"].split() == SCOPES
    assert request_headers(local_answers, 1)["authorization"] == "Bearer fake.ada"
    # google-auth would also send the token to Google, to ask where the account may be used.
    assert [call.request.url for call in local_answers.calls] == [
        "http://localhost:9480/token",
        f"{HERE}/v1beta/tunedModels",
    ]


@pytest.mark.parametrize("url", ["https://generativelanguage.googleapis.com", "https://eu.rep.googleapis.com"])
def test_google_auth_copies_the_session_for_google(url: str) -> None:
    """For Google's own service, google-auth may request more than a token; it does that with a copy of the session."""
    with requests.Session() as session:
        credentials = Renewable()
        Caller(Address(url), credentials, None, session).renew({"Authorization": "Bearer token-0"}, nine_seconds)

        assert copy.deepcopy(credentials.request).session is not session


@pytest.mark.parametrize(
    "uri", ["https://oauth2.googleapis.com/token", "http://127.0.0.1:9481/token", "http://mock:9480/token", 5, None]
)
def test_service_account_of_another_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, private_key: str, uri: Any
) -> None:
    """The client does not use a key file with another token endpoint; the caller is anonymous."""
    path = account_file(tmp_path, private_key, uri)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", path)

    assert isinstance(emulator_credentials(Address(HERE)), google.auth.credentials.AnonymousCredentials)


@pytest.mark.parametrize(
    "content",
    [None, b"no JSON", b"[]", b'{"type": "authorized_user", "token_uri": "http://127.0.0.1:9480/token"}', b"\xff"],
)
def test_file_that_is_no_service_account(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    """For a mock server the client uses no file of a person's credentials or of something else; none may exist."""
    path = tmp_path / "file.json"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))

    assert isinstance(emulator_credentials(Address(HERE)), google.auth.credentials.AnonymousCredentials)


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("127.0.0.1:9480", compute_engine.Credentials),
        ("localhost:9480", compute_engine.Credentials),
        ("127.0.0.1:9481", google.auth.credentials.AnonymousCredentials),
        ("metadata.google.internal", google.auth.credentials.AnonymousCredentials),
    ],
)
def test_metadata_server_of_the_emulator(monkeypatch: pytest.MonkeyPatch, host: str, kind: type) -> None:
    """The client uses a metadata server if it is the mock server itself."""
    monkeypatch.setenv("GCE_METADATA_HOST", host)

    assert type(emulator_credentials(Address(HERE))) is kind


def nine_seconds() -> float:
    return 9.0


def caller(credentials: google.auth.credentials.Credentials) -> Caller:
    return Caller(Address(THERE), credentials, None, requests.Session())


def test_renewing_a_refused_token() -> None:
    """A refused token is renewed once, also if several threads ask for it."""
    credentials = Renewable()
    who = caller(credentials)
    headers = who.headers("GET", THERE, nine_seconds)

    assert [who.renew(headers, nine_seconds), who.renew(headers, nine_seconds)] == [True, True]
    assert who.headers("GET", THERE, nine_seconds)["authorization"] == "Bearer token-1"


class TokenRequester(google.auth.credentials.Credentials):
    """Credentials that request each token."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth has no types here

    def refresh(self, request: Any) -> None:
        self.token = request("https://tokens.test/token", method="POST", timeout=120).headers["token"]


def test_token_request_has_the_time_of_a_try(answers: responses.RequestsMock) -> None:
    """The request for a token has the remaining time of a try, not the timeout of google-auth."""
    answers.post("https://tokens.test/token", headers={"token": "asked"})

    assert caller(TokenRequester()).headers("GET", THERE, nine_seconds)["authorization"] == "Bearer asked"
    assert answers.calls[0].request.req_kwargs["timeout"] == 9.0  # type: ignore[attr-defined]  # responses adds it


def test_no_time_for_a_token(answers: responses.RequestsMock) -> None:
    """If no time is left, the client requests no token, and another try may get one."""
    with pytest.raises(CredentialsError, match="no time was left to get a token") as caught:
        caller(TokenRequester()).headers("GET", THERE, lambda: 0.0)

    assert caught.value.retry_safety is RetrySafety.UNSENT
    assert len(answers.calls) == 0


def test_netrc_is_left_alone(
    remote_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The client sends no password of ~/.netrc, neither to the service nor to a token endpoint."""
    remote_answers.post("https://tokens.test/token", headers={"token": "asked"})
    netrc = tmp_path / "netrc"
    netrc.write_text("default login ada password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    for credentials in (google.auth.credentials.AnonymousCredentials(), TokenRequester()):
        ask(Client(THERE, credentials=credentials))

    assert [request_headers(remote_answers, number).get("authorization") for number in range(3)] == [
        None,
        None,
        "Bearer asked",
    ]
