"""Tests that answers of one turn of the event loop are sent together, and that none is lost or late."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from tunedmodels_mockserver.process.outbox import Outbox
from tunedmodels_mockserver.process.server import Server

from .test_connection import HOST, statuses
from .test_connection import server as server  # a fixture


class Recorder:
    """A connection that records when it is flushed."""

    def __init__(self, log: list[str], name: str) -> None:
        self._log = log
        self._name = name

    def flush(self) -> None:
        self._log.append(self._name)


@pytest.mark.parametrize(
    ("connections", "expected"),
    [(2, ["sent", "0", "sent", "1"]), (3, ["sent", "sent", "sent", "0", "1", "2"])],
)
def test_many_connections_are_flushed_at_the_end_of_the_turn(connections: int, expected: list[str]) -> None:
    """Few are flushed at once."""
    log: list[str] = []

    async def run() -> None:
        recorders: list[Any] = [Recorder(log, str(number)) for number in range(connections)]
        outbox = Outbox(asyncio.get_running_loop(), set(recorders))
        for recorder in recorders:
            log.append("sent")
            outbox.add(recorder)
        await asyncio.sleep(0)

    asyncio.run(run())
    assert log == expected


@pytest.mark.parametrize("last", [b"", b"Connection: close\r\n"])
def test_clients_that_close_their_end_get_their_answers(server: Server, last: bytes) -> None:
    """All send at once, and the server answers in one turn or in several."""
    clients = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(20)]
    try:
        for client in clients:
            client.sendall(b"GET /a HTTP/1.1\r\n" + HOST + b"\r\nGET /b HTTP/1.1\r\n" + HOST + last + b"\r\n")
            client.shutdown(socket.SHUT_WR)
        for client in clients:
            answer = b""
            while piece := client.recv(65536):
                answer += piece
            assert statuses(answer) == [200, 200]
    finally:
        for client in clients:
            client.close()
