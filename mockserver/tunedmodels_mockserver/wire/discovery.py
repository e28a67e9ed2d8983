"""Builds the discovery document, from which discovery-based clients generate their methods, out of our own facts.

It has the form of Google's documents (``discovery#restDescription``) without their descriptions. Types are written as
Google writes them, such as ``google-datetime`` for a timestamp.
"""

from __future__ import annotations

import re
from typing import Any

from .surface import WELL_KNOWN, Field, Message, Method, Surface

_NAME = "generativelanguage"
_SCALARS: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "string", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
    "google.protobuf.Timestamp": {"type": "string", "format": "google-datetime"},
    "google.protobuf.Duration": {"type": "string", "format": "google-duration"},
    "google.protobuf.FieldMask": {"type": "string", "format": "google-fieldmask"},
    "google.protobuf.Struct": {"type": "object", "additionalProperties": {"type": "any"}},
    "google.protobuf.Any": {"type": "object", "additionalProperties": {"type": "any"}},
    "google.protobuf.Value": {"type": "any"},
}
_SYSTEM_PARAMETERS: dict[str, dict[str, Any]] = {
    "$.xgafv": {"type": "string", "enum": ["1", "2"], "enumDescriptions": ["", ""]},
    "access_token": {"type": "string"},
    "alt": {
        "type": "string",
        "default": "json",
        "enum": ["json", "media", "proto"],
        "enumDescriptions": ["", "", ""],
    },
    "callback": {"type": "string"},
    "fields": {"type": "string"},
    "key": {"type": "string"},
    "oauth_token": {"type": "string"},
    "prettyPrint": {"type": "boolean", "default": "true"},
    "quotaUser": {"type": "string"},
    "uploadType": {"type": "string"},
    "upload_protocol": {"type": "string"},
}


def document(surface: Surface, root_url: str) -> dict[str, Any]:
    """Return the discovery document of the version *surface*, for a server at *root_url*, which ends with a slash."""
    result: dict[str, Any] = {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": f"{_NAME}:{surface.version}",
        "name": _NAME,
        "canonicalName": "Generative Language",
        "version": surface.version,
        "title": "Generative Language API, as the tunedmodels mock server serves it",
        "protocol": "rest",
        "rootUrl": root_url,
        "baseUrl": root_url,
        "servicePath": "",
        "basePath": "",
        "batchPath": "batch",
        "fullyEncodeReservedExpansion": True,
        "parameters": {name: {"location": "query", **row} for name, row in _SYSTEM_PARAMETERS.items()},
        "resources": {},
        "schemas": {_schema_name(name): _schema(name, surface) for name in surface.names()},
    }
    result["schemas"]["Empty"] = {"id": "Empty", "type": "object", "properties": {}}
    for method in surface.methods():
        if method.documented and method.served:
            *collections, verb = method.id.split(".")
            resource = result
            for collection in collections:
                resource = resource.setdefault("resources", {}).setdefault(collection, {})
            resource.setdefault("methods", {})[verb] = _method(method, surface)
    return result


def _method(method: Method, surface: Surface) -> dict[str, Any]:
    request = surface.message(method.request)
    path_field = (method.path_field or "").split(".")[-1]
    parameters: dict[str, Any] = {
        field.json_name: {"location": "query", **_type(field, surface)}
        for field in request.fields
        if method.body != "*" and field.name not in (path_field, method.body) and _fits_query(field, surface)
    }
    path = f"{surface.version}/{method.path}"
    if path_field:
        parameters[path_field] = {
            "location": "path",
            "required": True,
            "type": "string",
            "pattern": f"^{_pattern(method.pattern)}$",
        }
        path = f"{surface.version}/{{+{path_field}}}{method.suffix}"
    result = {
        "id": f"{_NAME}.{method.id}",
        "httpMethod": method.http,
        "path": path,
        "flatPath": path,
        "parameters": parameters,
        "parameterOrder": [path_field] if path_field else [],
        "response": {"$ref": _schema_name(method.response)},
    }
    if method.body:
        name = method.request if method.body == "*" else request.by_name[method.body].type
        result["request"] = {"$ref": _schema_name(name)}
    return result


def _pattern(template: str) -> str:
    return "/".join({"**": ".*", "*": "[^/]+"}.get(part, part) for part in template.split("/"))


def _schema(name: str, surface: Surface) -> dict[str, Any]:
    message: Message = surface.message(name)
    properties = {field.json_name: _type(field, surface) for field in message.fields}
    return {"id": _schema_name(name), "type": "object", "properties": properties}


def _type(field: Field, surface: Surface) -> dict[str, Any]:
    inner = _inner(field.map_of or field.type, surface)
    if field.map_of:
        inner = {"type": "object", "additionalProperties": inner}
    elif field.repeated:
        inner = {"type": "array", "items": inner}
    return {**inner, "readOnly": True} if field.is_output_only else inner


def _inner(kind: str, surface: Surface) -> dict[str, Any]:
    if kind in _SCALARS:
        return dict(_SCALARS[kind])
    if surface.is_enum(kind):
        names = list(surface.enum(kind).numbers)
        return {"type": "string", "enum": names, "enumDescriptions": [""] * len(names)}
    return {"$ref": _schema_name(kind)}


def _fits_query(field: Field, surface: Surface) -> bool:
    return not field.map_of and "$ref" not in _inner(field.type, surface)


def _schema_name(name: str) -> str:
    """Return the name of the schema for the message *name*: Google's packages and all dots are removed."""
    return re.sub(
        r"\W", "", name.removeprefix(WELL_KNOWN).replace("google.longrunning.", "").replace("google.rpc.", "")
    )
