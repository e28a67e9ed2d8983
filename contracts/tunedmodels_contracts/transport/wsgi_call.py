"""Calls a WSGI application once and returns its whole answer. Adapters of other HTTP clients use it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True)
class Answer:
    """One answer, with its body in the form of the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Broken(Exception):
    """The connection ended before the answer was complete. ``begun`` is the received part, or None."""

    def __init__(self, message: str, begun: Answer | None) -> None:
        super().__init__(message)
        self.begun = begun


def ask(application: WSGIApplication, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
    """Return the answer of *application* to one request. Raise Broken if a socket would have failed."""
    from werkzeug.test import EnvironBuilder, run_wsgi_app

    parts = urlsplit(url)
    builder = EnvironBuilder(
        path=parts.path or "/",
        query_string=parts.query,
        base_url=f"{parts.scheme}://{parts.netloc}",
        method=method,
        # The body is complete. With this header the server would treat its length as unknown, and ignore the body.
        headers=[(name, value) for name, value in headers if name.lower() != "transfer-encoding"],
        data=body,
    )
    environ = builder.get_environ()
    builder.close()
    answer: Answer | None = None
    try:
        pieces, status, answered = run_wsgi_app(application, environ, buffered=False)
        answer = Answer(int(status.partition(" ")[0]), list(answered), b"")
        for piece in pieces:
            answer = replace(answer, body=answer.body + piece)
    except ConnectionResetError as error:
        raise Broken(str(error), answer if answer and answer.body else None) from error
    whole = answered.get("Content-Length", type=int)
    if method != "HEAD" and whole is not None and len(answer.body) < whole:
        raise Broken(f"The connection closed after {len(answer.body)} of {whole} bytes", answer)
    return answer
