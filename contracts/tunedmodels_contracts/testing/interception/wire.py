"""A connection of an asyncio client without a socket. An application in this process answers its only request."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from ...transport.wsgi_call import Answer, BrokenConnection, call_application

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Wire(asyncio.Transport):
    """The transport of a client's *protocol*, which writes a request and receives the answer of *application*.

    *origin*, such as ``https://host``, completes the URL of the request. The transport exchanges bytes, so it does not
    depend on the client's version.
    """

    def __init__(self, protocol: Any, application: WSGIApplication, origin: str) -> None:
        super().__init__()
        self._protocol = protocol
        self._application = application
        self._origin = origin
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self._answered = False
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Receive a part of the request. The last part triggers the answer."""
        self._received += bytes(data)
        request = None if self._answered else _request(self._received)
        if request is not None:
            self._answered = True
            self._loop.call_soon(self._answer, request)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Receive several parts of the request."""
        self.write(b"".join(list_of_data))

    def _answer(self, request: _Request) -> None:
        url = request.target if "://" in request.target.partition("?")[0] else self._origin + request.target
        try:
            answer = call_application(self._application, request.method, url, request.headers, request.body)
        except BrokenConnection as error:
            if error.partial:
                self._protocol.data_received(_bytes(error.partial, missing=1))
            self._lose(ConnectionResetError(str(error)))
        except Exception as error:  # otherwise the error is lost, and the client waits forever
            self._protocol.set_exception(error)
        else:
            self._protocol.data_received(_bytes(answer))

    def _lose(self, error: Exception | None) -> None:
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._protocol.connection_lost, error)

    def close(self) -> None:
        """Close the connection."""
        self._lose(None)

    def abort(self) -> None:
        """Close the connection, as ``close`` does."""
        self._lose(None)

    def is_closing(self) -> bool:
        """Return whether the connection is closed, or is being closed."""
        return self._closing

    def pause_reading(self) -> None:
        """Do nothing, because the whole answer arrives at once."""

    def resume_reading(self) -> None:
        """Do nothing, because the whole answer arrives at once."""


class _Request(NamedTuple):
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes


def _request(received: bytes) -> _Request | None:
    """Return the request in *received*, or None if it is incomplete."""
    from werkzeug.serving import DechunkedInput

    head, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        return None
    first, _, fields = head.partition(b"\r\n")
    headers = http.client.parse_headers(BytesIO(fields + b"\r\n\r\n"))
    if "chunked" in headers.get("Transfer-Encoding", ""):
        try:
            body = DechunkedInput(BytesIO(body)).read()
        except OSError:
            return None
    elif len(body) < int(headers.get("Content-Length", 0)):
        return None
    method, target, _ = first.decode("latin-1").split(" ")
    return _Request(method, target, headers.items(), body)


def _bytes(answer: Answer, missing: int = 0) -> bytes:
    """Return *answer* as bytes of the wire, after which the connection ends.

    *missing* is the number of bytes of the body that are not sent.
    """
    from werkzeug.datastructures import Headers

    headers = Headers(answer.headers)
    headers.setdefault("Content-Length", str(len(answer.body) + missing))
    headers["Connection"] = "close"
    headers.remove("Transfer-Encoding")
    first = f"HTTP/1.1 {answer.status} {http.client.responses.get(answer.status, '')}"
    return (
        "\r\n".join([first, *(f"{name}: {value}" for name, value in headers), "", ""]).encode("latin-1") + answer.body
    )
