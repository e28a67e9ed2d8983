"""Reads the parts of an HTTP request that every method of the API needs, before its body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Request

from ..core.callers.admission import Credentials
from ..wire.protojson.reading import query_pairs
from . import system_parameters
from .system_parameters import SystemParameters


@dataclass(frozen=True, slots=True)
class RequestHead:
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


def read_head(request: Request) -> RequestHead:
    """Return the head of *request*."""
    params, pairs = system_parameters.split(query_pairs(request.query_string), request.headers.get)
    return RequestHead(
        http=request.method,
        path=request.path,
        params=params,
        pairs=pairs,
        test_id=request.headers.get("X-Test-Id"),
        project=request.headers.get("X-Goog-User-Project"),
        host_url=request.host_url,
    )
