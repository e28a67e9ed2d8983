"""Reads the methods of a parsed discovery document, the messages that they lead to, and the types of their members.

``drift`` and ``scripts/update-schema`` read documents with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

SCALARS: Mapping[tuple[str, str], str] = {
    ("string", ""): "string",
    ("string", "byte"): "bytes",
    ("string", "int64"): "int64",
    ("string", "google-datetime"): "timestamp",
    ("string", "google-duration"): "duration",
    ("string", "google-fieldmask"): "fieldmask",
    ("boolean", ""): "bool",
    ("integer", "int32"): "int32",
    ("number", "float"): "float",
    ("number", "double"): "double",
    ("any", ""): "value",
}
"""The schema's name of each scalar and well-known type, by its ``type`` and ``format`` in a document."""


def check_document(document: Any) -> None:
    """Raise ValueError if *document* is no discovery document, such as the body of an error."""
    if not isinstance(document, Mapping) or not all(
        isinstance(document.get(name), Mapping) for name in ("resources", "schemas")
    ):
        raise ValueError("This is no discovery document: it has no resources and schemas.")


def methods(resource: Json) -> Iterator[tuple[str, Json]]:
    """Yield each method under *resource*, which may be a whole document, by its id without the API's name."""
    for method in resource.get("methods", {}).values():
        yield method["id"].partition(".")[2], method
    for inner in resource.get("resources", {}).values():
        yield from methods(inner)


def reachable(schemas: Json, roots: Iterable[Json]) -> set[str]:
    """Return the names of the messages in *schemas* to which *roots*, methods of the document, lead."""
    result: set[str] = set()
    ahead = [name for root in roots for name in references(root)]
    while ahead:
        name = ahead.pop()
        if name not in result and name in schemas:
            result.add(name)
            ahead.extend(references(schemas[name]))
    return result


def references(value: Any) -> Iterator[str]:
    """Yield the names of the messages to which *value*, a part of a document, refers, wherever in it."""
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)


def scalar_key(value: Json) -> tuple[str, str]:
    """Return the key of a property or parameter in ``SCALARS``."""
    return str(value.get("type", "string")), str(value.get("format", ""))


def type_text(value: Json) -> str:
    """Return the type of a property or parameter as a text for a reader. It names no enum, and does not tell an Any
    from a Struct, as documents do not.
    """
    if value.get("repeated"):
        return f"list of {type_text({**value, 'repeated': False})}"
    if "$ref" in value:
        return str(value["$ref"])
    if value.get("type") == "array":
        return f"list of {type_text(value.get('items', {}))}"
    if value.get("type") == "object":
        inner = value.get("additionalProperties", {"type": "any"})
        return "struct" if inner.get("type") == "any" else f"map of {type_text(inner)}"
    if "enum" in value:
        return "enum"
    key = scalar_key(value)
    return SCALARS.get(key, " ".join(key).rstrip())


def enum_values(value: Json) -> list[str]:
    """Return the names of the values of an enum, or of a list of enums."""
    while "items" in value:
        value = value["items"]
    return list(value.get("enum", ()))
