"""Builds discovery documents that say what a schema says."""

from __future__ import annotations

import copy
from typing import Any

from tunedmodels_contracts.schema.surface import Surface, Type, surface

Json = dict[str, Any]
FORMS: dict[str, Json] = {
    "bool": {"type": "boolean"},
    "bytes": {"type": "string", "format": "byte"},
    "double": {"type": "number", "format": "double"},
    "duration": {"type": "string", "format": "google-duration"},
    "fieldmask": {"type": "string", "format": "google-fieldmask"},
    "float": {"type": "number", "format": "float"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "string", "format": "int64"},
    "string": {"type": "string"},
    "timestamp": {"type": "string", "format": "google-datetime"},
    "value": {"type": "any"},
    "any": {"type": "object", "additionalProperties": {"type": "any", "description": "d"}},
    "struct": {"type": "object", "additionalProperties": {"type": "any", "description": "d"}},
}


def form(schema: Surface, type_: Type) -> Json:
    """Spell a type as Google's documents do."""
    if type_.kind == "list" and type_.item_type is not None:
        return {"type": "array", "items": form(schema, type_.item_type)}
    if type_.kind == "map" and type_.item_type is not None:
        return {"type": "object", "additionalProperties": form(schema, type_.item_type)}
    if type_.kind == "enum":
        values = [*schema.enums[type_.name]]
        return {"type": "string", "enum": values, "enumDescriptions": [""] * len(values)}
    return {"$ref": type_.name} if type_.kind == "message" else copy.deepcopy(FORMS[type_.kind])


def document(version: str = "v1beta") -> Json:
    """Return a document with the content of the schema and nothing else."""
    schema = surface(version)
    result: Json = {
        "name": "generativelanguage",
        "version": version,
        "revision": "20270101",
        "resources": {collection: {} for collection in schema.collections},
        "schemas": {
            message.name: {
                "id": message.name,
                "type": "object",
                "properties": {
                    name: {"description": "d", **form(schema, member.type)} for name, member in message.members.items()
                },
            }
            for message in schema.messages.values()
            if not message.open and (message.source == "discovery" or version == "v1")
        },
    }
    for id_ in (*schema.methods, *schema.uncovered_methods):
        *collections, verb = id_.split(".")
        resource = result
        for collection in collections:
            resource = resource.setdefault("resources", {}).setdefault(collection, {})
        entry: Json = {"id": f"generativelanguage.{id_}"}
        if id_ in schema.methods:
            method = schema.methods[id_]
            entry |= {"httpMethod": method.http, "path": method.path, "response": {"$ref": method.response}}
            entry |= {"request": {"$ref": method.request}} if method.request else {}
            entry["parameters"] = {
                name: {
                    "location": parameter.place,
                    **form(schema, parameter.type),
                    **({"pattern": parameter.pattern} if parameter.pattern else {}),
                }
                for name, parameter in method.parameters.items()
            }
        resource.setdefault("methods", {})[verb] = entry
    return result
