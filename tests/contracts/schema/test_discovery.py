"""Tests the reading of discovery documents."""

from __future__ import annotations

from typing import Any

import pytest

from tunedmodels_contracts.schema.discovery import check_document, enum_values, methods, reachable, type_text


def test_methods_of_inner_collections() -> None:
    """Methods of inner collections are included. An id is without the API's name."""
    document = {
        "resources": {
            "a": {
                "methods": {"get": {"id": "api.a.get"}},
                "resources": {"b": {"methods": {"list": {"id": "api.a.b.list"}}}},
            },
            "c": {},
        }
    }

    assert [name for name, _ in methods(document)] == ["a.get", "a.b.list"]


def test_reachable_messages() -> None:
    """Messages may refer to themselves, or to one that the document does not have."""
    schemas = {
        "A": {"properties": {"b": {"type": "array", "items": {"$ref": "B"}}, "x": {"$ref": "Missing"}}},
        "B": {"properties": {"a": {"$ref": "A"}}},
        "C": {"properties": {"a": {"$ref": "A"}}},
    }

    assert reachable(schemas, [{"response": {"$ref": "A"}}]) == {"A", "B"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"type": "string"}, "string"),
        ({"location": "path"}, "string"),
        ({"type": "string", "format": "google-datetime"}, "timestamp"),
        ({"type": "integer", "format": "uint32"}, "integer uint32"),
        ({"$ref": "Model"}, "Model"),
        ({"type": "array", "items": {"type": "string", "enum": ["A"]}}, "list of enum"),
        ({"type": "string", "repeated": True}, "list of string"),
        ({"type": "object", "additionalProperties": {"$ref": "Model"}}, "map of Model"),
        ({"type": "object", "additionalProperties": {"type": "any"}}, "struct"),
        ({"type": "object"}, "struct"),
    ],
)
def test_types(value: dict[str, Any], text: str) -> None:
    """Each type has a text, also one that the schema has no name for."""
    assert type_text(value) == text


def test_enum_values() -> None:
    """The values of a list of enums are those of its items; other types have none."""
    assert enum_values({"type": "array", "items": {"type": "string", "enum": ["A", "B"]}}) == ["A", "B"]
    assert enum_values({"type": "string"}) == []


@pytest.mark.parametrize("value", [None, [], {}, {"error": {}}, {"resources": {}}, {"resources": [], "schemas": {}}])
def test_other_json_is_refused(value: Any) -> None:
    """Other JSON is no discovery document."""
    with pytest.raises(ValueError, match=r"^This is no discovery document: it has no resources and schemas\.$"):
        check_document(value)
