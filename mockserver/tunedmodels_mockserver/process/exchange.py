"""Answers one request. It calls the application, and sends the parts of its answer when their time has come.

The application runs in the event loop or in a worker thread, and so does what makes the parts of the body. All else
runs in the event loop. No thread waits for a pause of a body, nor for a client that reads slowly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from ..core.answers import Pause
from ..log import LOG
from ..web.api_response import SERVER
from ..web.timed_body import End, InterruptiblePause, TimedBody
from .known_requests import KnownRequests
from .limits import Limits
from .outbox import Outbox
from .response_head import date, error_page, head, header_facts
from .worker_threads import WorkerThreads

if TYPE_CHECKING:
    from .connection import Connection

_BATCH = 64 * 1024  # bytes of a body that are made before they are sent
_QUICK_BODY = 64 * 1024  # bytes of a request whose application runs in the event loop
_HALF_CLOSED_TIME = 1.0  # seconds after which a client that closed its end counts as gone, if its request has not begun
# Requests of the admin surface that take no time, whatever the world contains.
_QUICK_ADMIN = frozenset(
    {
        ("GET", "/_emulator/clock"),
        ("GET", "/_emulator/faults"),
        ("POST", "/_emulator/faults"),
        ("PUT", "/_emulator/faults"),
        ("DELETE", "/_emulator/faults"),
        ("POST", "/_emulator/reset"),
        ("DELETE", "/_emulator/world"),
    }
)


class Rest(Enum):
    """The rest of a body, after the parts that are made: more of them, or nothing."""

    MORE = "more"
    NONE = "none"


Tail = Pause | End | Rest


class Service(msgspec.Struct):
    """The common parts of all connections of one server.

    ``environ`` is in the environment of each request. If ``is_quick``, the store never waits. While ``is_stopping``, no
    body pauses, and each connection closes after its answers.
    """

    application: Callable[[dict[str, Any], Any], Any]
    environ: dict[str, Any]
    loop: asyncio.AbstractEventLoop
    limits: Limits
    is_quick: bool
    workers: WorkerThreads
    admin_workers: WorkerThreads
    connections: set[Connection]
    outbox: Outbox
    known_requests: KnownRequests
    is_stopping: bool = False

    def workers_for(self, environ: dict[str, Any], body_size: int) -> WorkerThreads | None:
        """Return the threads that answer a request, or None if the event loop does."""
        path = environ["PATH_INFO"]
        if path == "/health":
            return None
        is_quick = self.is_quick and body_size <= _QUICK_BODY
        if not path.startswith("/_emulator/"):
            return None if is_quick else self.workers
        # Threads of their own: requests that wait for a database do not stop the admin surface.
        return None if is_quick and (environ["REQUEST_METHOD"], path) in _QUICK_ADMIN else self.admin_workers


class Exchange:
    """One request and its answer.

    *environ* is the request. *keeps_alive* says whether the client can send another one on the *connection*.
    """

    # These stay on the class until they change: most answers change few of them.
    _workers: WorkerThreads | None = None
    _has_begun = _is_working = _is_abandoned = _is_blocked = False
    _head_is_sent = _is_chunked = _is_closing = False
    _status = ""
    _headers: Sequence[tuple[str, str]] = ()
    _names: tuple[str, ...] = ()
    _values: tuple[str, ...] = ()
    _facts = header_facts(())
    _parts: Iterator[Any] = iter(())
    _close_body: Callable[[], object] | None = None
    _unsent: int | None = None  # bytes of the Content-Length that are not sent yet
    _timer: asyncio.TimerHandle | None = None
    _unsubscribe: Callable[[], None] | None = None

    def __init__(
        self, connection: Connection, service: Service, environ: dict[str, Any], body_size: int, keeps_alive: bool
    ) -> None:
        self._connection = connection
        self._service = service
        self._environ = environ
        self._keeps_alive = keeps_alive
        self.body_size = body_size

    def begin(self) -> None:
        """Call the application, now or as soon as a worker thread is free."""
        self._workers = self._service.workers_for(self._environ, self.body_size)
        self._step(self._call)

    def resume(self) -> None:
        """Go on: the client has read enough of what was sent."""
        if self._is_blocked:
            self._is_blocked = False
            self._step(self._pull)

    def hurry(self) -> None:
        """End a pause, because the server stops."""
        if self._timer:
            self._end_pause()

    def abandon(self) -> None:
        """Stop: the connection is gone."""
        self._is_abandoned = True
        self._cancel_pause()
        if not self._is_working and self._close_body:
            self._step(self._release)

    @property
    def is_pausing(self) -> bool:
        """Whether the answer pauses."""
        return self._timer is not None

    # Where the application runs.

    def _is_left(self) -> bool:
        """Whether the client has probably gone while the request waited for a thread."""
        half_closed = self._connection.half_closed
        return (
            not self._has_begun
            and half_closed is not None
            and self._service.loop.time() - half_closed > _HALF_CLOSED_TIME
        )

    def _call(self) -> tuple[Sequence[bytes], Tail]:
        """Call the application. Return the first parts of the body, and what comes after them."""
        self._has_begun = True
        try:
            body = self._service.application(self._environ, self._start_response)
            close = getattr(body, "close", None)
            if type(body) is TimedBody:
                self._parts, self._close_body = iter(body.parts), close
            elif self._facts.length_place >= 0:
                try:
                    return (b"".join(body),), Rest.NONE
                finally:
                    if close:
                        close()
            else:
                if isinstance(body, list) and len(body) == 1 and self._environ["REQUEST_METHOD"] != "HEAD":
                    self._set_headers([*self._headers, ("Content-Length", str(len(body[0])))])
                self._parts, self._close_body = iter(body), close
        except Exception:
            return self._fail()
        return self._pull()

    def _start_response(
        self, status: str, headers: Sequence[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        if exc_info and self._head_is_sent:
            raise exc_info[1]
        self._status = status
        self._set_headers(headers)
        return self._write

    def _set_headers(self, headers: Sequence[tuple[str, str]]) -> None:
        self._headers = headers
        self._names, self._values = zip(*headers, strict=True) if headers else ((), ())
        self._facts = header_facts(self._names)

    def _write(self, _data: bytes) -> None:
        raise NotImplementedError("The application uses the function write of WSGI, which this server does not have.")

    def _pull(self) -> tuple[Sequence[bytes], Tail]:
        """Return the next parts of the body, and what comes after them."""
        pieces: list[bytes] = []
        size = 0
        try:
            for part in self._parts:
                if isinstance(part, (Pause, End)):
                    if isinstance(part, End):
                        self._release()
                    return pieces, part
                if part:
                    pieces.append(part)
                    size += len(part)
                    if size >= _BATCH:
                        return pieces, Rest.MORE
            self._release()
        except Exception:
            return self._fail()
        return pieces, Rest.NONE

    def _release(self) -> tuple[Sequence[bytes], Tail]:
        """Close the body. The result is only for ``_step``."""
        close, self._close_body = self._close_body, None
        if close:
            try:
                close()
            except Exception:
                LOG.exception("a bug of the mock server, at the end of %s", self._environ["PATH_INFO"])
        return (), Rest.NONE

    def _fail(self) -> tuple[Sequence[bytes], Tail]:
        LOG.exception("a bug of the mock server, at %s", self._environ["PATH_INFO"])
        self._release()
        self._parts = iter(())
        if self._head_is_sent:
            return (), End.RESET
        self._unsent = None
        sentence = "The server encountered an unexpected internal server error"
        self._status, headers, body = error_page(500, sentence)
        self._set_headers(headers)
        self._keeps_alive = False
        return (body,), Rest.NONE

    # The event loop.

    def _step(self, make_parts: Callable[[], tuple[Sequence[bytes], Tail]]) -> None:
        """Call *make_parts* where the application runs, and send the result."""
        if self._workers is None:
            self._send(*make_parts())
            return

        def work() -> None:
            is_obsolete = make_parts != self._release and (self._is_abandoned or self._is_left())
            result = ((), End.RESET) if is_obsolete else make_parts()
            with suppress(RuntimeError):  # the server has ended, and its loop is closed
                self._service.loop.call_soon_threadsafe(self._send, *result)

        self._is_working = True
        self._workers.submit(work)

    def _send(self, pieces: Sequence[bytes], tail: Tail) -> None:
        """Send *pieces* of the body, and do what comes after them."""
        self._is_working = False
        if self._is_abandoned:
            if self._close_body:
                self._step(self._release)
            return
        if pieces or tail is Rest.NONE:
            data: list[bytes] = []
            if not self._head_is_sent:
                try:
                    data.append(self._head())
                except (TypeError, ValueError):  # the application has not started its response, or with a bad header
                    pieces, tail = self._fail()
                    data.append(self._head())
                self._head_is_sent = True
            data += self._frame(pieces, is_last=tail is Rest.NONE)
            self._connection.write(data)
        if tail is Rest.NONE:
            self._connection.finish(is_closing=self._is_closing or bool(self._unsent))
        elif tail is Rest.MORE:
            self._service.loop.call_soon(self._go_on)
        elif isinstance(tail, Pause):
            self._pause(tail)
        elif tail is End.RESET:
            self._connection.reset()
        else:
            self._connection.finish(is_closing=True)

    def _head(self) -> bytes:
        """Return the head of the response. Decide how its body ends, and whether the connection closes after it."""
        environ, status = self._environ, self._status
        if not status:
            raise TypeError("The application did not start its response.")
        has_body = not status.startswith(("1", "204", "304"))
        if not has_body:
            self._set_headers([pair for pair in self._headers if pair[0].lower() != "content-length"])
        names, values, facts = self._names, self._values, self._facts
        length = values[facts.length_place] if facts.length_place >= 0 else None
        if length is not None and environ["REQUEST_METHOD"] != "HEAD":
            self._unsent = int(length)
        is_closing = not self._keeps_alive
        kept: tuple[str, ...]
        if environ["SERVER_PROTOCOL"] == "HTTP/1.1":
            version, kept = "1.1", ()
            if length is None and has_body:
                self._is_chunked = environ["REQUEST_METHOD"] != "HEAD"
                names, values = (*names, "Transfer-Encoding"), (*values, "chunked")
        else:
            version, kept = "1.0", ("Keep-Alive",)
            is_closing = is_closing or length is None
        if self._service.is_stopping and not self._connection.has_more_requests:
            is_closing = True
        self._is_closing = is_closing
        connection = ("close",) if is_closing else kept
        if connection:
            names, values = (*names, "Connection"), (*values, *connection)
        if not facts.has_server:
            names, values = (*names, "Server"), (*values, SERVER)
        if not facts.has_date:
            names, values = (*names, "Date"), (*values, date())
        return head(version, status, names, values)

    def _frame(self, pieces: Sequence[bytes], *, is_last: bool) -> Sequence[bytes]:
        """Return *pieces* in the form in which the client gets them."""
        if self._is_chunked:
            framed = [b"%X\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
            return [*framed, b"0\r\n\r\n"] if is_last else framed
        if self._unsent is None:
            is_empty = self._environ["REQUEST_METHOD"] == "HEAD" or self._status.startswith(("204", "304"))
            return () if is_empty else pieces
        size = len(pieces[0]) if len(pieces) == 1 else sum(map(len, pieces))
        if size > self._unsent:
            LOG.error("the body of %s is longer than its Content-Length", self._environ["PATH_INFO"])
            pieces, size = (b"".join(pieces)[: self._unsent],), self._unsent
        self._unsent -= size
        return pieces

    def _pause(self, pause: Pause) -> None:
        if self._connection.half_closed is not None:
            self._connection.drop()
        elif self._service.is_stopping or (not pause.seconds and not isinstance(pause, InterruptiblePause)):
            self._service.loop.call_soon(self._go_on)
        else:
            timer = self._timer = self._service.loop.call_later(pause.seconds, self._end_pause)
            if isinstance(pause, InterruptiblePause):
                self._unsubscribe = pause.subscribe(lambda: self._wake(timer))

    def _wake(self, timer: asyncio.TimerHandle) -> None:
        """End the pause of *timer*, if it still lasts. Any thread may call this."""
        with suppress(RuntimeError):  # the server has ended, and its loop is closed
            self._service.loop.call_soon_threadsafe(lambda: self._end_pause() if self._timer is timer else None)

    def _end_pause(self) -> None:
        self._cancel_pause()
        self._go_on()

    def _cancel_pause(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._unsubscribe:
            self._unsubscribe()
        self._timer = self._unsubscribe = None

    def _go_on(self) -> None:
        if self._is_abandoned:
            return
        if self._connection.is_write_blocked:
            self._is_blocked = True
        else:
            self._step(self._pull)
