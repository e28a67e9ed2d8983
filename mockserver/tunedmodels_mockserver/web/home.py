"""Makes the page at ``/`` for a person who opens the mock server in a browser.

The service has no such page, so any other request to ``/`` gets the answer of the service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from flask import render_template_string, request

from ..core.defaults import API_KEY
from ..core.world_names import DEFAULT_WORLD, with_world
from . import not_found, responses
from .api_response import ApiResponse

_MAX_WORLDS = 100  # worlds that the page shows
_DOCS = ("command", "runs", "faults", "canned", "state", "verdict", "credentials", "testing", "invented")
# The page has no script and no style. The empty icon keeps browsers from asking for one.
_POLICY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>tunedmodels-mockserver</title>
<h1>A mock server of the Gemini API's model tuning</h1>
<p>Clients use <code>{{ url }}</code> as their base URL. This page is only for browsers.</p>
<ul>
<li><a href="health">/health</a>: Check that the process runs.</li>
<li><a href="$discovery/rest?version=v1beta">/$discovery/rest</a>: Describe the API.</li>
</ul>
<h2>Worlds</h2>
<ul>
{%- for name, key in worlds %}
<li>{{ name or "the default world" }}: <a href="v1beta/tunedModels?key={{ key }}">models</a>,
<a href="_emulator/journal?key={{ key }}">journal</a>,
<a href="_emulator/verdict?format=text&amp;key={{ key }}">verdict</a></li>
{%- endfor %}
{%- if hidden_count %}
<li>{{ hidden_count }} more in <a href="_emulator/worlds">/_emulator/worlds</a></li>
{%- endif %}
</ul>
<h2>Administration</h2>
<p>A browser can open these; <a href="_emulator/openapi.json">/_emulator/openapi.json</a> describes all calls.</p>
<ul>
{%- for path, summary in endpoints.items() %}
<li><a href="_emulator{{ path }}">/_emulator{{ path }}</a>: {{ summary }}</li>
{%- endfor %}
</ul>
<h2>Documentation</h2>
<p>In the repository of the project: README.md{% for name in docs %}, docs/{{ name }}.md{% endfor %}.</p>
</html>
"""


def is_browser_navigation(environ: Mapping[str, Any]) -> bool:
    """Return whether the request with this WSGI *environ* comes from a browser that opens ``/``."""
    return (
        environ.get("PATH_INFO") == "/"
        and environ["REQUEST_METHOD"] == "GET"
        and "text/html" in environ.get("HTTP_ACCEPT", "")
        and environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
    )


def home(names: Callable[[], Iterable[str]], endpoints: Mapping[str, str]) -> ApiResponse:
    """Return the response to the present request for ``/``. *names* returns the names of the worlds that exist.

    *endpoints* has the paths of the admin surface that a browser can open, each with its summary.
    """
    if not is_browser_navigation(request.environ):
        return not_found.response(request.method, request.path)
    all_names = sorted({DEFAULT_WORLD, *names()})
    response = responses.page(
        render_template_string(
            _PAGE,
            url=request.url_root.rstrip("/"),
            worlds=[(name, quote(with_world(API_KEY, name))) for name in all_names[:_MAX_WORLDS]],
            hidden_count=max(len(all_names) - _MAX_WORLDS, 0),
            endpoints=endpoints,
            docs=_DOCS,
        ),
        200,
    )
    response.headers += [("Content-Security-Policy", _POLICY), ("Referrer-Policy", "no-referrer")]
    return response
