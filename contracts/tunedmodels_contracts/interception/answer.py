"""Answer: what a WSGI application answers one request, whole, for clients that want it in their own form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Broken(Exception):
    """The connection ended before the whole answer was there; ``begun`` says whether some of it was."""

    def __init__(self, message: str, *, begun: bool) -> None:
        super().__init__(message)
        self.begun = begun


@dataclass(frozen=True)
class Answer:
    """One answer, its body as it would go over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def ask(application: WSGIApplication, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
    """Return what *application* answers. Raises Broken where a socket would have broken."""
    from werkzeug.test import EnvironBuilder, run_wsgi_app

    parts = urlsplit(url)
    builder = EnvironBuilder(
        path=parts.path or "/",
        query_string=parts.query,
        base_url=f"{parts.scheme}://{parts.netloc}",
        method=method,
        headers=list(headers),
        data=body,
    )
    environ = builder.get_environ()
    builder.close()
    received = b""
    try:
        pieces, status, answered = run_wsgi_app(application, environ, buffered=False)
        for piece in pieces:
            received += piece
    except ConnectionResetError as error:
        raise Broken(str(error), begun=bool(received)) from error
    whole = answered.get("Content-Length", type=int)
    if method != "HEAD" and whole is not None and len(received) < whole:
        raise Broken(f"The connection closed after {len(received)} of {whole} bytes", begun=True)
    return Answer(int(status.partition(" ")[0]), list(answered), received)
