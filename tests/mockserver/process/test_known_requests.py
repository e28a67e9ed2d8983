"""Tests that bytes which the server has read before mean the same as at the first time."""

from __future__ import annotations

import socket
from io import BytesIO

import pytest

from tunedmodels_mockserver.process.known_requests import KnownRequests
from tunedmodels_mockserver.process.server import Server

from .test_connection import HOST, body_of, statuses
from .test_connection import server as server  # a fixture

GET = b"GET /a?b=c HTTP/1.1\r\n" + HOST + b"\r\n"
POST = b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
UPGRADE = b"GET /a HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


def exchange(client: socket.socket, data: bytes) -> bytes:
    """Send *data* in one piece, and return the body of the answer."""
    client.sendall(data)
    answer = client.recv(65536)
    assert statuses(answer) == [200]
    return body_of(answer)


@pytest.mark.parametrize("data", [GET, POST, CHUNKED, UPGRADE, b"\r\n" + GET])
def test_a_repeated_request_gets_the_same_answer(server: Server, data: bytes) -> None:
    """This holds on the same connection and on another one."""
    answers = []
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            answers += [exchange(client, data) for _ in range(3)]

    assert len(set(answers)) == 1


def test_a_body_that_looks_like_a_known_request_is_a_body(server: Server) -> None:
    """The same holds for the rest of a head."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        exchange(client, GET)
        client.sendall(b"POST /b HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(GET))
        assert exchange(client, GET) == b"POST /b  " + GET
        client.sendall(b"GET /b HTTP/1.1\r\nX: y\r\n")
        assert exchange(client, HOST + b"\r\n") == b"GET /b  "
        assert exchange(client, GET) == b"GET /a b=c "


def test_pieces_of_several_requests_are_not_known(server: Server) -> None:
    """A request that comes with the beginning of the next one is read each time."""
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            assert exchange(client, GET + POST[:20]) == b"GET /a b=c "
            assert exchange(client, POST[20:]) == b"POST /a  hello"


def test_environ_is_new_each_time() -> None:
    """The application may change it. The part of the connection is not kept."""
    known = KnownRequests()
    known.keep(GET, {"A": "1", "REMOTE_PORT": "1", "wsgi.input": BytesIO(b"body")}, {"REMOTE_PORT": "1"})
    request = known.find(GET)
    assert request is not None
    first, second = (request.environ({"REMOTE_PORT": "2"}) for _ in range(2))
    first["A"] = "changed"
    first["wsgi.input"].read()

    assert (second["A"], second["REMOTE_PORT"], second["wsgi.input"].read()) == ("1", "2", b"body")


def test_bounds() -> None:
    """Large requests are not kept, and never more than 512."""
    known = KnownRequests()
    environ = {"wsgi.input": BytesIO()}
    known.keep(b"x" * 4097, environ, {})
    for number in range(600):
        known.keep(b"%d" % number, environ, {})
    kept = [number for number in range(600) if known.find(b"%d" % number)]

    assert known.find(b"x" * 4097) is None
    assert kept == list(range(512, 600))
