"""Names of resources, and names that could lead to another resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tunedmodels import TunedModel
from tunedmodels._resources import resource_names

# Names that could become another path, a query or a method.
DANGEROUS = ["", " ", ".", "..", "a/b", "a?b", "a#b", "a:b", "a b", "a\n", "a\u2028b"]


def permission_of_m(name: str) -> str:
    return resource_names.permission("tunedModels/m", name)


@pytest.mark.parametrize(
    ("function", "value", "name"),
    [
        (resource_names.tuned_model, "x", "tunedModels/x"),
        (resource_names.tuned_model, "tunedModels/x", "tunedModels/x"),
        (resource_names.tuned_model, TunedModel(name="tunedModels/x"), "tunedModels/x"),
        (resource_names.base_model, "x", "models/x"),
        (resource_names.base_model, "models/x", "models/x"),
        (resource_names.operation, "tunedModels/m/operations/x", "tunedModels/m/operations/x"),
        (permission_of_m, "x", "tunedModels/m/permissions/x"),
        (permission_of_m, "tunedModels/m/permissions/x", "tunedModels/m/permissions/x"),
    ],
)
def test_id_or_name(function: Callable[[Any], str], value: str | TunedModel, name: str) -> None:
    """The client accepts a resource's name or its id alone; an operation has only a name."""
    assert function(value) == name


@pytest.mark.parametrize("name", ["...", "a.b", ".a", "..a", "ä", "%2e%2e", "a\\b"])
def test_odd_names_that_lead_nowhere_else(name: str) -> None:
    """The client accepts odd names that remain one segment of a path; the service may refuse them."""
    assert resource_names.tuned_model(name) == f"tunedModels/{name}"


@pytest.mark.parametrize("name", [*DANGEROUS, "tunedModels/m/", "tunedModels/m/operations/o", "/m"])
def test_no_tuned_model(name: str) -> None:
    """The client refuses a name that could lead to another resource; the message has the name and the form."""
    with pytest.raises(ValueError, match=r"has the form tunedModels/\{id\}; .* does not\.$") as caught:
        resource_names.tuned_model(name)

    assert repr(name if "/" in name else f"tunedModels/{name}") in str(caught.value)


@pytest.mark.parametrize("name", ["..", "a?b", "models/"])
def test_no_base_model(name: str) -> None:
    """The same holds for base models."""
    with pytest.raises(ValueError, match=r"has the form models/\{id\}"):
        resource_names.base_model(name)


@pytest.mark.parametrize(
    "name",
    [
        "o",
        "operations/o",
        "tunedModels/m",
        "tunedModels/m/operations/",
        "tunedModels/../operations/o",
        "tunedModels/m/operations/..",
        "tunedModels/m/operations/o:cancel",
    ],
)
def test_no_operation(name: str) -> None:
    """The same holds for operations, whose name cannot be only an id."""
    with pytest.raises(ValueError, match=r"has the form tunedModels/\{id\}/operations/\{id\}"):
        resource_names.operation(name)


@pytest.mark.parametrize(
    "name", ["..", "a?b", "permissions/p", "tunedModels/other/permissions/p", "tunedModels/mx1/permissions/p"]
)
def test_no_permission(name: str) -> None:
    """The same holds for permissions; one of another model is refused too."""
    with pytest.raises(ValueError, match=r"has the form tunedModels/m\.1/permissions/\{id\}"):
        resource_names.permission("tunedModels/m.1", name)


def test_models_of_the_other_kind() -> None:
    """The error for a model of the other kind names the argument for it."""
    with pytest.raises(ValueError, match=r"^'models/m' is a base model, .* give it as base_model\.$"):
        resource_names.tuned_model("models/m")
    with pytest.raises(ValueError, match=r"^'tunedModels/m' is a tuned model, .* give it as source_model\.$"):
        resource_names.base_model("tunedModels/m")
