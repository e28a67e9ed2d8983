"""The transport sends requests, reads answers, and keeps the caller's credentials secret."""

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

from .renewable import Renewable

URL = "https://service.test"
THINGS = f"{URL}/v1beta/things"

Credentials: TypeAlias = google.auth.credentials.Credentials


class Recorder(requests.adapters.BaseAdapter):
    """Answers ``{}`` to every request, and records the options of the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.options: dict[str, Any] = {}

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        self.options = {"headers": request.headers, **options}
        response = requests.Response()
        response.status_code = 200
        response.raw = io.BytesIO(b"{}")
        return response

    def close(self) -> None:
        pass


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


def test_request_without_a_body(answers: responses.RequestsMock) -> None:
    """A request without a body has no content type; its User-Agent has the versions of the package and Python."""
    answers.get(THINGS, json={})
    transport_to().call("GET", "v1beta/things")

    assert "Content-Type" not in answers.calls[0].request.headers
    assert answers.calls[0].request.body is None
    agent = str(answers.calls[0].request.headers["User-Agent"])
    assert agent.startswith(f"tunedmodels/{version('tunedmodels')} python/3.")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_number_that_json_lacks_is_a_value_error(number: float) -> None:
    """NaN and infinity are a ValueError before the client sends the request."""
    recorder = Recorder()
    session = requests.Session()
    session.mount(URL, recorder)

    with pytest.raises(ValueError, match="no NaN and no infinity, so"):
        transport_to(session=session).call("POST", "v1beta/tunedModels", {"learningRate": number})
    assert recorder.options == {}


def test_path_is_quoted(answers: responses.RequestsMock) -> None:
    """Special characters of a name are quoted in the path."""
    answers.post(f"{URL}/v1beta/tunedModels/a%20%3Fb%23:generateContent", json={})

    assert transport_to().call("POST", "v1beta/tunedModels/a ?b#:generateContent", {}) == {}


def test_slash_at_the_end_of_the_base_url(answers: responses.RequestsMock) -> None:
    """A base URL may end in a slash, or have a path."""
    answers.get(f"{URL}/proxy/v1beta/things", json={})

    assert transport_to(f"{URL}/proxy/").call("GET", "v1beta/things") == {}


def test_refusal_is_an_api_error(answers: responses.RequestsMock) -> None:
    """An error answer is the error of its status, with the request and the response."""
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
    """An answer without a JSON object, such as the page of a hotel, is a TransportError with the response."""
    answers.get(THINGS, body=body)

    with pytest.raises(TransportError, match=r"GET https://service\.test/\S+ was answered without (a )?JSON") as caught:
        transport_to().call("GET", "v1beta/things")

    assert caught.value.response is not None
    assert (caught.value.response.status_code, caught.value.response.body) == (200, body)


def test_bytes_that_are_no_text(answers: responses.RequestsMock) -> None:
    """Bytes that are not UTF-8 become replacement characters."""
    answers.get(THINGS, body=b'{"text": "\xff"}')

    assert transport_to().call("GET", "v1beta/things") == {"text": "\ufffd"}


@pytest.mark.parametrize(
    ("status", "place"),
    [(301, "https://elsewhere.test/"), (302, "/v2/things"), (303, "http://["), (307, "//"), (308, "")],
)
def test_redirect_is_not_followed(answers: responses.RequestsMock, status: int, place: str) -> None:
    """The client does not send the key to another host: every redirect is an error."""
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
    assert credentials.renewals == 1
    assert [call.request.body for call in answers.calls] == [b'{"a": 1}'] * 2


def test_refusal_of_the_new_token(answers: responses.RequestsMock) -> None:
    """The client renews a token once, and raises the second 401."""
    answers.get(THINGS, status=401)
    answers.get(THINGS, status=401)
    credentials = Renewable()

    with pytest.raises(Unauthenticated):
        transport_to(credentials=credentials, retry=Retry()).call("GET", "v1beta/things")

    assert credentials.renewals == 1
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
    """The client does not use the environment's proxy for this machine."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://proxy.test:3128")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    session, recorder = requests.Session(), Recorder()
    session.mount("http://", recorder)
    session.mount("https://", recorder)
    transport_to(url, session).call("GET", "v1beta/things")

    assert (requests.utils.select_proxy(url, recorder.options["proxies"]) is not None) is proxied


@pytest.mark.parametrize(
    ("timeout", "deadline", "seconds"),
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
def test_time_of_a_request(timeout: float, deadline: float | None, seconds: float) -> None:
    """A request has the client's timeout, or the time until the deadline and at least a second."""
    session, recorder = requests.Session(), Recorder()
    session.mount("https://", recorder)
    time = Time(lambda: 1000.0, lambda _: None)
    transport_to(session=session, timeout=timeout, time=time).call("GET", "v1beta/things", deadline=deadline)

    assert recorder.options["timeout"] == seconds


@pytest.mark.parametrize(("status", "kind"), [(429, ResourceExhausted), (503, Unavailable)], ids=["429", "503"])
def test_service_says_when_to_come_back(answers: responses.RequestsMock, status: int, kind: type[APIError]) -> None:
    """The client waits as long as the service asks; if there is no time, the error has the delay."""
    sleeps: list[float] = []
    time = Time(lambda: 0.0, sleeps.append)
    for _ in range(2):
        answers.get(THINGS, status=status, headers={"Retry-After": "7"}, json={"error": {"code": status}})
    answers.get(THINGS, json={"name": "n"})
    with pytest.raises(kind) as caught:
        transport_to(retry=Retry(timeout=1), time=time).call("GET", "v1beta/things")
    answer = transport_to(retry=Retry(initial=1e-9), time=time).call("GET", "v1beta/things")

    assert caught.value.retry_delay == 7.0
    assert answer == {"name": "n"}
    assert sleeps == [7.0]


def transport_with_answers(answers: responses.RequestsMock, method: str, *results: int | Exception) -> Transport:
    """A transport whose tries of one request are answered with these statuses or errors, without pauses."""
    for one in results:
        if isinstance(one, Exception):
            answers.add(method, THINGS, body=one)
        else:
            answers.add(method, THINGS, status=one, json={"error": {"status": "ALREADY_EXISTS"}} if one == 409 else {})
    return transport_to(retry=Retry(initial=1e-9), time=Time(lambda: 0.0, lambda _: None))


@pytest.mark.parametrize("first", [requests.ConnectionError("reset"), requests.ReadTimeout("slow"), 503], ids=str)
def test_404_after_a_lost_answer_to_delete(answers: responses.RequestsMock, first: int | Exception) -> None:
    """A DELETE whose second try answers 404 succeeded at the first."""
    assert transport_with_answers(answers, "DELETE", first, 404).call("DELETE", "v1beta/things") == {}


@pytest.mark.parametrize(
    "results",
    [(404,), (429, 404), (requests.ConnectTimeout("refused"), 404)],
    ids=["at-once", "after-a-refusal", "after-no-connection"],
)
def test_404_without_an_earlier_effect(answers: responses.RequestsMock, results: tuple[int | Exception, ...]) -> None:
    """A 404 to a DELETE is an error if no earlier try had an effect."""
    with pytest.raises(NotFound):
        transport_with_answers(answers, "DELETE", *results).call("DELETE", "v1beta/things")


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_404_to_other_methods(answers: responses.RequestsMock, method: str) -> None:
    """A 404 to another method is an error also on a second try."""
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
def test_409_after_a_lost_answer(
    answers: responses.RequestsMock, results: tuple[int | Exception, ...], advised: bool
) -> None:
    """A 409 to the second try of a create has a hint that the first try may have created the model."""
    with pytest.raises(AlreadyExists) as caught:
        transport_with_answers(answers, "POST", *results).call("POST", "v1beta/things", {})

    assert ("an earlier try of this call got no answer and may have created the model" in str(caught.value)) is advised


def test_hook_of_the_session_may_read_the_body(answers: responses.RequestsMock) -> None:
    """The client reads an answer that a hook of the session has read."""
    answers.get(THINGS, json={"name": "n"})
    answers.post(THINGS, body='[{"a": 1}]')
    session, texts = requests.Session(), []
    session.hooks["response"].append(lambda response, **_: texts.append(response.text))
    transport = transport_to(session=session)

    assert transport.call("GET", "v1beta/things") == {"name": "n"}
    assert list(transport.stream("POST", "v1beta/things", {}, {})) == [{"a": 1}]
    assert len(texts) == 2


@pytest.mark.parametrize(
    ("kind", "body", "problem"),
    [
        ("text/event-stream", 'data: {"a": 1}\n\ndata: 2\n\n', "a chunk is not a JSON object: 2"),
        ("application/json", '[{"a": 1}', "the stream ended inside the array"),
    ],
    ids=["number-in-event", "open-array"],
)
def test_stream_that_goes_wrong(answers: responses.RequestsMock, kind: str, body: str, problem: str) -> None:
    """The stream yields its valid chunks, and then raises a TransportError with the problem."""
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
    """An error in a chunk is the error of its status, and the client does not repeat the request."""
    answers.post(THINGS, body=body, content_type=kind)
    chunks = transport_to(retry=Retry()).stream("POST", "v1beta/things", {}, {})

    assert next(chunks) == {"a": 1}
    with pytest.raises(Unavailable, match=r"503 UNAVAILABLE: Full\."):
        next(chunks)
    assert len(answers.calls) == 1


def test_stream_is_sent_at_once(answers: responses.RequestsMock) -> None:
    """The error of a refused stream is raised at its request, not at its first chunk."""
    answers.post(THINGS, status=403)

    with pytest.raises(APIError, match="403"):
        transport_to().stream("POST", "v1beta/things", {}, {})


@pytest.mark.parametrize(
    "answer",
    [{"status": 403, "json": {"error": {"message": "No."}}}, {"body": "<html>"}, {"body": requests.Timeout("slow")}],
    ids=["refused", "no-json", "no-answer"],
)
def test_key_is_in_no_text(answers: responses.RequestsMock, client: Client, answer: dict[str, Any]) -> None:
    """Only a header has the key: no URL, no error and no repr."""
    answers.get(f"{URL}/v1beta/tunedModels/m", **answer)

    with Client(URL, api_key="the-key", retry=None) as client, pytest.raises((APIError, TransportError)) as caught:
        client.tuned_models.get("m")

    texts = [str(caught.value), repr(caught.value), repr(vars(caught.value)), repr(client)]
    assert answers.calls[0].request.headers["x-goog-api-key"] == "the-key"
    assert "the-key" not in "".join([*texts, answers.calls[0].request.url or ""])


@pytest.mark.parametrize("retry", [Retry(), None], ids=["retry", "no retry"])
def test_the_traceback_of_a_refusal(answers: responses.RequestsMock, retry: Retry | None) -> None:
    """The traceback has the caller's line and frames of this package, and none of a library."""
    answers.get(f"{URL}/v1beta/tunedModels/m", status=404)

    with pytest.raises(NotFound) as caught, Client(URL, api_key="the-key", retry=retry) as client:
        client.tuned_models.get("m")

    ours = Path(tunedmodels.__file__).parent
    assert [str(entry.path) for entry in caught.traceback if ours not in Path(entry.path).parents] == [__file__]
    assert len(caught.traceback) <= 6
    assert caught.value.__cause__ is caught.value.__context__ is None
