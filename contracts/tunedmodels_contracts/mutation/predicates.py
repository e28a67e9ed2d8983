"""Recognizes the objects in an answer by their members. The mutants use these functions."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def is_operation(value: Json) -> bool:
    """Whether *value* is a tuning operation."""
    return isinstance(value.get("metadata"), dict) and "name" in value


def is_progress(value: Json) -> bool:
    """Whether *value* is the metadata of a tuning operation."""
    return "totalSteps" in value


def is_model(value: Json) -> bool:
    """Whether *value* is a tuned model."""
    return isinstance(value.get("tuningTask"), dict) and "name" in value


def is_base_model(value: Json) -> bool:
    """Whether *value* is a base model."""
    return "supportedGenerationMethods" in value


def is_snapshot(value: Json) -> bool:
    """Whether *value* is a snapshot of a step."""
    return "meanLoss" in value


def is_permission(value: Json) -> bool:
    """Whether *value* is a permission."""
    return "role" in value and "granteeType" in value


def is_candidate(value: Json) -> bool:
    """Whether *value* is a candidate of a model's answer."""
    return "safetyRatings" in value or "finishReason" in value


def entries_member(value: Json) -> str:
    """Return the member that contains the entries if *value* is a page of a list; otherwise an empty text."""
    names = ("tunedModels", "models", "permissions", "operations")
    return next((name for name in names if isinstance(value.get(name), list)), "")


def replace_members(value: Json, **members: Any) -> None:
    """Replace all members of *value* by *members*."""
    value.clear()
    value.update(members)
