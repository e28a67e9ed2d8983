"""Finds the method of the API that a request calls."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import unquote, urlsplit

from .surface import VERSIONS, Method, Surface, surface

_VERSION_ALIASES = {"v1alpha": "v1beta", "v1beta2": "v1beta", "v1beta3": "v1beta"}  # these have no schema of their own


def method_of(http: str, url: str) -> tuple[Surface, Method] | None:
    """Return the schema and the method that *http*, an HTTP method, calls at *url*; None if no schema has such
    a method.
    """
    version, _, rest = unquote(urlsplit(url).path).lstrip("/").partition("/")
    version_of_schema = _VERSION_ALIASES.get(version, version)
    if version_of_schema not in VERSIONS:
        return None
    schema = surface(version_of_schema)
    for pattern, method in _routes(version_of_schema):
        if method.http == http.upper() and pattern.fullmatch(f"{version_of_schema}/{rest}"):
            return schema, method
    return None


@cache
def _routes(version: str) -> tuple[tuple[re.Pattern[str], Method], ...]:
    routes = []
    for method in surface(version).methods.values():
        pattern = re.escape(method.path).replace(r"\{", "{").replace(r"\}", "}").replace(r"\+", "+")
        for name, parameter in method.parameters.items():
            if parameter.place == "path":
                inner = (parameter.pattern or "[^/]+").removeprefix("^").removesuffix("$")
                # A colon begins a custom method, such as :generateContent, and is in no name.
                inner = inner.replace("[^/]+", "[^/:]+").replace("[^/]*", "[^/:]*")
                for place in (f"{{+{name}}}", f"{{{name}}}"):
                    pattern = pattern.replace(place, f"(?:{inner})")
        routes.append((re.compile(pattern), method))
    return tuple(routes)
