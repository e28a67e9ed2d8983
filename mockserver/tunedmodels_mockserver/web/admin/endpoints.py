"""Adds endpoints to the admin surface. One decorator has the route of an endpoint and its description for OpenAPI."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import msgspec
from flask import Blueprint, Response

from ...core.strict_input import similar_texts
from ...core.world_names import WORLD_NAME
from .. import responses

JSON = "application/json"
TEXT = "text/plain"
EVENTS = "text/event-stream"

TextFormat = Literal["json", "text"]
NAME_PATTERN = f"^{WORLD_NAME.pattern}$"

_View = Callable[..., Response]


class PathParameter(NamedTuple):
    """A variable part of a path: its converter in Flask, the pattern of its values, and its description."""

    converter: str
    pattern: str
    description: str


PATH_PARAMETERS = {
    "operation": PathParameter(
        "path", r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", "The name or id of an operation or of its model."
    ),
    "fault_id": PathParameter("default", NAME_PATTERN, "The id of a fault."),
    "rule_id": PathParameter(
        "path",
        f"^(.+#)?{WORLD_NAME.pattern}$",
        "The id of a rule. That of a rule in a file begins with the file's path and #.",
    ),
    "name": PathParameter("default", NAME_PATTERN, "The name of a snapshot."),
}


class AdminEndpoint(msgspec.Struct, frozen=True):
    """One endpoint. ``path`` comes after ``/_emulator``, with its variable parts in braces.

    ``body`` has the types of the request's JSON: one of them reads it. If ``accepts_list`` is set, the JSON can also be
    a list of them. ``required`` says whether the request needs a body. ``query`` has the query parameters with their
    types, or is the type that reads them. ``members`` are the members that the JSON of an answer always has, and
    ``content_types`` the content types of an answer. Besides ``error_statuses``, any endpoint can answer 400 and 503.
    """

    method: str
    path: str
    summary: str
    members: tuple[str, ...] = ()
    body: tuple[Any, ...] = ()
    accepts_list: bool = False
    required: bool = True
    query: Any = None
    content_types: tuple[str, ...] = (JSON,)
    error_statuses: tuple[int, ...] = ()


class AdminEndpoints:
    """The endpoints of one server's admin surface. The routes are on *blueprint*, the descriptions in ``all``.

    A view takes the variable parts of its path by name.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint = blueprint
        self.all: list[AdminEndpoint] = []

    def add(self, method: str, path: str, summary: str, **details: Any) -> Callable[[_View], _View]:
        """Return a decorator that adds a view. *details* are the other members of ``AdminEndpoint``."""
        self.all.append(AdminEndpoint(method, path, summary, **details))
        rule = re.sub(r"\{(\w+)\}", lambda match: f"<{PATH_PARAMETERS[match[1]].converter}:{match[1]}>", path)
        return self.blueprint.route(rule, methods=[method])

    def readable(self) -> dict[str, str]:
        """Return the paths that a browser can open, each with its summary."""
        return {
            endpoint.path: endpoint.summary
            for endpoint in self.all
            if endpoint.method == "GET" and "{" not in endpoint.path
        }

    def not_found(self, method: str, path: str) -> Response:
        """Return the answer for an unknown path below ``/_emulator``, or for a *method* that the path does not have."""
        request_line = f"{method} {path.removeprefix('/_emulator')}"
        near = similar_texts(request_line, (f"{endpoint.method} {endpoint.path}" for endpoint in self.all))
        nearest = f"; the nearest is {near[0].replace(' ', ' /_emulator')}" if near else ""
        sentence = (
            f"There is no endpoint {method} {path[:200]}{nearest}. GET /_emulator/openapi.json describes them all."
        )
        return responses.document({"error": sentence}, 404)
