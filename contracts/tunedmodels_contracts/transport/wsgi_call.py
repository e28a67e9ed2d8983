"""Calls a WSGI application once and returns its whole answer. Adapters of other HTTP clients use it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Answer:
    """One answer, with its body in the form of the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class BrokenConnection(Exception):
    """The connection ended before the answer was complete. ``partial`` is the received part, or None."""

    def __init__(self, message: str, partial: Answer | None) -> None:
        super().__init__(message)
        self.partial = partial


def to_environ(method: str, url: str, headers: Iterable[tuple[str, str]], body: Any) -> WSGIEnvironment:
    """Return the WSGI environ of a request. *body* is bytes, a file or None."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query.encode().decode("latin-1"),
        "REQUEST_URI": target,
        "RAW_URI": target,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or _PORTS.get(parts.scheme, 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": body if hasattr(body, "read") else BytesIO(body or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if isinstance(body, bytes):
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in headers:
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        is_repeated = key in environ and key not in ("HTTP_HOST", "CONTENT_LENGTH")
        environ[key] = f"{environ[key]}, {value}" if is_repeated else value
    return environ


def call_application(
    application: WSGIApplication, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes
) -> Answer:
    """Return the answer of *application* to one request. Raise BrokenConnection if a socket would have failed."""
    from werkzeug.test import run_wsgi_app

    # The body is complete. With this header the server would treat its length as unknown, and ignore the body.
    whole_headers = [(name, value) for name, value in headers if name.lower() != "transfer-encoding"]
    environ = to_environ(method, url, whole_headers, body)
    answer: Answer | None = None
    try:
        pieces, status, response_headers = run_wsgi_app(application, environ, buffered=False)
        answer = Answer(int(status.partition(" ")[0]), list(response_headers), b"")
        for piece in pieces:
            answer = replace(answer, body=answer.body + piece)
    except ConnectionResetError as error:
        raise BrokenConnection(str(error), answer if answer and answer.body else None) from error
    whole = response_headers.get("Content-Length", type=int)
    if method != "HEAD" and whole is not None and len(answer.body) < whole:
        raise BrokenConnection(f"The connection closed after {len(answer.body)} of {whole} bytes", answer)
    return answer
