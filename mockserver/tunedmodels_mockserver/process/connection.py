"""Reads requests from the connection to one client, and answers them one after the other.

httptools parses HTTP. This module adds what a parser does not know: the limits, and what the server refuses itself.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections import deque
from contextlib import suppress
from io import BytesIO
from typing import Any

import httptools

from .exchange import Exchange, Service
from .request_environ import HeaderKeys, add_target
from .response_head import refusal

_MAX_REQUESTS = 16  # that wait for an answer on one connection; then the server reads no more of them
_MAX_WAITING = 1024 * 1024  # bytes of the bodies of such requests
_LINGER_TIME = 2.0  # seconds to read the rest of a request that was refused: a reset could destroy the answer
_LONG_PIECE = 64 * 1024  # bytes
_RESET_TIME = 2.0  # seconds for a client to take the data before a reset
_RESET_CHECK = 0.002  # seconds
_RESET_AT_ONCE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)  # SO_LINGER: on, with a time of zero
_HEADER_KEYS = HeaderKeys()


class Connection(asyncio.Protocol):
    """The connection to one client.

    ``since`` is the time of the event loop at which the client sent the last data. ``half_closed`` is the time at
    which it closed its end, or None. While ``is_write_blocked``, the client reads more slowly than the server writes.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._limits = service.limits
        self._transport: Any = None
        self._parser: Any = httptools.HttpRequestParser(self)
        self._common: dict[str, Any] = service.environ
        self._environ: dict[str, Any] = {}
        self._target = b""
        self._header_count = 0
        self._received = 0  # bytes of the data that the parser reads now
        self._head_size = 0  # bytes before them, if a head came in several pieces
        self._body: list[bytes] = []
        self._body_size = 0
        self._keeps_alive = True
        self._is_in_head = self._is_in_body = self._wants_continue = False
        self._body_head = b""  # a head for the rest of a request that asks for another protocol
        self._waiting: deque[Exchange | bytes] = deque()  # bytes refuse a request
        self._exchange: Exchange | None = None
        self._is_refused = self._is_closing = self._is_starting = self._is_paused = False
        self._outgoing: list[bytes] = []  # what the outbox sends
        self.since = service.loop.time()  # of the last data from the client
        self._message_since = 0.0  # when the present request began, or its refusal was sent
        self._unsent = 0  # bytes that the client has not taken at the last check
        self._unsent_since = 0.0
        self.half_closed: float | None = None
        self.is_write_blocked = False

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, and make room for this connection if there are too many."""
        self._transport = transport
        address = transport.get_extra_info("peername")
        if address:
            self._common = {**self._common, "REMOTE_ADDR": address[0], "REMOTE_PORT": str(address[1])}
        connections = self._service.connections
        connections.add(self)
        if len(connections) > self._limits.connections:
            idle = [other for other in connections if other.is_idle and other is not self]
            min(idle, key=lambda other: other.since, default=self).drop()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        """Drop what was not answered yet."""
        self._service.connections.discard(self)
        self._is_closing = True
        self._waiting.clear()
        self._outgoing = []
        self._parser = None  # it has this object, too
        exchange, self._exchange = self._exchange, None
        if exchange:
            exchange.abandon()

    def eof_received(self) -> bool:
        """Close the connection, unless a request has begun: a client may close its end after its request."""
        self.half_closed = self._service.loop.time()
        self.flush()
        return self._exchange is not None and not self._exchange.is_pausing

    def pause_writing(self) -> None:
        """Make no more parts of an answer: the client does not read them."""
        self.is_write_blocked = True

    def resume_writing(self) -> None:
        """Go on."""
        self.is_write_blocked = False
        if self._exchange:
            self._exchange.resume()
        else:
            self._answer_next()

    def data_received(self, data: bytes) -> None:
        """Read requests, and answer them."""
        self.since = self._service.loop.time()
        if self._is_closing or self._is_refused:
            return
        is_start = not self._is_in_head and not self._is_in_body
        known = self._service.known_requests.find(data) if is_start else None
        if known:
            environ = known.environ(self._common)
            self._waiting.append(Exchange(self, self._service, environ, len(known.body), True))
        else:
            self._read(data, is_start)
        if self._is_in_head:
            self._head_size += len(data)
            if self._head_size > self._limits.head:
                self._refuse_long_head()
        if self._waiting or self._wants_continue:
            self._answer_next()
            if self._waiting and not self._is_paused and self._has_too_many_requests():
                self._is_paused = True
                self._transport.pause_reading()

    # Called by the parser. An exception here would become one of the parser.

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._environ = self._common.copy()
        self._target = b""
        self._header_count = self._head_size = 0
        self._is_in_head = True
        self._message_since = self.since

    def on_url(self, url: bytes) -> None:
        """Add a piece of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header to the environment of the request. Values of the same header get commas between them."""
        self._header_count += 1
        key = _HEADER_KEYS[name]
        if key:
            text = value.strip(b" \t").decode("latin-1")
            environ = self._environ
            if key in environ:
                if key == "HTTP_HOST":
                    self._refuse(400, "There are two Host headers")
                text = f"{environ[key]}, {text}"
            environ[key] = text

    def on_headers_complete(self) -> None:
        """Check the head of a request."""
        self._is_in_head = False
        self._is_in_body = True
        parser, environ = self._parser, self._environ
        environ["REQUEST_METHOD"] = parser.get_method().decode("latin-1")
        version = parser.get_http_version()
        environ["SERVER_PROTOCOL"] = "HTTP/1.1" if version == "1.1" else f"HTTP/{version}"
        self._keeps_alive = parser.should_keep_alive()
        if self._header_count > self._limits.headers:
            self._refuse(431, f"more than {self._limits.headers} headers")
        elif self._head_size + self._received > self._limits.head and self._size_of_head() > self._limits.head:
            self._refuse_long_head()
        try:
            add_target(environ, self._target)
        except ValueError:
            self._refuse(400, "Bad URI")
        if version == "1.1":
            if "HTTP_HOST" not in environ:
                self._refuse(400, "There is no Host header")
        elif version != "1.0":
            self._refuse(505, "The version is neither HTTP/1.0 nor HTTP/1.1")
        coding = environ.pop("HTTP_TRANSFER_ENCODING", None)
        length = environ.get("CONTENT_LENGTH")
        if coding is not None:
            if version == "1.0":
                self._refuse(400, "Transfer-Encoding in HTTP/1.0")
            elif coding.lower() != "chunked":
                self._refuse(501, "Transfer-Encoding requested is not supported.")
        elif length is None:
            return
        elif int(length) > self._limits.body:
            self._refuse(413, f"exceeds max_body of {self._limits.body}")
        if coding is not None or length != "0":
            self._wants_continue = environ.get("HTTP_EXPECT", "").lower() == "100-continue" and version == "1.1"
            if parser.should_upgrade():
                framing = f"Content-Length: {length}" if coding is None else "Transfer-Encoding: chunked"
                self._body_head = f"POST / HTTP/1.1\r\n{framing}\r\n\r\n".encode("latin-1")

    def on_body(self, body: bytes) -> None:
        """Add a piece of the body."""
        self._wants_continue = False
        if self._is_refused:
            return
        self._body.append(body)
        self._body_size += len(body)
        if self._body_size > self._limits.body:
            self._refuse(413, f"exceeds max_body of {self._limits.body}")

    def on_message_complete(self) -> None:
        """Add the request to those that wait for their answers."""
        if self._body_head or self._is_refused:
            return
        environ, body_size = self._environ, self._body_size
        self._is_in_body = self._wants_continue = False
        if body_size:
            environ["wsgi.input"] = BytesIO(b"".join(self._body))
            environ["CONTENT_LENGTH"] = str(body_size)
            self._body = []
            self._body_size = 0
        else:
            environ["wsgi.input"] = BytesIO()
        self._waiting.append(Exchange(self, self._service, environ, body_size, self._keeps_alive))

    # Called by the exchange, and by the server.

    @property
    def is_idle(self) -> bool:
        """Whether no request has begun, or only its head."""
        return self._exchange is None and not self._waiting and not self._is_in_body

    @property
    def has_more_requests(self) -> bool:
        """Whether requests wait behind the present one."""
        return bool(self._waiting)

    def write(self, pieces: list[bytes]) -> None:
        """Send *pieces*, together with what other connections write now."""
        outgoing = self._outgoing
        if outgoing:
            outgoing += pieces
        else:
            self._outgoing = pieces
            self._service.outbox.add(self)

    def flush(self) -> None:
        """Send what was written."""
        outgoing, self._outgoing = self._outgoing, []
        if len(outgoing) > 1 and len(outgoing[-1]) > _LONG_PIECE:  # do not copy a long piece
            self._transport.write(b"".join(outgoing[:-1]))
            self._transport.write(outgoing[-1])
        elif outgoing:
            self._transport.write(b"".join(outgoing))

    def finish(self, *, is_closing: bool) -> None:
        """End the present answer, close the connection if *is_closing*, or go on with the next request."""
        self._exchange = None
        if is_closing or (self.half_closed is not None and not self._waiting):
            self._is_closing = True
            self._waiting.clear()
            self.flush()
            self._transport.close()
            return
        if self._waiting and not self._is_starting:
            self._answer_next()
        if self._is_paused and not self._waiting:
            self._is_paused = False
            self._transport.resume_reading()

    def reset(self, patience: float = _RESET_TIME) -> None:
        """Reset the connection once the client has taken what was sent, after two seconds at the latest."""
        self._is_closing = True
        self._exchange = None
        if self._transport.is_closing():
            return
        self.flush()
        sock = self._transport.get_extra_info("socket")
        if patience > 0 and (self._transport.get_write_buffer_size() or _unsent_bytes(sock)):
            self._service.loop.call_later(_RESET_CHECK, self.reset, patience - _RESET_CHECK)
            return
        self.drop()

    def drop(self) -> None:
        """Reset the connection at once."""
        with suppress(OSError):
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_ONCE)
        self._transport.abort()

    def hurry(self) -> None:
        """End the pause of an answer, because the server stops."""
        if self._exchange:
            self._exchange.hurry()

    def close_if_idle(self) -> None:
        """Close the connection, because the server stops, unless a request has begun."""
        if self.is_idle and not self._is_closing:
            self._is_closing = True
            self.flush()
            self._transport.close()

    def check(self, now: float) -> None:
        """Drop the connection if the client takes too long. *now* is the time of the event loop."""
        limits = self._limits
        waiting_bytes = self._transport.get_write_buffer_size()
        if waiting_bytes:
            unsent = waiting_bytes + _unsent_bytes(self._transport.get_extra_info("socket"))
            if unsent != self._unsent:
                self._unsent, self._unsent_since = unsent, now
            elif now - self._unsent_since > limits.write_time:
                self.drop()
            return
        self._unsent = 0
        if self._exchange:
            return
        if self._is_closing:
            since, limit = self._message_since, _LINGER_TIME
        elif self._is_in_head:
            since, limit = self._message_since, limits.head_time
        elif self._is_in_body:
            since, limit = self.since, limits.body_time
        else:
            since, limit = self.since, limits.idle_time
        if now - since > limit:
            self._transport.abort()

    def _read(self, data: bytes, is_start: bool) -> None:
        """Parse *data*, and keep it if it is a whole request. *is_start* says whether a request can begin here."""
        waiting = len(self._waiting)
        self._received = len(data)
        rest = self._parse(data)
        while rest:
            rest = self._parse(rest)
        is_one = is_start and len(self._waiting) == waiting + 1 and not (self._is_in_head or self._is_in_body)
        if is_one and self._keeps_alive and not self._is_refused:
            self._service.known_requests.keep(data, self._environ, self._common)

    def _parse(self, data: bytes) -> bytes:
        """Parse *data*, and return what the parser has left over."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # The server keeps to HTTP/1.1, but the parser has stopped at the end of the head.
            rest = self._body_head + data[upgrade.args[0] :]
            self._parser = httptools.HttpRequestParser(_BodyCallbacks(self) if self._body_head else self)
            self._body_head = b""
            return rest
        except httptools.HttpParserError as error:
            self._refuse(400, str(error))
        return b""

    def _answer_next(self) -> None:
        self._is_starting = True
        while self._waiting and self._exchange is None and not self.is_write_blocked and not self._is_closing:
            exchange = self._waiting.popleft()
            if isinstance(exchange, bytes):
                self._end_with(exchange)
                break
            self._exchange = exchange
            exchange.begin()
        self._is_starting = False
        if self._wants_continue and self._exchange is None and not self._waiting and not self._is_closing:
            self._wants_continue = False
            self.flush()
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse_long_head(self) -> None:
        self._refuse(431, f"exceeds max_header of {self._limits.head}")

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer the present request with an error, after the requests before it, and read no more."""
        if self._is_refused:
            return
        self._is_refused = True
        self._is_in_head = self._is_in_body = self._wants_continue = False
        self._body, self._body_head = [], b""
        version = "1.1" if self._parser.get_http_version() == "1.1" else "1.0"
        self._waiting.append(refusal(version, status, sentence))

    def _end_with(self, answer: bytes) -> None:
        """Send *answer* and close, but read on for a moment: a client may send all before it reads."""
        self.write([answer])
        self.flush()
        self._is_closing = True
        self._message_since = self._service.loop.time()
        if self.half_closed is not None:
            self._transport.close()
        elif self._transport.can_write_eof():
            self._transport.write_eof()

    def _has_too_many_requests(self) -> bool:
        exchanges = [exchange for exchange in self._waiting if isinstance(exchange, Exchange)]
        return len(exchanges) >= _MAX_REQUESTS or sum(exchange.body_size for exchange in exchanges) > _MAX_WAITING

    def _size_of_head(self) -> int:
        environ = self._environ
        texts = (key + environ[key] for key in environ.keys() - self._common.keys() if isinstance(environ[key], str))
        return len(self._target) + sum(map(len, texts))


class _BodyCallbacks:
    """The callbacks of a parser that gets the body of a request whose head another parser has read.

    The head that it gets itself says only where this body ends. All later requests are requests like others.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_past_head = False
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete

    def on_message_begin(self) -> None:
        if self._is_past_head:
            self._connection.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self._is_past_head:
            self._connection.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_past_head:
            self._connection.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._is_past_head:
            self._connection.on_headers_complete()
        self._is_past_head = True


def _unsent_bytes(sock: Any) -> int:
    """Return how many written bytes the kernel has not sent yet, or 0 if the kernel does not report it."""
    try:
        import fcntl
        import termios

        return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))[0])
    except (ImportError, OSError, TypeError, ValueError, AttributeError):
        return 0
