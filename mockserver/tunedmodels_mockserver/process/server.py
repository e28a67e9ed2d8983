"""Runs the mock server from its ready line to a clean stop: listens, watches over the connections, and drains them.

One thread runs an event loop with all connections (``connection``). ``exchange`` says which requests it answers itself,
and which ones worker threads answer.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..web.api_response import VERSION
from .connection import Connection
from .exchange import Service
from .known_requests import KnownRequests
from .limits import Limits
from .outbox import Outbox
from .request_environ import server_environ
from .worker_threads import WorkerThreads

if TYPE_CHECKING:
    from flask import Flask

    from ..core.journal.registry import Journals

THREADS = 16  # for requests that wait for a database, or that are long
_ADMIN_THREADS = 8
_BACKLOG = 4096  # connections that the system accepts before the server does
_OTHER_FILES = 128  # file descriptors that are no connections
_CHECK_INTERVAL = 1.0  # seconds between two checks of the times of all connections, and of the parent process
_DRAIN_TIME = 5.0  # seconds for running requests after a stop
_TURN = 0.02  # seconds
_QUIET_TURNS = 5  # without data from any client, after which no request is on its way


class PortInUse(Exception):
    """Another process listens on the port. The message says what to do."""


class Server:
    """A server that listens from its creation, and answers while ``run`` or ``serve`` runs.

    Raise PortInUse if the port is in use. Raise OSError if the server cannot listen on the address.
    """

    def __init__(self, app: Flask, host: str, port: int, limits: Limits | None = None) -> None:
        self._listener = _listen(host, port)
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        self._app = app
        self._limits = limits or Limits()
        self._journals: Journals | None = app.extensions.get("tunedmodels_journals")
        self._parent: int | None = None  # the parent process, if its end stops the server
        self._stopping = threading.Event()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None  # while the server runs

    @property
    def url(self) -> str:
        """The base URL for clients on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def ready_line(self) -> str:
        """Return the line that says that the server is ready."""
        return f"READY url={self.url} pid={os.getpid()} version={VERSION}"

    def run(self, when_ready: Callable[[], None], *, with_parent: bool = False) -> None:
        """Serve until ``stop`` is called. Call *when_ready* first: from then on the server accepts connections.

        With *with_parent* the server also stops, within a second, after its parent process has ended.
        """
        self._parent = os.getppid() if with_parent else None
        _raise_file_limit(self._limits.connections + _OTHER_FILES)
        try:
            when_ready()
            self.serve()
        finally:
            self._listener.close()

    def serve(self) -> None:
        """Serve in this thread until ``stop`` is called. Then finish running requests, for five seconds at most."""
        loop = self._loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._serve(loop))
        finally:
            self._loop = None
            loop.close()
            self._listener.close()

    def stop(self) -> None:
        """Stop ``serve``. Any thread or signal handler may call this."""
        self._stopping.set()
        loop = self._loop
        if loop:
            with suppress(RuntimeError):  # it has ended meanwhile
                loop.call_soon_threadsafe(self._wake.set)

    async def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        worlds = self._app.extensions.get("tunedmodels")
        limits = _within_file_limit(self._limits)
        connections: set[Connection] = set()
        workers, admin_workers = WorkerThreads(THREADS, "worker"), WorkerThreads(_ADMIN_THREADS, "admin-worker")
        service = Service(
            self._app,
            server_environ(self.host, self.port),
            loop,
            limits,
            getattr(worlds, "kind", "memory") == "memory",
            workers,
            admin_workers,
            connections,
            Outbox(loop, connections),
            KnownRequests(),
        )
        listening = await loop.create_server(lambda: Connection(service), sock=self._listener, backlog=_BACKLOG)
        try:
            await self._wait_for_stop(service)
            await self._drain(service, listening)
        finally:
            listening.close()
            for connection in list(service.connections):
                connection.drop()
            await asyncio.sleep(0)  # in this turn they close
            await asyncio.sleep(0)
            workers.stop()
            admin_workers.stop()

    async def _wait_for_stop(self, service: Service) -> None:
        while not self._stopping.is_set() and self._parent in (None, os.getppid()):
            now = service.loop.time()
            for connection in list(service.connections):
                connection.check(now)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _CHECK_INTERVAL)

    async def _drain(self, service: Service, listening: asyncio.Server) -> None:
        """Answer all requests that have begun, without the pauses of their answers, for five seconds at most."""
        if self._journals:
            self._journals.close()  # clients that follow a journal would wait for ever
        service.is_stopping = True
        for connection in list(service.connections):
            connection.hurry()
        end = service.loop.time() + _DRAIN_TIME
        turns = quiet_turns = 0
        while (turn := service.loop.time()) < end and (service.connections or quiet_turns < _QUIET_TURNS):
            await asyncio.sleep(_TURN)
            turns += 1
            quiet_turns = 0 if any(connection.since >= turn for connection in service.connections) else quiet_turns + 1
            if turns == _QUIET_TURNS:
                listening.close()
            if quiet_turns >= _QUIET_TURNS:
                for connection in list(service.connections):
                    connection.close_if_idle()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        text = f"Port {port} on {host} is in use. Choose another with --port, or use --port 0 for a free one."
        raise PortInUse(text) from None


def _raise_file_limit(files: int) -> None:
    """Raise the limit on open files to *files*, or as far as the system allows."""
    with suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _within_file_limit(limits: Limits) -> Limits:
    """Return *limits* with no more connections than the process can have open."""
    try:
        import resource
    except ImportError:
        return limits
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return limits
    return replace(limits, connections=min(limits.connections, max(soft - _OTHER_FILES, _OTHER_FILES)))
