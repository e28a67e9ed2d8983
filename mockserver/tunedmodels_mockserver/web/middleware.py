"""Prepares each request before Flask finds its route, and writes a line about it into the log."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from ..log import LOG, one_line
from . import not_found

DOUBLED_SLASHES = "tunedmodels.doubled_slashes"

_METHODS = frozenset({"GET", "PUT", "POST", "PATCH", "DELETE"})
_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def rewrite_requests(application: _Application, *, strict: bool) -> _Application:
    """Return *application* wrapped so that a POST can stand for another method, and doubled slashes count as one.

    ``X-HTTP-Method-Override`` is a system parameter of Google's APIs. The slashes are an allowance: if *strict*, a path
    with doubled slashes is not found.
    """

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start = _log_response(environ, start_response) if LOG.isEnabledFor(logging.INFO) else start_response
        override = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "").upper()
        if environ["REQUEST_METHOD"] == "POST" and override in _METHODS:
            environ["REQUEST_METHOD"] = override
        path = environ.get("PATH_INFO", "")
        # The server itself folds slashes at the beginning of the path. Only REQUEST_URI still has them.
        if "//" in path or environ.get("REQUEST_URI", "").startswith("//"):
            if strict:  # answer here: routing does not see slashes at the beginning
                return not_found.response(environ["REQUEST_METHOD"], path)(environ, start)
            environ["PATH_INFO"] = re.sub("/{2,}", "/", path)
            environ[DOUBLED_SLASHES] = True
        return application(environ, start)

    return call


def _log_response(environ: dict[str, Any], start_response: Any) -> Any:
    """Return *start_response* wrapped to log a line: method, path, status, milliseconds until the response starts."""
    start_time = time.perf_counter()
    request_line = f"{environ['REQUEST_METHOD']} {one_line(environ.get('PATH_INFO', ''))}"

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        LOG.info("%s %s %.1f ms", request_line, status[:3], (time.perf_counter() - start_time) * 1000)
        return start_response(status, headers, *rest)

    return start
