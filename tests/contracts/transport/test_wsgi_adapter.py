"""Tests the adapter that sends the requests of a session to a WSGI application in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tunedmodels_contracts.transport.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Application:
    """Records the requests, and answers in parts."""

    def __init__(self) -> None:
        self.requests: list[WSGIEnvironment] = []
        self.bodies: list[bytes] = []
        self.parts = 0
        self.is_closed = False

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Any:
        self.requests.append(environ)
        self.bodies.append(environ["wsgi.input"].read())
        start("418 Of Another Kind", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Type", "text/plain")])
        return self

    def __iter__(self) -> Iterator[bytes]:
        for part in (b"one", b"", b"two", b"three"):
            self.parts += 1
            yield part

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def session(application: Application) -> requests.Session:
    session = requests.Session()
    session.mount("http://", WsgiAdapter(application))
    return session


def test_application_gets_the_request(application: Application, session: requests.Session) -> None:
    """The application gets the method, path, query, headers and body."""
    session.patch("http://fake.test/v1beta/tunedModels/a%20b?x=1&x=2", data="é".encode(), headers={"X-Test-Id": "w"})
    (environ,) = application.requests

    assert (environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]) == (
        "PATCH",
        "/v1beta/tunedModels/a b",
        "x=1&x=2",
    )
    assert (environ["HTTP_X_TEST_ID"], environ["HTTP_HOST"]) == ("w", "fake.test")
    assert application.bodies == ["é".encode()]


def test_session_gets_the_answer(application: Application, session: requests.Session) -> None:
    """The answer has the status, the reason, repeated headers and the body. Then the iterable is closed."""
    answer = session.get("http://fake.test")

    assert (answer.status_code, answer.reason, answer.text) == (418, "Of Another Kind", "onetwothree")
    assert answer.raw.headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    assert application.is_closed


def test_stream_arrives_in_parts(application: Application, session: requests.Session) -> None:
    """The reader of a stream gets each part before the application makes the next one."""
    raw = session.get("http://fake.test", stream=True).raw

    assert raw.read1(1024) == b"one"
    assert application.parts < 4
    assert [raw.read1(1024) for _ in range(3)] == [b"two", b"three", b""]
