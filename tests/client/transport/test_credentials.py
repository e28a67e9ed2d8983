"""Credentials: who calls, what is sent for it, and to whom never."""

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


def sent(answers: responses.RequestsMock, number: int = 0) -> Any:
    """The headers of a request that was sent."""
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
    """The scopes of each search for credentials; it finds a token and a project that pays."""
    searches: list[Any] = []

    def default(scopes: Any = None) -> tuple[google.auth.credentials.Credentials, None]:
        searches.append(scopes)
        return token_of("found", quota_project_id="payer"), None

    monkeypatch.setattr(google.auth, "default", default)
    return searches


@pytest.fixture(scope="session")
def private_key() -> str:
    """A private key of nobody."""
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
    """What a service account says of itself when it asks for a token."""
    (assertion,) = parse_qs(request.body.decode())["assertion"]
    return json.loads(base64.urlsafe_b64decode(assertion.split(".")[1] + "=="))


@pytest.mark.parametrize("key", ["", " ", "ключ", "key\n", "key\x00"])
def test_invalid_key(key: str) -> None:
    """A key that does not fit into a header is refused at once, and the message does not repeat it."""
    with pytest.raises(ValueError, match="one line of ASCII") as caught:
        api_key_credentials(key)

    assert not key.strip() or key not in str(caught.value)


def test_key_is_sent_in_a_header(remote_answers: responses.RequestsMock) -> None:
    """The API key goes in x-goog-api-key and never into the URL, which ends up in logs."""
    ask(Client(THERE, api_key="the-key"))

    assert sent(remote_answers)["x-goog-api-key"] == "the-key"
    assert "authorization" not in sent(remote_answers)
    assert remote_answers.calls[0].request.url == f"{THERE}/v1beta/tunedModels"


def test_key_of_the_environment(remote_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without anything given the key of the environment is sent."""
    monkeypatch.setenv("GEMINI_API_KEY", "from the environment")
    ask(Client(THERE))

    assert sent(remote_answers)["x-goog-api-key"] == "from the environment"


def test_given_key_wins(remote_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A given key is sent, and none of the environment."""
    monkeypatch.setenv("GOOGLE_API_KEY", "from the environment")
    ask(Client(THERE, api_key="given"))

    assert sent(remote_answers)["x-goog-api-key"] == "given"


def test_credentials_win_over_the_environment(
    remote_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With credentials given no key of the environment is sent."""
    monkeypatch.setenv("GEMINI_API_KEY", "from the environment")
    ask(Client(THERE, credentials=token_of("given")))

    assert sent(remote_answers)["authorization"] == "Bearer given"
    assert "x-goog-api-key" not in sent(remote_answers)


def test_two_clients_side_by_side(remote_answers: responses.RequestsMock) -> None:
    """Each client sends its own credentials, in any order of making and using."""
    clients = [
        Client(THERE, api_key="one"),
        Client(THERE, credentials=token_of("two"), quota_project="payer"),
        Client(THERE, credentials=google.auth.credentials.AnonymousCredentials()),
    ]
    for client in (*reversed(clients), *clients):
        ask(client)
    names = ("x-goog-api-key", "authorization", "x-goog-user-project")

    seen = [tuple(sent(remote_answers, number).get(name) for name in names) for number in range(6)]
    expected = [("one", None, None), (None, "Bearer two", "payer"), (None, None, None)]
    assert seen == [*reversed(expected), *expected]


def test_credentials_are_looked_for_once_and_late(
    remote_answers: responses.RequestsMock, default_credentials_calls: list[Any]
) -> None:
    """The search of google-auth happens at the first call, with the scopes of tuning, and once."""
    client = Client(THERE)
    assert default_credentials_calls == []

    ask(client)
    ask(client)

    assert default_credentials_calls == [tuple(SCOPES)]
    assert sent(remote_answers, 1)["authorization"] == "Bearer found"


@pytest.mark.parametrize(
    ("given", "project"), [({}, "payer"), ({"quota_project": "other"}, "other")], ids=["found", "given"]
)
@pytest.mark.usefixtures("default_credentials_calls")
def test_quota_project_is_sent(remote_answers: responses.RequestsMock, given: dict[str, str], project: str) -> None:
    """The project that the credentials name pays, unless another is given."""
    ask(Client(THERE, **given))  # type: ignore[arg-type]  # the one keyword

    assert sent(remote_answers)["x-goog-user-project"] == project


@pytest.mark.parametrize("key", [{"api_key": "key"}, {}], ids=["key", "emulator"])
def test_quota_project_without_a_token(local_answers: responses.RequestsMock, key: dict[str, str]) -> None:
    """A given project is named whoever calls."""
    ask(Client(HERE, quota_project="payer", **key))  # type: ignore[arg-type]  # the one keyword

    assert sent(local_answers)["x-goog-user-project"] == "payer"


def test_credentials_that_are_not_found(monkeypatch: pytest.MonkeyPatch, answers: responses.RequestsMock) -> None:
    """Where google-auth finds none, that is a CredentialsError with google-auth's words, and nothing is sent."""

    def default(scopes: Any = None) -> Any:
        raise google.auth.exceptions.DefaultCredentialsError(f"none with {len(scopes)} scopes")

    monkeypatch.setattr(google.auth, "default", default)

    with pytest.raises(CredentialsError, match="none with 2 scopes") as caught:
        ask(Client(THERE, retry=None))

    assert caught.value.retry_safety is RetrySafety.FINAL
    assert isinstance(caught.value.__cause__, google.auth.exceptions.DefaultCredentialsError)
    assert len(answers.calls) == 0


def test_missing_credentials_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """google-auth reads GOOGLE_APPLICATION_CREDENTIALS; the error names a missing file."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))

    with pytest.raises(CredentialsError, match=r"missing\.json"):
        ask(Client(THERE, retry=None))


def test_scopes_are_given_to_credentials_that_want_some(
    remote_answers: responses.RequestsMock, tmp_path: Path, private_key: str
) -> None:
    """A service account that says no scopes asks for those of tuning."""
    remote_answers.post("https://tokens.test/token", json={"access_token": "scoped", "expires_in": 3600})
    path = account_file(tmp_path, private_key, "https://tokens.test/token")
    ask(Client(THERE, credentials=google.oauth2.service_account.Credentials.from_service_account_file(path)))

    assert claims_of(remote_answers.calls[0].request)["scope"].split() == SCOPES
    assert sent(remote_answers, 1)["authorization"] == "Bearer scoped"


def test_scopes_of_credentials_are_kept(
    remote_answers: responses.RequestsMock, tmp_path: Path, private_key: str
) -> None:
    """A service account that has scopes keeps them."""
    remote_answers.post("https://tokens.test/token", json={"access_token": "scoped", "expires_in": 3600})
    path = account_file(tmp_path, private_key, "https://tokens.test/token")
    made = google.oauth2.service_account.Credentials.from_service_account_file(path, scopes=["https://a.test/mine"])
    ask(Client(THERE, credentials=made))

    assert claims_of(remote_answers.calls[0].request)["scope"] == "https://a.test/mine"


@pytest.mark.parametrize("key", [None, "test-mine"])
@pytest.mark.parametrize("variable", ["GOOGLE_API_KEY", "GEMINI_API_KEY"])
def test_emulator_gets_only_what_is_given(
    local_answers: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
    default_credentials_calls: list[Any],
    key: str | None,
    variable: str,
) -> None:
    """With TUNEDMODELS_EMULATOR_HOST nothing is looked for, and a key of the environment stays at home."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    monkeypatch.setenv(variable, REAL_KEY)
    ask(Client(api_key=key))

    assert sent(local_answers).get("x-goog-api-key") == key
    assert "authorization" not in sent(local_answers)
    assert default_credentials_calls == []


def test_emulator_gets_a_made_up_key_of_the_environment(
    local_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that begins with test- is nobody's, and says which world of the emulator is meant."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    monkeypatch.setenv("GEMINI_API_KEY", "test-w1")
    ask(Client())

    assert sent(local_answers)["x-goog-api-key"] == "test-w1"


def test_emulator_behind_https(
    answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, default_credentials_calls: list[Any]
) -> None:
    """A mock server behind TLS is one all the same: nothing is looked for."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "https://mock.test")
    answers.get("https://mock.test/v1beta/tunedModels", json={})
    ask(Client())

    assert "authorization" not in sent(answers)
    assert default_credentials_calls == []


def test_emulator_gets_the_credentials_that_are_given(
    local_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials that the caller gives are the caller's own choice."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    ask(Client(credentials=token_of("fake.ada")))

    assert sent(local_answers)["authorization"] == "Bearer fake.ada"


def test_emulator_does_not_hide_the_service(
    remote_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, default_credentials_calls: list[Any]
) -> None:
    """A client that names another server is no emulator's: it sends remote_answers, with what is found."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    ask(Client(THERE))

    assert len(default_credentials_calls) == 1
    assert [call.request.url for call in remote_answers.calls] == [f"{THERE}/v1beta/tunedModels"]
    assert sent(remote_answers)["authorization"] == "Bearer found"


def test_plain_http_is_not_looked_for(
    local_answers: responses.RequestsMock, default_credentials_calls: list[Any]
) -> None:
    """Found credentials are for https alone, so a local mock server needs none."""
    ask(Client(HERE))

    assert "authorization" not in sent(local_answers)
    assert default_credentials_calls == []


@pytest.mark.parametrize("url", [HERE, "http://localhost:1", "http://a.localhost", "http://[::1]:9480", THERE])
def test_real_key_goes_to_loopback_and_by_https(url: str) -> None:
    """On this machine plain http is as good as any."""
    assert Client(url, api_key=REAL_KEY).base_url == url


@pytest.mark.parametrize(
    "url", ["http://mock:9480", "http://192.168.1.5:9480", "HTTP://service.test", "http://127.0.0.1.evil.test"]
)
@pytest.mark.parametrize("given", ["api_key", "credentials", "environment", "environment's base URL"])
def test_real_key_does_not_go_by_plain_http(monkeypatch: pytest.MonkeyPatch, url: str, given: str) -> None:
    """A key for another machine by plain http is refused at once, with the address and what to do."""
    arguments: dict[str, Any] = {"base_url": url}
    if given == "api_key":
        arguments["api_key"] = REAL_KEY
    elif given == "credentials":
        arguments["credentials"] = google.auth.api_key.Credentials(REAL_KEY)
    else:
        monkeypatch.setenv("GEMINI_API_KEY", REAL_KEY)
    if given == "environment's base URL":
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", arguments.pop("base_url"))

    with pytest.raises(ValueError, match="For a mock server on another machine, use a key that is made up") as caught:
        Client(**arguments)

    assert url in str(caught.value)
    assert REAL_KEY not in str(caught.value)


@pytest.mark.parametrize("token", [REAL_TOKEN, "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmVk"], ids=["token", "JWT"])
def test_real_token_does_not_go_by_plain_http(answers: responses.RequestsMock, token: str) -> None:
    """A token is known when it is got; it is refused before anything is sent."""
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
    """A mock server in another container takes keys and tokens that are made up, or none."""
    answers.get("http://mock:9480/v1beta/tunedModels", json={})
    ask(Client("http://mock:9480", **arguments))

    assert sent(answers).get("x-goog-api-key") == arguments.get("api_key")
    assert ("authorization" in sent(answers)) is ("credentials" in arguments)


def test_redirect_is_not_followed(answers: responses.RequestsMock) -> None:
    """A redirect would take the key to wherever it leads: it is an error instead."""
    answers.get(f"{THERE}/v1beta/tunedModels", status=302, headers={"Location": "http://evil.test/"})

    with pytest.raises(Exception, match="302"):
        ask(Client(THERE, api_key=REAL_KEY, retry=None))

    assert len(answers.calls) == 1


def test_service_account_of_the_emulator(
    local_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, private_key: str
) -> None:
    """A file whose token endpoint is the mock server's own is for the mock server."""
    local_answers.post("http://localhost:9480/token", json={"access_token": "fake.ada", "expires_in": 3600})
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "127.0.0.1:9480")
    path = account_file(tmp_path, private_key, "http://localhost:9480/token")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", path)
    ask(Client())
    for thread in threading.enumerate():
        if type(thread).__module__.startswith("google."):
            thread.join()

    assert claims_of(local_answers.calls[0].request)["scope"].split() == SCOPES
    assert sent(local_answers, 1)["authorization"] == "Bearer fake.ada"
    # google-auth would also ask Google, with that token, where the account may be used.
    assert [call.request.url for call in local_answers.calls] == [
        "http://localhost:9480/token",
        f"{HERE}/v1beta/tunedModels",
    ]


@pytest.mark.parametrize("url", ["https://generativelanguage.googleapis.com", "https://eu.rep.googleapis.com"])
def test_google_auth_copies_the_session_for_google(url: str) -> None:
    """For Google's own service, google-auth may request more than a token; it does that with a copy of the session."""
    with requests.Session() as session:
        seen = Renewable()
        Caller(Address(url), seen, None, session).renew({"Authorization": "Bearer token 0"}, left)

        assert copy.deepcopy(seen.request).session is not session


@pytest.mark.parametrize(
    "uri", ["https://oauth2.googleapis.com/token", "http://127.0.0.1:9481/token", "http://mock:9480/token", 5, None]
)
def test_service_account_of_another_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, private_key: str, uri: Any
) -> None:
    """A file with another token endpoint is left alone, and nobody calls."""
    path = account_file(tmp_path, private_key, uri)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", path)

    assert isinstance(emulator_credentials(Address(HERE)), google.auth.credentials.AnonymousCredentials)


@pytest.mark.parametrize(
    "content", ["no JSON", "[]", '{"type": "authorized_user", "token_uri": "http://127.0.0.1:9480/token"}', "\udcff"]
)
def test_file_that_is_no_service_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str) -> None:
    """Credentials of a person, and what is none at all, are not for a mock server."""
    path = tmp_path / "file.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))

    assert isinstance(emulator_credentials(Address(HERE)), google.auth.credentials.AnonymousCredentials)


def test_file_that_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file that is not there is not missed."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))

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
    """A metadata server is asked for a token where it is the mock server itself."""
    monkeypatch.setenv("GCE_METADATA_HOST", host)

    assert type(emulator_credentials(Address(HERE))) is kind


class Renewable(google.auth.credentials.Credentials):
    """Credentials whose tokens have numbers."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth says no types here
        self.token = "token 0"
        self.number = 0
        self.error = error

    def refresh(self, request: Any) -> None:
        if self.error:
            raise self.error
        self.request = request
        self.number += 1
        self.token = f"token {self.number}"


def caller(credentials: google.auth.credentials.Credentials) -> Caller:
    return Caller(Address(THERE), credentials, None, requests.Session())


def left() -> float:
    return 9.0


def test_renewing_a_refused_token() -> None:
    """A token that was refused is renewed, once however many threads had it refused."""
    credentials = Renewable()
    who = caller(credentials)
    refused = who.headers("GET", THERE, left)

    assert [who.renew(refused, left), who.renew(refused, left)] == [True, True]
    assert who.headers("GET", THERE, left)["authorization"] == "Bearer token 1"


@pytest.mark.parametrize(
    "error",
    [google.auth.exceptions.RefreshError("revoked"), google.auth.exceptions.TransportError("down"), ValueError("bad")],
    ids=repr,
)
def test_renewing_that_fails(error: Exception) -> None:
    """Where no new token is to be had, the refusal of the old one stands."""
    who = caller(Renewable(error))

    assert who.renew(who.headers("GET", THERE, left), left) is False


@pytest.mark.parametrize(
    "credentials",
    [api_key_credentials("key"), google.auth.credentials.AnonymousCredentials(), token_of("token")],
    ids=["key", "nobody", "token"],
)
def test_credentials_that_cannot_be_renewed(credentials: google.auth.credentials.Credentials) -> None:
    """A key, nobody, and a token without anything to renew it by stay what they are."""
    who = caller(credentials)

    assert who.renew(who.headers("GET", THERE, left), left) is False


class TokenRequester(google.auth.credentials.Credentials):
    """Credentials that ask for each token."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth says no types here

    def refresh(self, request: Any) -> None:
        self.token = request("https://tokens.test/token", method="POST", timeout=120).headers["token"]


def test_token_is_asked_for_within_the_time_of_a_try(answers: responses.RequestsMock) -> None:
    """Getting a token is part of the time that a try may take, whatever google-auth would wait."""
    answers.post("https://tokens.test/token", headers={"token": "asked"})

    assert caller(TokenRequester()).headers("GET", THERE, left)["authorization"] == "Bearer asked"
    assert answers.calls[0].request.req_kwargs["timeout"] == 9.0  # type: ignore[attr-defined]  # responses adds it


def test_no_time_for_a_token(answers: responses.RequestsMock) -> None:
    """Where no time is left none is asked for, and another try may get one."""
    with pytest.raises(CredentialsError, match="no time was left to get a token") as caught:
        caller(TokenRequester()).headers("GET", THERE, lambda: 0.0)

    assert caught.value.retry_safety is RetrySafety.UNSENT
    assert len(answers.calls) == 0


def test_netrc_is_left_alone(
    remote_answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A password that ~/.netrc has for the host takes nobody's place, neither here nor where tokens come from."""
    remote_answers.post("https://tokens.test/token", headers={"token": "asked"})
    netrc = tmp_path / "netrc"
    netrc.write_text("default login ada password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    for credentials in (google.auth.credentials.AnonymousCredentials(), TokenRequester()):
        ask(Client(THERE, credentials=credentials))

    assert [sent(remote_answers, number).get("authorization") for number in range(3)] == [None, None, "Bearer asked"]
