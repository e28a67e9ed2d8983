"""An adapter of requests that calls a WSGI application in this process, without a socket."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from .wsgi_call import to_environ

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class WsgiAdapter(BaseAdapter):
    """Sends the requests to every host to *application*. A stream arrives as the application yields it."""

    def __init__(self, application: WSGIApplication) -> None:
        super().__init__()
        self._application = application
        self._maker = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, *_settings: Any, **_more: Any) -> requests.Response:
        """Return the application's answer to *request*."""
        from werkzeug.test import run_wsgi_app

        body = request.body.encode() if isinstance(request.body, str) else request.body
        headers = [(name, str(value)) for name, value in request.headers.items()]
        environ = to_environ(request.method or "GET", request.url or "", headers, body)
        parts, status, response_headers = run_wsgi_app(self._application, environ, buffered=False)
        code, _, reason = status.partition(" ")
        raw = HTTPResponse(
            body=io.BufferedReader(_Parts(parts)),
            headers=HTTPHeaderDict([(name, value) for name, value in response_headers]),
            status=int(code),
            reason=reason,
            preload_content=False,
            enforce_content_length=False,
        )
        return self._maker.build_response(request, raw)

    def close(self) -> None:
        """Do nothing: there is no connection to close."""


class _Parts(io.RawIOBase):
    """The parts of a body as a file. A read returns the part that is ready and does not wait for more."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        super().__init__()
        self._parts: Iterator[bytes] = iter(parts)
        self._close: Callable[[], object] = getattr(parts, "close", lambda: None)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = part
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            self._close()
        super().close()
