"""The middleware: what happens to a request before it is routed, and the line that the log has of it."""

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
    """Return *application* behind the middleware: a POST may stand for another method, doubled slashes fold.

    ``X-HTTP-Method-Override`` is a system parameter of Google's APIs; the slashes are an allowance, and
    no path has them where *strict*.
    """

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start = _log_response(environ, start_response) if LOG.isEnabledFor(logging.INFO) else start_response
        override = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "").upper()
        if environ["REQUEST_METHOD"] == "POST" and override in _METHODS:
            environ["REQUEST_METHOD"] = override
        path = environ.get("PATH_INFO", "")
        # waitress folds slashes at the beginning itself; only the request line still has them.
        if "//" in path or environ.get("REQUEST_URI", "").startswith("//"):
            if strict:  # answered here, because routing does not tell slashes at the beginning
                return not_found.response(environ["REQUEST_METHOD"], path)(environ, start)
            environ["PATH_INFO"] = re.sub("/{2,}", "/", path)
            environ[DOUBLED_SLASHES] = True
        return application(environ, start)

    return call


def _log_response(environ: dict[str, Any], start_response: Any) -> Any:
    """Return *start_response*, which logs a line besides: method, path, status, time to the first byte."""
    started = time.perf_counter()
    request_line = f"{environ['REQUEST_METHOD']} {one_line(environ.get('PATH_INFO', ''))}"

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        LOG.info("%s %s %.1f ms", request_line, status[:3], (time.perf_counter() - started) * 1000)
        return start_response(status, headers, *rest)

    return start
