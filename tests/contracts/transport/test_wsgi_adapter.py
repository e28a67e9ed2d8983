"""In process: a WSGI application behind a session, without a socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tunedmodels_contracts.transport.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Application:
    """Notes what it is asked, and answers in parts."""

    def __init__(self) -> None:
        self.asked: list[WSGIEnvironment] = []
        self.bodies: list[bytes] = []
        self.yielded = 0
        self.closed = False

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Any:
        self.asked.append(environ)
        self.bodies.append(environ["wsgi.input"].read())
        start("418 Of Another Kind", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Type", "text/plain")])
        return self

    def __iter__(self) -> Iterator[bytes]:
        for part in (b"one", b"", b"two", b"three"):
            self.yielded += 1
            yield part

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def session(application: Application) -> requests.Session:
    made = requests.Session()
    made.mount("http://", WsgiAdapter(application))
    return made


def test_the_request_arrives(application: Application, session: requests.Session) -> None:
    """Method, path, query, headers and body are the application's to read."""
    session.patch("http://fake.test/v1beta/tunedModels/a%20b?x=1&x=2", data="é".encode(), headers={"X-Test-Id": "w"})
    (asked,) = application.asked

    assert (asked["REQUEST_METHOD"], asked["PATH_INFO"], asked["QUERY_STRING"]) == (
        "PATCH",
        "/v1beta/tunedModels/a b",
        "x=1&x=2",
    )
    assert (asked["HTTP_X_TEST_ID"], asked["HTTP_HOST"]) == ("w", "fake.test")
    assert application.bodies == ["é".encode()]


def test_the_answer_comes_back(application: Application, session: requests.Session) -> None:
    """Status, reason, headers that come twice, and the whole body; then the application is told that it is over."""
    answer = session.get("http://fake.test")

    assert (answer.status_code, answer.reason, answer.text) == (418, "Of Another Kind", "onetwothree")
    assert answer.raw.headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    assert application.closed


def test_a_stream_arrives_as_it_is_made(application: Application, session: requests.Session) -> None:
    """Who reads a stream gets each part before the next one is made."""
    raw = session.get("http://fake.test", stream=True).raw

    assert raw.read1(1024) == b"one"
    assert application.yielded < 4
    assert [raw.read1(1024) for _ in range(3)] == [b"two", b"three", b""]
