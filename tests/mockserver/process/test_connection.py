"""Tests how the server reads requests, by bytes over raw sockets. A second parser, h11, sees the same bytes."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import suppress

import h11
import pytest
from flask import Flask, Response, request

from tunedmodels_mockserver.process.limits import Limits
from tunedmodels_mockserver.process.server import Server

from ..serving import serve_thread

HOST = b"Host: localhost\r\n"
LIMITS = Limits(head=4096, headers=20, body=100_000, head_time=0.5, idle_time=0.5, write_time=1.0, connections=40)


def echo_app() -> Flask:
    """Return an application that answers with the method, the path, the query and the body that it got."""
    app = Flask("echo")

    @app.before_request
    def echo() -> Response:
        text = f"{request.method} {request.path} {request.query_string.decode()} ".encode()
        return Response(text + request.get_data())

    return app


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Yield a server with low limits."""
    with serve_thread(echo_app(), limits=LIMITS) as server:
        yield server


def send(server: Server, data: bytes, *, half_close: bool = True) -> bytes:
    """Return all that the server sends back for *data* until it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        with suppress(OSError):  # the server may refuse before it has all
            client.sendall(data)
            if half_close:
                client.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return answer


def statuses(answer: bytes) -> list[int]:
    """Return the statuses of all responses in *answer*."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def h11_request(data: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Return the method, the target and the body that h11 reads in *data*, or None if it refuses them."""
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(data)
    parser.receive_data(b"")
    head, body = None, b""
    try:
        while not isinstance(event := parser.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                return None
    except h11.RemoteProtocolError:
        return None
    return (head.method, head.target, body) if head else None


CHUNK = b"3E8\r\n%b\r\n" % (b"x" * 1000)
ACCEPTED = [
    b"GET /a?b=c HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /a HTTP/1.0\r\n\r\n",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\nT: v\r\n\r\n",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
    b"PATCH /%41 HTTP/1.1\r\n" + HOST + b"A:\t b \t\r\nEmpty:\r\n\r\n",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nabc",
]
REFUSED = [
    b"GARBAGE\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"GET /a HTTP/1.1\r\n\r\n",
    b"GET /a HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    b"GET /a HTTP/1.1\r\n" + HOST + b"A : b\r\n\r\n",
    b"GET /a HTTP/1.1\r\n" + HOST + b": b\r\n\r\n",
    b"GET /a HTTP/1.1\r\n" + HOST + b"A: b\0c\r\n\r\n",
    b"GET /a HTTP/1.1\r\n" + HOST + b"A: b\rc\r\n\r\n",
    b"GET /a HTTP/1.1\r\n" + HOST + b"A b\r\n\r\n",
    b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /a HTTP/1.1x\r\n" + HOST + b"\r\n",
    b"GET /a\r\n\r\n",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n\r\na",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 0x1\r\n\r\na",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
]
# h11 reads these, and the server does not: each is a way to smuggle a request past one of two servers, or is obsolete.
STRICTER = [
    b"GET /a HTTP/1.1\n" + HOST + b"\n",
    b"GET /a HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n",
    b"FOO /a HTTP/1.1\r\n" + HOST + b"\r\n",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("data", ACCEPTED)
def test_both_parsers_read_the_same_request(server: Server, data: bytes) -> None:
    """They agree on the method, the target and the body."""
    answer = send(server, data)
    expected = h11_request(data)

    assert expected is not None
    assert statuses(answer) == [200]
    path, _, query = expected[1].replace(b"%41", b"A").partition(b"?")
    assert body_of(answer) == b"%b %b %b %b" % (expected[0], path, query, expected[2])


@pytest.mark.parametrize("data", REFUSED)
def test_both_parsers_refuse_a_malformed_request(server: Server, data: bytes) -> None:
    """The server answers with an error, and closes."""
    answer = send(server, data, half_close=False)

    assert h11_request(data) is None
    assert statuses(answer)[0] in (400, 501, 505)
    assert b"Connection: close\r\n" in answer


@pytest.mark.parametrize("data", STRICTER)
def test_the_server_refuses_more_than_the_other_parser(server: Server, data: bytes) -> None:
    """It refuses what two servers can read differently."""
    assert h11_request(data) is not None
    assert statuses(send(server, data, half_close=False)) == [400]


@pytest.mark.parametrize("prefix", [b"\r\nGET /a", b"GET  /a"])
def test_a_blank_line_or_a_second_space_is_harmless(server: Server, prefix: bytes) -> None:
    """RFC 9112 lets a server skip them (2.2 and 3), and no second reading is possible; h11 refuses them."""
    data = prefix + b" HTTP/1.1\r\n" + HOST + b"\r\n"

    assert h11_request(data) is None
    assert body_of(send(server, data)) == b"GET /a  "


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /a HTTP/1.1\r\n" + HOST + b"A: " + b"x" * 5000 + b"\r\n\r\n", 431),
        (b"GET /a HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 30 + b"\r\n", 431),
        (b"GET /a HTTP/1.1\r\n" + HOST + b"A: " + b"x" * 1_000_000, 431),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 100001\r\n\r\n", 413),
        (
            b"POST /a HTTP/1.1\r\n"
            + HOST
            + b"Transfer-Encoding: chunked\r\n\r\n"
            + b"3E8\r\n%b\r\n" % (b"x" * 1000) * 500,
            413,
        ),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n", 413),
    ],
)
def test_a_request_beyond_a_limit_is_refused(server: Server, data: bytes, status: int) -> None:
    """The client gets the answer even if it has not sent all."""
    if status == 431 and data.count(b"\r\n") < 3:
        data += b"\r\n\r\n"
    assert statuses(send(server, data, half_close=False)) == [status]


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    """A malformed one at the end is refused after the answers before it."""
    requests = b"".join(b"GET /%d HTTP/1.1\r\n" % number + HOST + b"\r\n" for number in range(30))
    answer = send(server, requests + b"GARBAGE\r\n\r\n")

    assert statuses(answer) == [200] * 30 + [400]
    assert [answer.index(b"GET /%d " % number) for number in range(30)] == sorted(
        answer.index(b"GET /%d " % number) for number in range(30)
    )


def test_requests_for_another_protocol_stay_http_1(server: Server) -> None:
    """The connection goes on after the request, with or without a body."""
    upgrade = HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"
    answer = send(
        server,
        b"GET /1 HTTP/1.1\r\n" + upgrade + b"\r\n"
        b"POST /2 HTTP/1.1\r\n" + upgrade + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
        b"GET /3 HTTP/1.1\r\n" + HOST + b"\r\n",
    )

    assert statuses(answer) == [200] * 3
    assert [text in answer for text in (b"GET /1 ", b"POST /2  ab", b"GET /3 ")] == [True] * 3


def test_expect_is_answered_before_the_body_comes(server: Server) -> None:
    """A request without a body needs no 100, and the connection stays usable."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"GET /1 HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        client.sendall(b"POST /2 HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"ab")
        assert client.recv(65536).endswith(b"POST /2  ab")


@pytest.mark.parametrize("begin", [b"", b"GET /a HTTP/1.1\r\nA: b"])
def test_a_client_that_sends_nothing_more_is_dropped(server: Server, begin: bytes) -> None:
    """This is so before a request and within its head."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(begin)
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""


def test_idle_connections_lock_nobody_out(server: Server) -> None:
    """Beyond the limit the server closes the one that has been idle for the longest time."""
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(60)]
    try:
        assert statuses(send(server, b"GET /a HTTP/1.1\r\n" + HOST + b"\r\n")) == [200]
    finally:
        for client in idle:
            client.close()
