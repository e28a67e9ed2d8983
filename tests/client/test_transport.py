"""The transport: what goes out, what comes back, and that nothing else leaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import google.auth.api_key
import google.auth.credentials
import google.auth.exceptions
import google.oauth2.credentials
import pytest
import requests
import requests.adapters
import responses

from tunedmodels import APIError, NotFound, TransportError
from tunedmodels._transport import Transport

URL = "https://service.test"


class Recorder(requests.adapters.BaseAdapter):
    """Answers ``{}`` to everything, and keeps with what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, Any] = {}

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        self.asked = {"headers": request.headers, **options}
        response = requests.Response()
        response.status_code = 200
        response._content = b"{}"
        return response

    def close(self) -> None:
        pass


def transport_to(
    url: str = URL, session: requests.Session | None = None, credentials: Any = None, timeout: float = 60.0
) -> Transport:
    key = google.auth.api_key.Credentials("the-key")
    return Transport(url, credentials or key, session or requests.Session(), timeout)


def below(kind: type[Exception]) -> list[type[Exception]]:
    """The subclasses of *kind* and theirs, by name."""
    found = set(kind.__subclasses__())
    found.update(grandchild for child in tuple(found) for grandchild in below(child))
    return sorted(found, key=lambda child: child.__name__)


def test_json_goes_out_and_comes_back(answers: responses.RequestsMock) -> None:
    """The body is JSON, the query is added, and the JSON object of the answer is returned."""
    answers.post(f"{URL}/v1beta/things", json={"name": "六"})
    answer = transport_to().call("POST", "v1beta/things", {"text": "七"}, {"thingId": "a b", "size": 2})

    request = answers.calls[0].request
    assert answer == {"name": "六"}
    assert request.url == f"{URL}/v1beta/things?thingId=a+b&size=2"
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body or "") == {"text": "七"}


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_body_that_json_cannot_hold_is_the_callers_mistake(number: float) -> None:
    """NaN and infinity are refused before anything is sent, as a ValueError and not as a failed transport."""
    recorder = Recorder()
    session = requests.Session()
    session.mount(URL, recorder)

    with pytest.raises(ValueError, match="no NaN and no infinity, so"):
        transport_to(session=session).call("POST", "v1beta/tunedModels", {"learningRate": number})
    assert recorder.asked == {}


def test_path_is_quoted(answers: responses.RequestsMock) -> None:
    """A name stays a name, whatever characters it has."""
    answers.post(f"{URL}/v1beta/tunedModels/a%20%3Fb%23:generateContent", json={})

    assert transport_to().call("POST", "v1beta/tunedModels/a ?b#:generateContent", {}) == {}


def test_slash_at_the_end_of_the_base_url(answers: responses.RequestsMock) -> None:
    """A base URL may end in a slash, or have a path."""
    answers.get(f"{URL}/proxy/v1beta/things", json={})

    assert transport_to(f"{URL}/proxy/").call("GET", "v1beta/things") == {}


def test_refusal_is_an_api_error(answers: responses.RequestsMock) -> None:
    """An error answer is the error of its status."""
    body = {"error": {"code": 404, "message": "Gone.", "status": "NOT_FOUND"}}
    answers.get(f"{URL}/v1beta/things", json=body, status=404)

    with pytest.raises(NotFound, match=r"404 NOT_FOUND: Gone\.") as caught:
        transport_to().call("GET", "v1beta/things")

    assert caught.value.response == body


@pytest.mark.parametrize("body", ["<html>Welcome to the hotel</html>", "", "[]", "1", "null"])
def test_success_without_a_json_object(answers: responses.RequestsMock, body: str) -> None:
    """A page of a captive portal, or any answer that this API does not give, is a TransportError."""
    answers.get(f"{URL}/v1beta/things", body=body)

    with pytest.raises(TransportError, match=r"GET https://service\.test/\S+ was answered with no JSON"):
        transport_to().call("GET", "v1beta/things")


def test_redirect_is_not_followed(answers: responses.RequestsMock) -> None:
    """The key does not follow a redirect to another host; the redirect is an error."""
    answers.get(f"{URL}/v1beta/things", status=302, headers={"Location": "https://elsewhere.test/"})

    with pytest.raises(APIError) as caught:
        transport_to().call("GET", "v1beta/things")

    assert caught.value.code == 302


@pytest.mark.parametrize("kind", below(requests.RequestException))
def test_no_error_of_requests_leaks(answers: responses.RequestsMock, kind: type[Exception]) -> None:
    """Whatever requests raises is a TransportError with the original as its cause."""
    error = kind("broken", "{", 0) if kind is requests.exceptions.JSONDecodeError else kind("broken")
    answers.get(f"{URL}/v1beta/things", body=error)

    with pytest.raises(TransportError, match="broken") as caught:
        transport_to().call("GET", "v1beta/things")

    assert caught.value.__cause__ is error


@pytest.mark.parametrize("kind", below(google.auth.exceptions.GoogleAuthError))
def test_no_error_of_google_auth_leaks(kind: type[Exception]) -> None:
    """Whatever google-auth raises is a TransportError with the original as its cause."""
    error = kind("broken")
    credentials = Mock(google.auth.credentials.Credentials)
    credentials.before_request.side_effect = error

    with pytest.raises(TransportError, match=r"Credentials for https://service\.test are missing") as caught:
        transport_to(credentials=credentials).call("GET", "v1beta/things")

    assert caught.value.__cause__ is error


def test_all_errors_of_google_auth_have_one_root() -> None:
    """The root that the transport catches is the root of all that google-auth defines."""
    found = vars(google.auth.exceptions).values()
    kinds = [kind for kind in found if isinstance(kind, type) and issubclass(kind, Exception)]

    assert [kind for kind in kinds if not issubclass(kind, google.auth.exceptions.GoogleAuthError)] == []


def test_token_is_refreshed_over_the_session(answers: responses.RequestsMock) -> None:
    """An expired token is renewed before the call, over the same session."""
    answers.post("https://tokens.test/token", json={"access_token": "fresh", "expires_in": 3600})
    answers.get(f"{URL}/v1beta/things", json={})
    credentials = google.oauth2.credentials.Credentials(
        None, refresh_token="r", token_uri="https://tokens.test/token", client_id="c", client_secret="s"
    )
    transport_to(credentials=credentials).call("GET", "v1beta/things")

    assert answers.calls[1].request.headers["authorization"] == "Bearer fresh"


def test_netrc_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password of ~/.netrc for the same host neither replaces the token nor goes with it."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login user password secret\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    session, recorder = requests.Session(), Recorder()
    session.mount("https://", recorder)
    transport_to(session=session).call("GET", "v1beta/things")

    assert "Authorization" not in recorder.asked["headers"]
    assert recorder.asked["headers"]["x-goog-api-key"] == "the-key"


@pytest.mark.parametrize(
    ("url", "proxied"),
    [
        ("http://127.0.0.1:9480", False),
        ("http://localhost:9480", False),
        ("http://[::1]:9480", False),
        (URL, True),
    ],
)
def test_loopback_is_not_asked_for_through_a_proxy(monkeypatch: pytest.MonkeyPatch, url: str, proxied: bool) -> None:
    """The proxy of the environment is for other machines; a mock server here is reached directly."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://proxy.test:3128")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    session, recorder = requests.Session(), Recorder()
    session.mount("http://", recorder)
    session.mount("https://", recorder)
    transport_to(url, session).call("GET", "v1beta/things")

    assert (requests.utils.select_proxy(url, recorder.asked["proxies"]) is not None) is proxied


def test_timeout_is_handed_on() -> None:
    """The client's timeout, in seconds, is the one of each request."""
    session, recorder = requests.Session(), Recorder()
    session.mount("https://", recorder)
    transport_to(session=session, timeout=7.5).call("GET", "v1beta/things")

    assert recorder.asked["timeout"] == 7.5
