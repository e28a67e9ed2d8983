"""OpenAPI: the admin surface described by the very types that read its requests."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import reduce
from importlib.metadata import version
from operator import or_
from typing import Any, get_args

import msgspec
from flask import Blueprint, Response

from .. import responses as answers
from .endpoints import CATALOGUE, EVENTS, JSON, Call

_ERROR = {"$ref": "#/components/schemas/Refused"}
_REFUSALS = {
    400: "What was sent is refused; a sentence says why.",
    404: "There is no such thing in this world; the nearest is named.",
    409: "That cannot be done any more.",
    503: "The store cannot be asked at present, or all streams are taken.",
}
_WORLD = {
    "name": "X-Test-Id",
    "in": "header",
    "description": "The world that is meant; a key that begins with test-NAME/ says the same.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,100}$"},
}


class Refused(msgspec.Struct):
    """An error of the admin surface. The service's own errors have another form."""

    error: str


def add(blueprint: Blueprint) -> None:
    """Add the route ``/openapi.json``."""

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return answers.document(document())


def document() -> dict[str, Any]:
    """Return the document of OpenAPI 3.1 that describes ``CATALOGUE``."""
    types = [kind for call in CATALOGUE for kind in (*call.body, *_parameters(call).values())]
    schemas, components = msgspec.json.schema_components([*types, Refused], ref_template="#/components/schemas/{name}")
    # Equal types have equal schemas; types themselves, such as unions, need not be hashable.
    known = dict(zip(map(repr, types), schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for call in CATALOGUE:
        paths.setdefault(f"/_emulator{call.path}", {})[call.method.lower()] = _operation(call, known)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The admin surface of tunedmodels-mockserver",
            "version": version("tunedmodels"),
            "description": "What a test or an operator may do with a fake. None of it is part of the Gemini API.",
        },
        "paths": paths,
        "components": {"schemas": {name: _described(schema) for name, schema in components.items()}},
    }


def _operation(call: Call, known: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": call.summary, "parameters": [_WORLD, *_path(call), *_query(call, known)]}
    if call.body:
        content = {JSON: {"schema": _body(call, known)}}
        operation["requestBody"] = {"required": call.required, "content": content}
    responses = {"200": {"description": "Done.", "content": {kind: _content(call, kind) for kind in call.kinds}}}
    for status in sorted({400, 503, *call.refusals}):
        content = {JSON: {"schema": _ERROR}}
        responses[str(status)] = {"description": _REFUSALS[status], "content": content}
    operation["responses"] = responses
    return operation


def _body(call: Call, known: Mapping[str, Any]) -> dict[str, Any]:
    one = _any([known[repr(kind)] for kind in call.body])
    return _any([one, {"type": "array", "items": one}]) if call.listed else one


def _any(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    return {"anyOf": schemas} if len(schemas) > 1 else schemas[0]


def _content(call: Call, kind: str) -> dict[str, Any]:
    if kind != JSON:
        return {"schema": {"type": "string"}} if kind != EVENTS else {}
    return {"schema": {"type": "object", "required": list(call.members)}}


def _path(call: Call) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", call.path):
        schema = {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,100}$"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query(call: Call, known: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, kind in _parameters(call).items():
        yield {"name": name, "in": "query", "schema": known[repr(kind)]}


def _parameters(call: Call) -> dict[str, Any]:
    """Return the query parameters of *call* with their types; nobody sends null there."""
    if call.query is None or isinstance(call.query, dict):
        return call.query or {}
    return {field.encode_name: _given(field.type) for field in msgspec.structs.fields(call.query)}


def _given(kind: Any) -> Any:
    """Return *kind* without None."""
    if type(None) not in get_args(kind):
        return kind
    return reduce(or_, (one for one in get_args(kind) if one is not type(None)))


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """Return *schema* with its description as lines of plain text."""
    if "description" not in schema:
        return schema
    return {**schema, "description": inspect.cleandoc(schema["description"]).replace("``", "`")}
