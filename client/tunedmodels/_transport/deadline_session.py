"""Sessions of the client's own: their timeouts are for all that is read, not for each piece of it.

A timeout of a socket begins anew with each piece that arrives, so a server that sends a byte now and then, of a
header perhaps, would be waited for without end. Here ``settimeout`` says how long everything may take that is read
until it is called again; requests calls it before it reads an answer, and ``response_body`` where more time is given.
"""

from __future__ import annotations

import io
import os
import socket
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


def new_session() -> requests.Session:
    """Return a new session, which a forked process may go on to use."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter())
    return session


class _DeadlineSocket:
    """A socket whose timeout is for all that is read until it is set again; all else is the socket's own."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._deadline: float | None = None
        self.settimeout(inner.gettimeout())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def settimeout(self, seconds: float | None) -> None:
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._inner.settimeout(seconds)

    def recv_into(self, *arguments: Any) -> int:
        if self._deadline is not None:
            seconds_left = self._deadline - time.monotonic()
            if seconds_left <= 0:
                raise TimeoutError("timed out")
            self._inner.settimeout(seconds_left)
        read: int = self._inner.recv_into(*arguments)
        return read

    def makefile(self, mode: str = "r", **_more: Any) -> Any:
        # http.client asks for the one kind; the file keeps the socket open, as socket's own files do.
        assert mode == "rb"
        self._inner._io_refs += 1
        return io.BufferedReader(socket.SocketIO(self, "r"))  # type: ignore[arg-type]

    def _decref_socketios(self) -> None:
        self._inner._decref_socketios()


class _HTTPConnection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        self.sock: Any = _DeadlineSocket(self.sock)


class _HTTPSConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self.sock: Any = _DeadlineSocket(self.sock)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls: Any = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls: Any = _HTTPSConnection


class _Adapter(HTTPAdapter):
    """An adapter over such sockets. A forked process gets connections of its own."""

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        self._process = os.getpid()

    def send(self, request: requests.PreparedRequest, *arguments: Any, **more: Any) -> requests.Response:
        if self._process != os.getpid():
            self.poolmanager.clear()  # closes them here alone; the parent goes on with its own
            self._process = os.getpid()
        return super().send(request, *arguments, **more)
