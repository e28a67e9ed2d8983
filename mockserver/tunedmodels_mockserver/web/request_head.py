"""Reads the parts of an HTTP request that every method of the API needs, before its body."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from flask import Request
from werkzeug.wsgi import get_current_url

from ..core.callers.admission import Credentials
from ..wire.protojson.reading import query_pairs
from . import system_parameters
from .system_parameters import SystemParameters

_MAX_QUERY = 300  # characters of a query whose parameters are kept
_HOST_KEYS = ("wsgi.url_scheme", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT")  # in a WSGI environment
# The headers that are system parameters, with their keys in a WSGI environment.
_PARAMETER_HEADERS = {
    "Authorization": "HTTP_AUTHORIZATION",
    "X-Goog-Api-Key": "HTTP_X_GOOG_API_KEY",
    "X-Goog-FieldMask": "HTTP_X_GOOG_FIELDMASK",
}


class RequestHead(msgspec.Struct, frozen=True):
    """The request line, the system parameters and the headers of one request, as values.

    ``pairs`` has the parameters of the query that are not system parameters. ``test_id`` is the header ``X-Test-Id``,
    which names the world. ``host_url`` is the address of the server, with a slash at its end.
    """

    http: str
    path: str
    params: SystemParameters
    pairs: Sequence[tuple[str, str]]
    test_id: str | None
    project: str | None
    host_url: str

    @property
    def credentials(self) -> Credentials:
        """The credentials by which the server finds the caller."""
        return Credentials(self.params.token, self.params.key, self.project, self.host_url)


def read_head(environ: dict[str, Any]) -> RequestHead:
    """Return the head of the request in the WSGI environment *environ*."""
    query = environ.get("QUERY_STRING", "")
    headers = tuple(map(environ.get, _PARAMETER_HEADERS.values()))
    read = _read_parameters if len(query) <= _MAX_QUERY else _read_parameters.__wrapped__
    params, pairs = read(query, *headers)
    path = environ.get("PATH_INFO", "")
    return RequestHead(
        http=environ["REQUEST_METHOD"],
        path=path if path.isascii() and path[1:2] != "/" else Request(environ).path,
        params=params,
        pairs=pairs,
        test_id=environ.get("HTTP_X_TEST_ID"),
        project=environ.get("HTTP_X_GOOG_USER_PROJECT"),
        host_url=_host_url(*map(environ.get, _HOST_KEYS)),
    )


@lru_cache(maxsize=512)  # most requests of a client have the same credentials and no query
def _read_parameters(query: str, *headers: str | None) -> tuple[SystemParameters, Sequence[tuple[str, str]]]:
    by_name = dict(zip(_PARAMETER_HEADERS, headers, strict=True))
    return system_parameters.split(query_pairs(query.encode("latin-1")), by_name.get)


@lru_cache(maxsize=64)
def _host_url(*values: str | None) -> str:
    environ = {key: value for key, value in zip(_HOST_KEYS, values, strict=True) if value is not None}
    return get_current_url(environ, host_only=True)
