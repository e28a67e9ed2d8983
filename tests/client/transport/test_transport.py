"""The transport: what goes out, what comes back, and what the caller's secrets are kept from."""

from __future__ import annotations

import io
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import google.auth.api_key
import google.auth.credentials
import google.auth.exceptions
import google.oauth2.credentials
import pytest
import requests
import requests.adapters
import responses
from responses import matchers

import tunedmodels
from tunedmodels import (
    AlreadyExists,
    APIError,
    Client,
    NotFound,
    ResourceExhausted,
    Retry,
    TransportError,
    Unauthenticated,
    Unavailable,
)
from tunedmodels._transport.address import Address
from tunedmodels._transport.credentials import Caller
from tunedmodels._transport.transport import Time, Transport

URL = "https://service.test"
THINGS = f"{URL}/v1beta/things"

Credentials: TypeAlias = google.auth.credentials.Credentials


class Recorder(requests.adapters.BaseAdapter):
    """Answers ``{}`` to everything, and keeps with what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, Any] = {}

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        self.asked = {"headers": request.headers, **options}
        response = requests.Response()
        response.status_code = 200
        response.raw = io.BytesIO(b"{}")
        return response

    def close(self) -> None:
        pass


class Renewable(Credentials):
    """A token that can be renewed, and how often it was."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.token = "token-0"
        self.renewed = 0

    def refresh(self, request: Any) -> None:  # noqa: ARG002
        self.renewed += 1
        self.token = f"token-{self.renewed}"


def transport_to(
    url: str = URL,
    session: requests.Session | None = None,
    credentials: Credentials | None = None,
    timeout: float = 60.0,
    retry: Retry | None = None,
    time: Time = Time(),  # noqa: B008 - it is frozen
) -> Transport:
    address, session = Address(url), session or requests.Session()
    caller = Caller(address, credentials or google.auth.api_key.Credentials("the-key"), None, session)
    return Transport(address, caller, session, timeout, retry, time)


def bearer(token: str) -> Any:
    return matchers.header_matcher({"authorization": f"Bearer {token}"})


def test_json_goes_out_and_comes_back(answers: responses.RequestsMock) -> None:
    """The body is JSON, the query is added, and the JSON object of the answer is returned."""
    answers.post(THINGS, json={"name": "六"})
    answer = transport_to().call("POST", "v1beta/things", {"text": "七"}, {"thingId": "a b", "size": 2, "no": None})

    request = answers.calls[0].request
    assert answer == {"name": "六"}
    assert request.url == f"{THINGS}?thingId=a+b&size=2"
    assert request.headers["Content-Type"] == "application/json"
    assert request.body == b'{"text": "\\u4e03"}'


def test_request_without_a_body_has_no_content_type(answers: responses.RequestsMock) -> None:
    """A request without a body does not say that it is JSON."""
    answers.get(THINGS, json={})
    transport_to().call("GET", "v1beta/things")

    assert "Content-Type" not in answers.calls[0].request.headers
    assert answers.calls[0].request.body is None


def test_user_agent(answers: responses.RequestsMock) -> None:
    """The User-Agent names the package and its version, and Python's."""
    answers.get(THINGS, json={})
    transport_to().call("GET", "v1beta/things")

    agent = str(answers.calls[0].request.headers["User-Agent"])
    assert agent.split()[0].split("/") == [
        "tunedmodels",
        version("tunedmodels"),
    ]
    assert agent.split()[1].startswith("python/3.")


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
    """An error answer is the error of its status, with what was asked and answered."""
    body = {"error": {"code": 404, "message": "Gone.", "status": "NOT_FOUND"}}
    answers.get(THINGS, json=body, status=404, headers={"X-Trace": "7"})

    with pytest.raises(NotFound, match=r"404 NOT_FOUND: Gone\.") as caught:
        transport_to().call("GET", "v1beta/things")

    assert caught.value.request is not None
    assert caught.value.response is not None
    assert (caught.value.request.method, caught.value.request.url) == ("GET", THINGS)
    assert caught.value.response.status_code == 404
    assert caught.value.response.headers["x-trace"] == "7"
    assert json.loads(caught.value.response.body) == body


@pytest.mark.parametrize("body", ["<html>Welcome to the hotel</html>", "", "[]", "1", "null", "[" * 100_000])
def test_success_without_a_json_object(answers: responses.RequestsMock, body: str) -> None:
    """A page of a captive portal, or any answer that this API does not give, is a TransportError with the answer."""
    answers.get(THINGS, body=body)

    with pytest.raises(TransportError, match=r"GET https://service\.test/\S+ was answered without (a )?JSON") as caught:
        transport_to().call("GET", "v1beta/things")

    assert caught.value.response is not None
    assert (caught.value.response.status_code, caught.value.response.body) == (200, body)


def test_bytes_that_are_no_text(answers: responses.RequestsMock) -> None:
    """Bytes that are no UTF-8 break nothing."""
    answers.get(THINGS, body=b'{"text": "\xff"}')

    assert transport_to().call("GET", "v1beta/things") == {"text": "\ufffd"}


@pytest.mark.parametrize("place", ["https://elsewhere.test/", "/v2/things", "http://[", "//", ""], ids=repr)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(answers: responses.RequestsMock, place: str, status: int) -> None:
    """The key does not follow a redirect to another host; the redirect is an error, wherever it leads."""
    answers.get(THINGS, status=status, headers={"Location": place}, body="over there")

    with pytest.raises((APIError, TransportError), match=rf"{status}: .*'over there'|Invalid IPv6 URL"):
        transport_to().call("GET", "v1beta/things")

    assert len(answers.calls) == 1


def test_token_is_refreshed_over_the_session(answers: responses.RequestsMock) -> None:
    """An expired token is renewed before the call, over the same session."""
    answers.post("https://tokens.test/token", json={"access_token": "fresh", "expires_in": 3600})
    answers.get(THINGS, json={})
    credentials = google.oauth2.credentials.Credentials(
        None, refresh_token="r", token_uri="https://tokens.test/token", client_id="c", client_secret="s"
    )
    transport_to(credentials=credentials).call("GET", "v1beta/things")

    assert answers.calls[1].request.headers["authorization"] == "Bearer fresh"


def test_refused_token_is_renewed_once(answers: responses.RequestsMock) -> None:
    """A 401 gets a new token, and the same request goes out once more with it."""
    answers.post(THINGS, status=401, match=[bearer("token-0")])
    answers.post(THINGS, json={"name": "n"}, match=[bearer("token-1")])
    credentials = Renewable()
    answer = transport_to(credentials=credentials).call("POST", "v1beta/things", {"a": 1}, idempotent=False)

    assert answer == {"name": "n"}
    assert credentials.renewed == 1
    assert [call.request.body for call in answers.calls] == [b'{"a": 1}'] * 2


def test_new_token_that_is_refused_too(answers: responses.RequestsMock) -> None:
    """A second 401 is the answer: nobody goes round in circles."""
    answers.get(THINGS, status=401)
    answers.get(THINGS, status=401)
    credentials = Renewable()

    with pytest.raises(Unauthenticated):
        transport_to(credentials=credentials, retry=Retry()).call("GET", "v1beta/things")

    assert credentials.renewed == 1
    assert len(answers.calls) == 2


@pytest.mark.parametrize(
    "credentials",
    [
        google.auth.api_key.Credentials("the-key"),
        google.auth.credentials.AnonymousCredentials(),
        google.oauth2.credentials.Credentials("a-token"),
    ],
    ids=["key", "anonymous", "plain-token"],
)
def test_401_without_renewable_credentials(answers: responses.RequestsMock, credentials: Credentials) -> None:
    """After a 401, a key, an anonymous caller and a plain token are not tried again."""
    answers.get(THINGS, status=401)

    with pytest.raises(Unauthenticated):
        transport_to(credentials=credentials, retry=Retry()).call("GET", "v1beta/things")

    assert len(answers.calls) == 1


def test_stream_renews_a_refused_token(answers: responses.RequestsMock) -> None:
    """A stream gets a new token in the same way."""
    answers.post(THINGS, status=401, match=[bearer("token-0")])
    answers.post(THINGS, body='[{"a": 1}]', match=[bearer("token-1")])

    assert list(transport_to(credentials=Renewable()).stream("POST", "v1beta/things", {}, {})) == [{"a": 1}]


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


@pytest.mark.parametrize(
    ("timeout", "deadline", "given"),
    [
        (7.5, None, 7.5),
        (7.5, 1005.0, 5.0),
        (7.5, 1020.0, 7.5),
        (7.5, 1000.0, 1.0),
        (7.5, 900.0, 1.0),
        (0.5, 1000.0, 0.5),
    ],
    ids=["timeout", "deadline-is-sooner", "deadline-is-later", "no-time", "too-late", "never-more-than-the-timeout"],
)
def test_time_of_a_request(timeout: float, deadline: float | None, given: float) -> None:
    """A request gets the client's timeout, or what is left to the deadline and a second at least."""
    session, recorder = requests.Session(), Recorder()
    session.mount("https://", recorder)
    time = Time(lambda: 1000.0, lambda _: None)
    transport_to(session=session, timeout=timeout, time=time).call("GET", "v1beta/things", deadline=deadline)

    assert recorder.asked["timeout"] == given


@pytest.mark.parametrize("timeout", [0, -1.0, float("inf"), float("nan")])
def test_invalid_timeout(timeout: float) -> None:
    """A timeout must be above 0 and finite."""
    with pytest.raises(ValueError, match=r"^timeout must be a number of seconds above 0, got "):
        transport_to(timeout=timeout)


@pytest.mark.parametrize(
    ("headers", "details", "pause"),
    [
        ({"Retry-After": "7"}, [], 7.0),
        ({}, [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.5s"}], 3.5),
        ({"Retry-After": "2"}, [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "9s"}], 9.0),
        ({"Retry-After": "11"}, [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "9s"}], 11.0),
    ],
    ids=["header", "details", "details-are-longer", "header-is-longer"],
)
@pytest.mark.parametrize(("status", "kind"), [(429, ResourceExhausted), (503, Unavailable)], ids=["429", "503"])
def test_service_says_when_to_come_back(
    answers: responses.RequestsMock,
    headers: dict[str, str],
    details: list[Any],
    pause: float,
    status: int,
    kind: type[APIError],
) -> None:
    """Retry-After and RetryInfo are obeyed, the longer of the two; without the time for it the error says it."""
    sleeps: list[float] = []
    time = Time(lambda: 0.0, sleeps.append)
    answers.get(THINGS, status=status, headers=headers, json={"error": {"code": status, "details": details}})
    with pytest.raises(kind) as caught:
        transport_to(retry=Retry(timeout=1), time=time).call("GET", "v1beta/things")
    answers.get(THINGS, status=status, headers=headers, json={"error": {"code": status, "details": details}})
    answers.get(THINGS, json={"name": "n"})
    answer = transport_to(retry=Retry(initial=1e-9), time=time).call("GET", "v1beta/things")

    assert caught.value.retry_delay == pause
    assert answer == {"name": "n"}
    assert sleeps == [pause]


def transport_with_answers(answers: responses.RequestsMock, method: str, *results: int | Exception) -> Transport:
    """A transport whose tries of one request are answered with these statuses or errors, without pauses."""
    for one in results:
        if isinstance(one, Exception):
            answers.add(method, THINGS, body=one)
        else:
            answers.add(method, THINGS, status=one, json={"error": {"status": "ALREADY_EXISTS"}} if one == 409 else {})
    return transport_to(retry=Retry(initial=1e-9), time=Time(lambda: 0.0, lambda _: None))


@pytest.mark.parametrize("first", [requests.ConnectionError("reset"), requests.ReadTimeout("slow"), 503], ids=str)
def test_gone_after_an_answer_was_lost(answers: responses.RequestsMock, first: int | Exception) -> None:
    """A DELETE that finds nothing on its second try did its work on the first."""
    assert transport_with_answers(answers, "DELETE", first, 404).call("DELETE", "v1beta/things") == {}


@pytest.mark.parametrize(
    "results",
    [(404,), (429, 404), (requests.ConnectTimeout("refused"), 404)],
    ids=["at-once", "after-a-refusal", "after-no-connection"],
)
def test_gone_before(answers: responses.RequestsMock, results: tuple[int | Exception, ...]) -> None:
    """A DELETE that cannot have done anything before, and finds nothing, is an error."""
    with pytest.raises(NotFound):
        transport_with_answers(answers, "DELETE", *results).call("DELETE", "v1beta/things")


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_gone_is_an_error_for_others(answers: responses.RequestsMock, method: str) -> None:
    """Only a DELETE may find that there is nothing."""
    with pytest.raises(NotFound):
        transport_with_answers(answers, method, 503, 404).call(method, "v1beta/things")


@pytest.mark.parametrize(
    ("results", "advised"),
    [
        ((409,), False),
        ((429, 409), False),
        ((requests.ConnectTimeout("refused"), 409), False),
        ((requests.ConnectionError("reset"), 409), True),
        ((503, 409), True),
    ],
    ids=["at-once", "after-a-refusal", "after-no-connection", "after-a-lost-answer", "after-503"],
)
def test_taken_after_an_answer_was_lost(
    answers: responses.RequestsMock, results: tuple[int | Exception, ...], advised: bool
) -> None:
    """A create that finds its id taken on its second try may have taken it itself, and says where to look."""
    with pytest.raises(AlreadyExists) as caught:
        transport_with_answers(answers, "POST", *results).call("POST", "v1beta/things", {})

    assert ("an earlier try of this call got no answer and may have created the model" in str(caught.value)) is advised


def test_hook_of_the_session_may_read_the_body(answers: responses.RequestsMock) -> None:
    """A session that logs every answer takes nothing away."""
    answers.get(THINGS, json={"name": "n"})
    answers.post(THINGS, body='[{"a": 1}]')
    session, seen = requests.Session(), []
    session.hooks["response"].append(lambda response, **_: seen.append(response.text))
    transport = transport_to(session=session)

    assert transport.call("GET", "v1beta/things") == {"name": "n"}
    assert list(transport.stream("POST", "v1beta/things", {}, {})) == [{"a": 1}]
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("kind", "body", "problem"),
    [
        ("application/json", '[{"a": 1}, 2]', "expected an array of objects, got '2]'"),
        ("text/event-stream", 'data: {"a": 1}\n\ndata: 2\n\n', "a chunk is not a JSON object: 2"),
        ("text/event-stream", 'data: {"a": 1}\n\ndata: [DONE]\n\n', "an event is not JSON: "),
        ("application/json", '[{"a": 1}', "the stream ended inside the array"),
    ],
    ids=["number-in-array", "number-in-event", "no-json-in-event", "open-array"],
)
def test_stream_that_goes_wrong(answers: responses.RequestsMock, kind: str, body: str, problem: str) -> None:
    """What came before is kept, and then comes a TransportError that says what is wrong."""
    answers.post(THINGS, body=body, content_type=kind)
    chunks = transport_to().stream("POST", "v1beta/things", {}, {})

    assert next(chunks) == {"a": 1}
    with pytest.raises(TransportError, match="was answered with an invalid stream: ") as caught:
        next(chunks)
    assert problem in str(caught.value)
    assert caught.value.response is not None
    assert caught.value.response.status_code == 200
    assert caught.value.response.headers["content-type"] == kind


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", '[{"a": 1}, {"error": {"code": 503, "status": "UNAVAILABLE", "message": "Full."}}]'),
        ("text/event-stream", 'data: {"a": 1}\n\ndata: {"error": {"code": 503, "message": "Full."}}\n\n'),
    ],
    ids=["array", "events"],
)
def test_error_within_a_stream(answers: responses.RequestsMock, kind: str, body: str) -> None:
    """An error that comes as a chunk is the error of its status, and nothing is asked again after the first chunk."""
    answers.post(THINGS, body=body, content_type=kind)
    chunks = transport_to(retry=Retry()).stream("POST", "v1beta/things", {}, {})

    assert next(chunks) == {"a": 1}
    with pytest.raises(Unavailable, match=r"503 UNAVAILABLE: Full\."):
        next(chunks)
    assert len(answers.calls) == 1


def test_stream_of_nothing(answers: responses.RequestsMock) -> None:
    """An array may be empty."""
    answers.post(THINGS, body="[]")

    assert list(transport_to().stream("POST", "v1beta/things", {}, {})) == []


def test_stream_is_sent_at_once(answers: responses.RequestsMock) -> None:
    """A stream that is refused says so when it is asked for, not when it is read."""
    answers.post(THINGS, status=403)

    with pytest.raises(APIError, match="403"):
        transport_to().stream("POST", "v1beta/things", {}, {})


@pytest.mark.parametrize(
    "answer",
    [{"status": 403, "json": {"error": {"message": "No."}}}, {"body": "<html>"}, {"body": requests.Timeout("slow")}],
    ids=["refused", "no-json", "no-answer"],
)
def test_key_is_in_no_text(answers: responses.RequestsMock, client: Client, answer: dict[str, Any]) -> None:
    """The key travels in a header alone: no URL, no error and no repr has it."""
    answers.get(f"{URL}/v1beta/tunedModels/m", **answer)

    with Client(URL, api_key="the-key", retry=None) as client, pytest.raises((APIError, TransportError)) as caught:
        client.tuned_models.get("m")

    texts = [str(caught.value), repr(caught.value), repr(vars(caught.value)), repr(client)]
    assert answers.calls[0].request.headers["x-goog-api-key"] == "the-key"
    assert "the-key" not in "".join([*texts, answers.calls[0].request.url or ""])


@pytest.mark.parametrize("retry", [Retry(), None], ids=["retry", "no retry"])
def test_the_traceback_of_a_refusal(answers: responses.RequestsMock, retry: Retry | None) -> None:
    """It has the caller's line and frames of this package, and no library's."""
    answers.get(f"{URL}/v1beta/tunedModels/m", status=404)

    with pytest.raises(NotFound) as caught, Client(URL, api_key="the-key", retry=retry) as client:
        client.tuned_models.get("m")

    ours = Path(tunedmodels.__file__).parent
    assert [str(entry.path) for entry in caught.traceback if ours not in Path(entry.path).parents] == [__file__]
    assert len(caught.traceback) <= 6
    assert caught.value.__cause__ is caught.value.__context__ is None
