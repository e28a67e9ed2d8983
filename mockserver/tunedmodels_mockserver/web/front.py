"""The front: what happens to a request before it is routed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from . import unknown

DOUBLED_SLASHES = "tunedmodels.doubled_slashes"

_METHODS = frozenset({"GET", "PUT", "POST", "PATCH", "DELETE"})
_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def front(application: _Application, *, strict: bool) -> _Application:
    """Return *application* behind the front: a POST may stand for another method, doubled slashes fold.

    ``X-HTTP-Method-Override`` is a system parameter of Google's APIs; the slashes are an allowance, and
    no path has them where *strict*.
    """

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        override = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "").upper()
        if environ["REQUEST_METHOD"] == "POST" and override in _METHODS:
            environ["REQUEST_METHOD"] = override
        path = environ.get("PATH_INFO", "")
        if "//" in path:
            if strict:  # answered here, because routing does not tell slashes at the beginning
                return unknown.answer(environ["REQUEST_METHOD"], path)(environ, start_response)
            environ["PATH_INFO"] = re.sub("/{2,}", "/", path)
            environ[DOUBLED_SLASHES] = True
        return application(environ, start_response)

    return call
