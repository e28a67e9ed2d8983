"""Answers requests for unknown routes with a page of HTML.

The service answers them with a page or without a body, never with a JSON error. The text of the page is invented. The
header ``X-Tunedmodels-Note`` names the nearest route.
"""

from __future__ import annotations

import re
from html import escape

from ..core.strict_input import similar_texts
from ..log import LOG, one_line
from .api_response import NOTE, ApiResponse
from .responses import page
from .routes import Route, routes

_PAGE = """<!DOCTYPE html>
<html lang=en>
<title>404 (Not Found)</title>
<h1>404. The requested URL was not found on this server.</h1>
<p>{path}</p>
"""


def response(http: str, path: str) -> ApiResponse:
    """Return the answer to a request with the HTTP method *http* for a *path* without a route."""
    result = page(_PAGE.format(path=escape(path[:200])), 404)
    note = "unknown-route: no such route"
    near = nearest_route(http, path)
    if near:
        note = f"{note}; the nearest is {near}"
        result.headers.append((NOTE, note))
    LOG.warning("%s %s: %s", http, one_line(path), note)
    return result


def nearest_route(http: str, path: str) -> str | None:
    """Return the route most similar to the request, such as ``GET /v1beta/tunedModels/*``, or None."""
    request_line = f"{http} {_replace_ids(path[:200])}"
    candidates = {
        f"{route.method.http} /{version}/{route.path}": None for route in _own_routes() for version in route.versions
    }
    return next(iter(similar_texts(request_line, candidates, cutoff=0.6)), None)


def _own_routes() -> list[Route]:
    return [route for route in routes() if route.allowance is None and route.method.documented]


def _replace_ids(path: str) -> str:
    """Return *path* with ``*`` in place of each id after the name of a collection."""
    return re.sub(r"/((?:tunedM|m)odels|operations|permissions)/[^/:]+", r"/\1/*", path, flags=re.IGNORECASE)
