"""The client's own sessions limit the time of slow answers, also over TLS, and survive a fork."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tunedmodels import Client, TransportError

from ...servers import write_certificate
from ..flaky_server import FlakyServer, answer

PAUSE = 0.1
PIECES = 100

HEAD = (b"HTTP/1.1 200 OK\r\n", lambda place: b"X-%d: a\r\n" % place)
INFORMATION = (b"", lambda _place: b"HTTP/1.1 100 Continue\r\n\r\n")
CHUNK = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", lambda _place: b"0")
BODY = (b"HTTP/1.0 200 OK\r\n\r\n", lambda _place: b" ")


@contextmanager
def slow_pieces(
    begin: bytes, piece: Callable[[int], bytes], wrap: Callable[[socket.socket], socket.socket] = lambda plain: plain
) -> Iterator[int]:
    """Serve one answer in pieces for ten seconds, or until the client closes the connection; yield the port."""

    def serve() -> None:
        connection, _ = listener.accept()
        with wrap(connection) as stream:
            stream.recv(65536)
            try:
                stream.sendall(begin)
                for place in range(PIECES):
                    time.sleep(PAUSE)
                    stream.sendall(piece(place))
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(20)


@pytest.mark.parametrize("pieces", [HEAD, INFORMATION, CHUNK, BODY], ids=["head", "information", "chunk", "body"])
def test_answer_in_pieces_ends_in_time(pieces: tuple[bytes, Callable[[int], bytes]]) -> None:
    """An answer in small pieces ends at the timeout of the whole answer."""
    with (
        slow_pieces(*pieces) as port,
        Client(f"http://127.0.0.1:{port}", timeout=0.5, retry=None) as client,
    ):
        start = time.monotonic()
        with pytest.raises(TransportError, match=r"took too long|timed out"):
            client.models.get("any")
        duration = time.monotonic() - start

    assert duration < PAUSE * PIECES / 2


def test_encrypted_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same holds over TLS, and a whole answer is read."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    write_certificate(tmp_path)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "ca.key")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))

    def wrap(connection: socket.socket) -> socket.socket:
        return context.wrap_socket(connection, server_side=True)

    whole = b'HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{"name": "models/any"}'
    with (
        slow_pieces(whole, lambda _place: b"", wrap) as port,
        Client(f"https://127.0.0.1:{port}", retry=None) as client,
    ):
        assert client.models.get("any").name == "models/any"
    with slow_pieces(*HEAD, wrap) as port, Client(f"https://127.0.0.1:{port}", timeout=0.5, retry=None) as client:
        start = time.monotonic()
        with pytest.raises(TransportError, match=r"took too long|timed out"):
            client.models.get("any")
        duration = time.monotonic() - start

    assert duration < PAUSE * PIECES / 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the threads of the server do not use the client
def test_forked_process_has_connections_of_its_own() -> None:
    """After a fork, parent and child use the client with different connections."""
    with FlakyServer(otherwise=answer({"name": "models/any"})) as server, Client(server.url, retry=None) as client:
        client.models.get("any")
        child = os.fork()
        if not child:
            status = 1
            try:
                status = 0 if client.models.get("any").name == "models/any" else 2
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        client.models.get("any")

        assert status == 0
        assert server.connections == 2
