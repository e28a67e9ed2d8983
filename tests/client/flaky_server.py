"""A server that misbehaves by a script, over a real socket, and records its requests."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from http import HTTPStatus
from types import TracebackType
from typing import Any

Piece = bytes | float | threading.Event


class End(Enum):
    """The state of the connection after a step."""

    KEEP = "it stays open, for the next request"
    CLOSE = "it is closed"
    RESET = "it is reset"
    SILENCE = "it stays open, and nothing more comes"


@dataclass(frozen=True)
class Step:
    """The server's reaction to one request: bytes to send, pauses between them, and an end.

    A pause is a number of seconds, or an event that the test sets.
    """

    pieces: tuple[Piece, ...] = ()
    end: End = End.KEEP
    reads: bool = True  # whether it reads the request before


@dataclass(frozen=True)
class ReceivedRequest:
    """A complete request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def head(status: int, headers: Iterable[tuple[str, str]], version: str = "1.1") -> bytes:
    lines = [f"HTTP/{version} {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers)]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def answer(
    body: Any = b"{}",
    status: int = 200,
    *more: tuple[str, str],
    kind: str = "application/json",
    lacks: int = 0,
    end: End = End.KEEP,
) -> Step:
    """Answer *body*, bytes or a value for JSON. Its Content-Length counts *lacks* bytes more than the server sends."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(data) + lacks)), *more]
    return Step((head(status, headers), data), End.CLOSE if lacks and end is End.KEEP else end)


def refusal(
    status: int,
    name: str,
    *,
    details: Iterable[Any] = (),
    more: Iterable[tuple[str, str]] = (),
    end: End = End.KEEP,
) -> Step:
    """Answer with the service's own form of an error."""
    error = {"code": status, "message": "Not now.", "status": name, "details": list(details)}
    return answer({"error": error}, status, *more, end=end)


def retry_info(delay: str) -> dict[str, str]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def page(status: int, *more: tuple[str, str]) -> Step:
    """Answer with a page for people, as proxies do."""
    text = b"<!DOCTYPE html><html><head><title>Sorry\n</title></head><body>Bad luck</body></html>"
    return answer(text, status, *more, kind="text/html; charset=utf-8")


def chunked_answer(pieces: Iterable[Piece], kind: str = "application/json", *, end: End | None = None) -> Step:
    """Answer in chunks of HTTP, one for each piece. With *end* the last chunk, which is empty, is missing."""
    framed = (b"%x\r\n%s\r\n" % (len(piece), piece) if isinstance(piece, bytes) else piece for piece in pieces)
    begin = head(200, [("Content-Type", kind), ("Transfer-Encoding", "chunked")])
    return Step((begin, *framed), end) if end else Step((begin, *framed, b"0\r\n\r\n"))


def until_closed(pieces: Iterable[Piece], kind: str = "application/json", *, end: End = End.CLOSE) -> Step:
    """Answer as HTTP/1.0 does: the body ends with the connection."""
    return Step((head(200, [("Content-Type", kind)], version="1.0"), *pieces), end)


def slow_step(step: Step, every: float = 0.1) -> Step:
    """Send the body of *step* byte by byte."""
    begin, *pieces = step.pieces
    body = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    return replace(step, pieces=(begin, *(piece for byte in body for piece in (every, bytes([byte])))))


def gzip_answer(data: bytes, keeps: int | None = None) -> Step:
    """Answer *data* compressed, the first *keeps* bytes of it."""
    return answer(gzip.compress(data, mtime=0)[:keeps], 200, ("Content-Encoding", "gzip"))


#: The request is read, and the connection goes away without an answer.
RESET = Step(end=End.RESET)
HANG_UP = Step(end=End.CLOSE)
#: The connection goes away before anything was read.
RESET_UNREAD = Step(end=End.RESET, reads=False)
SILENCE = Step(end=End.SILENCE)


@dataclass
class FlakyServer:
    """A server on this machine. Each request takes the next step of *script*, and *otherwise* after the last step.

    Its context calls ``listen``, unless *late*. Before that its port refuses connections.
    """

    script: list[Step] = field(default_factory=list)
    otherwise: Step | Callable[[ReceivedRequest], Step] = field(default_factory=answer)
    late: bool = False

    def __post_init__(self) -> None:
        #: The numbers of requests, also incomplete ones, and of connections; and the complete requests.
        self.tries = 0
        self.connections = 0
        self.received: list[ReceivedRequest] = []
        self.end = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", 0), self)
        self._server.server_bind()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def methods(self) -> list[str]:
        """The methods of the requests, in order."""
        return [request.method for request in self.received]

    @property
    def is_listening(self) -> bool:
        return self._thread.is_alive()

    def listen(self) -> None:
        self._server.server_activate()
        self._thread.start()

    def __enter__(self) -> FlakyServer:
        if not self.late:
            self.listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def serve(self, connection: socket.socket) -> None:
        """Answer the requests of one connection by the script."""
        with self._lock:
            self.connections += 1
            self._open.add(connection)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with contextlib.suppress(OSError), connection.makefile("rb") as incoming:
                while incoming.peek(1) and self._turn(connection, incoming):
                    pass
        finally:
            with self._lock:
                self._open.discard(connection)

    def _turn(self, connection: socket.socket, incoming: Any) -> bool:
        with self._lock:
            self.tries += 1
            step = self.script.pop(0) if self.script else self.otherwise
        if not isinstance(step, Step) or step.reads:
            request = _read(incoming)
            with self._lock:
                self.received.append(request)
            step = step if isinstance(step, Step) else step(request)
        for piece in step.pieces:
            if isinstance(piece, bytes):
                connection.sendall(piece)
            elif isinstance(piece, threading.Event):
                piece.wait(30)
            elif self.end.wait(piece):
                return False
        if step.end is End.SILENCE:
            self.end.wait(30)
        if step.end is End.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            incoming.close()
            connection.close()
        return step.end is End.KEEP


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], flaky: FlakyServer) -> None:
        super().__init__(address, _Handler, bind_and_activate=False)
        self.flaky = flaky

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Raise in the thread, so that pytest reports the error; socketserver would print it."""
        raise


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        self.server.flaky.serve(self.request)


def _read(incoming: Any) -> ReceivedRequest:
    method, path, _ = incoming.readline().decode("ascii").split(" ", 2)
    headers = {}
    while line := incoming.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return ReceivedRequest(method, path, headers, incoming.read(int(headers.get("content-length", 0))))
