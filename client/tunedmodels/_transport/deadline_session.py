"""Creates sessions whose timeout limits all reads together, not each single read.

The timeout of a normal socket starts again with each piece that arrives. So a server that sends one byte now and then,
for example of a header, could make the client wait without end. Here, ``settimeout`` limits the total time of all reads
until its next call. requests calls it before it reads an answer, and ``response_body`` calls it to give more time.
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
    """Return a new session. A forked process can continue to use it."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter())
    return session


class _DeadlineSocket:
    """A socket whose timeout limits all reads until the next ``settimeout``. All else goes to the inner socket."""

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
        # http.client uses this mode only. The file keeps the socket open, as the files of a normal socket do.
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
    """An adapter that reads from ``_DeadlineSocket``. A forked process gets its own connections."""

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        self._process = os.getpid()

    def send(self, request: requests.PreparedRequest, *arguments: Any, **more: Any) -> requests.Response:
        if self._process != os.getpid():
            self.poolmanager.clear()  # closes the connections in this process only; the parent keeps its own
            self._process = os.getpid()
        return super().send(request, *arguments, **more)
