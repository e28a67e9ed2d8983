"""Describes the admin surface in OpenAPI. The schemas come from the types that read the requests."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, get_args

import msgspec
from flask import Response

from .. import responses as answers
from ..api_response import VERSION
from .endpoints import EVENTS, JSON, NAME_PATTERN, PATH_PARAMETERS, AdminEndpoint, AdminEndpoints

_ERROR = {"$ref": "#/components/schemas/ErrorBody"}
_ERROR_DESCRIPTIONS = {
    400: "The request is invalid; a sentence says why.",
    404: "This world has no such resource; the message names the nearest.",
    409: "The request conflicts with the present state.",
    503: "The store is unavailable, or all event streams are in use.",
}
_WORLD = {
    "name": "X-Test-Id",
    "in": "header",
    "description": "The name of the world. A key that begins with test-NAME/ selects it, too.",
    "schema": {"type": "string", "pattern": NAME_PATTERN},
}


class ErrorBody(msgspec.Struct):
    """An error of the admin surface. Errors of the API have another form."""

    error: str


def add(endpoints: AdminEndpoints) -> None:
    """Add the route ``/openapi.json``, which describes all of *endpoints*."""

    @endpoints.add("GET", "/openapi.json", "Read this document.", members=("openapi", "info", "paths", "components"))
    def openapi() -> Response:
        return answers.document(document(endpoints.all))


def document(endpoints: Sequence[AdminEndpoint]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document that describes *endpoints*."""
    types = [kind for endpoint in endpoints for kind in (*endpoint.body, *_parameters(endpoint).values())]
    schemas, components = msgspec.json.schema_components(
        [*types, ErrorBody], ref_template="#/components/schemas/{name}"
    )
    # The key is the repr, because some types, such as unions, may not be hashable. Equal types have equal schemas.
    schemas_by_type = dict(zip(map(repr, types), schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(f"/_emulator{endpoint.path}", {})[endpoint.method.lower()] = _operation(
            endpoint, schemas_by_type
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The admin surface of tunedmodels-mockserver",
            "version": VERSION,
            "description": "The calls with which a test or an operator controls the mock server. "
            "None of them is part of the Gemini API.",
        },
        "paths": paths,
        "components": {"schemas": {name: _with_plain_description(schema) for name, schema in components.items()}},
    }


def _operation(endpoint: AdminEndpoint, schemas_by_type: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "parameters": [_WORLD, *_path_parameters(endpoint), *_query_parameters(endpoint, schemas_by_type)],
    }
    if endpoint.body:
        content = {JSON: {"schema": _body(endpoint, schemas_by_type)}}
        operation["requestBody"] = {"required": endpoint.required, "content": content}
    responses = {
        "200": {"description": "Done.", "content": {kind: _content(endpoint, kind) for kind in endpoint.content_types}}
    }
    for status in sorted({400, 503, *endpoint.error_statuses}):
        content = {JSON: {"schema": _ERROR}}
        responses[str(status)] = {"description": _ERROR_DESCRIPTIONS[status], "content": content}
    operation["responses"] = responses
    return operation


def _body(endpoint: AdminEndpoint, schemas_by_type: Mapping[str, Any]) -> dict[str, Any]:
    item = _any_of([schemas_by_type[repr(kind)] for kind in endpoint.body])
    return _any_of([item, {"type": "array", "items": item}]) if endpoint.accepts_list else item


def _any_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    return {"anyOf": schemas} if len(schemas) > 1 else schemas[0]


def _content(endpoint: AdminEndpoint, kind: str) -> dict[str, Any]:
    if kind != JSON:
        return {"schema": {"type": "string"}} if kind != EVENTS else {}
    return {"schema": {"type": "object", "required": list(endpoint.members)}}


def _path_parameters(endpoint: AdminEndpoint) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", endpoint.path):
        parameter = PATH_PARAMETERS[name]
        schema, description = {"type": "string", "pattern": parameter.pattern}, parameter.description
        yield {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _query_parameters(endpoint: AdminEndpoint, schemas_by_type: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, kind in _parameters(endpoint).items():
        yield {"name": name, "in": "query", "schema": schemas_by_type[repr(kind)]}


def _parameters(endpoint: AdminEndpoint) -> dict[str, Any]:
    """Return the query parameters of *endpoint* with their types, without None: a query cannot contain null."""
    if endpoint.query is None or isinstance(endpoint.query, dict):
        return endpoint.query or {}
    return {field.encode_name: _without_none(field.type) for field in msgspec.structs.fields(endpoint.query)}


def _without_none(kind: Any) -> Any:
    """Return *kind* without None."""
    if type(None) not in get_args(kind):
        return kind
    return reduce(or_, (member for member in get_args(kind) if member is not type(None)))


def _with_plain_description(schema: dict[str, Any]) -> dict[str, Any]:
    """Return *schema* with its description as plain text, without indents and double backticks."""
    if "description" not in schema:
        return schema
    return {**schema, "description": inspect.cleandoc(schema["description"]).replace("``", "`")}
