"""Tests the reading of discovery documents."""

from __future__ import annotations

from typing import Any

import pytest

from tunedmodels_contracts.schema.discovery import type_text


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
