"""Runs the mock server behind waitress, from its ready line to a clean stop."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any

import waitress.server
from flask import Flask
from waitress import wasyncore

from ..core.journal.registry import Journals
from ..web.api_response import SERVER
from ..web.connection import CONNECTION
from .client_connection import ClientConnection

THREADS = 16
CONNECTIONS = 1000
_DRAIN_TIME = 5.0  # seconds for running requests after a stop
_IDLE_TIME = 0.1  # seconds without a request after which no request counts as running
# Above the application's own limit of 20 MiB: most bodies that are too large get the error of the service. Beyond
# this limit waitress ends the request itself, with a plain 413.
MAX_BODY = 64 * 1024 * 1024
_UNLIMITED = 2**40  # bytes of an answer in the send buffer: no limit


class PortInUse(Exception):
    """Another process listens on the port. The message says what to do."""


class Server:
    """A server that listens from its creation, and answers while ``run`` or ``serve`` runs.

    Raise PortInUse if the port is in use. Raise OSError if the server cannot listen on the address.
    """

    def __init__(self, app: Flask, host: str, port: int) -> None:
        listener = _listen(host, port)
        self.host = host
        self.port: int = listener.getsockname()[1]
        self._sockets: dict[int, Any] = {}  # the handler of each open socket by its descriptor; waitress updates it
        self._stopping = threading.Event()
        self._journals: Journals | None = app.extensions.get("tunedmodels_journals")
        self._parent: int | None = None  # the parent process, if its end stops the server
        # With one socket the result is one server. The return type of waitress does not say so.
        self._server: Any = waitress.server.create_server(
            _application(app, self._stopping),
            map=self._sockets,
            sockets=[listener],
            threads=THREADS,
            connection_limit=CONNECTIONS,
            ident=SERVER,
            max_request_body_size=MAX_BODY,
            # Buffer in memory, not in files: then no disk has to be writable.
            inbuf_overflow=MAX_BODY + 1,
            outbuf_overflow=_UNLIMITED,
        )

    @property
    def url(self) -> str:
        """The base URL for clients on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def ready_line(self) -> str:
        """Return the line that says that the server is ready."""
        return f"READY url={self.url} pid={os.getpid()} version={version('tunedmodels')}"

    def run(self, when_ready: Callable[[], None], *, with_parent: bool = False) -> None:
        """Serve until ``stop`` is called. Call *when_ready* first: from then on the server accepts connections.

        With *with_parent* the server also stops, within a second, after its parent process has ended.
        """
        self._parent = os.getppid() if with_parent else None
        try:
            when_ready()
            self.serve()
        finally:
            self._close()

    def serve(self) -> None:
        """Serve in this thread until ``stop`` is called. Then finish running requests, for five seconds at most."""
        while not self._stopping.is_set() and self._parent in (None, os.getppid()):
            self._handle_sockets(1.0)
        if self._journals:
            self._journals.close()  # clients that follow a journal would wait for ever
        stop_time = last_busy = time.monotonic()
        while (now := time.monotonic()) < min(stop_time + _DRAIN_TIME, last_busy + _IDLE_TIME):
            self._handle_sockets(_IDLE_TIME / 4)
            last_busy = now if self._is_busy() else last_busy
        self._close()

    def stop(self) -> None:
        """Stop ``serve``. Any thread or signal handler may call this."""
        self._stopping.set()
        if self._sockets:
            self._server.pull_trigger()

    def _handle_sockets(self, seconds: float) -> None:
        """Wait for an event on a socket, at most *seconds*, and handle it."""
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._sockets, count=1)

    def _is_busy(self) -> bool:
        channels = list(self._server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)

    def _close(self) -> None:
        if self._sockets:
            self._server.task_dispatcher.shutdown(timeout=1)
            self._server.trigger.close()
            wasyncore.close_all(self._sockets, ignore_all=True)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        text = f"Port {port} on {host} is in use. Choose another with --port, or use --port 0 for a free one."
        raise PortInUse(text) from None


def _application(app: Flask, stopping: threading.Event) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """Return *app* as waitress runs it, with the client's connection in the WSGI environment.

    Remove the Server header of the application: waitress writes its own, and adds a Via header if there are two.
    """

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [pair for pair in headers if pair[0] != "Server"], *rest)

        # waitress gives no other access to the channel of the request.
        environ[CONNECTION] = ClientConnection(environ["waitress.client_disconnected"].__self__, stopping)
        return app(environ, start)

    return call
