"""Reads the body of a request that the server has whole before it calls the application, without Flask's streams."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from werkzeug.exceptions import RequestEntityTooLarge

MAX_BODY = 20 * 1024 * 1024  # bytes; the limit in the error messages of the service


def received_body(environ: dict[str, Any]) -> bytes | None:
    """Return the body of the request in the WSGI *environ*, or None if it may still be on its way.

    The body stays in the environment, so every layer can ask for it. Raise RequestEntityTooLarge for more than 20 MiB.
    """
    stream = environ["wsgi.input"]
    if type(stream) is not BytesIO or not environ.get("wsgi.input_terminated"):
        return None
    body = stream.getvalue()
    if len(body) > MAX_BODY:
        raise RequestEntityTooLarge
    return body
