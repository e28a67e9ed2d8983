"""Names of resources, and names that could lead to another resource."""

from __future__ import annotations

import pytest

from tunedmodels import Client, TunedModel
from tunedmodels._resources import resource_names

# Names that could become another path, a query or a method.
DANGEROUS = ["", " ", ".", "..", "a/b", "a?b", "a#b", "a:b", "a b", "a\n", "a\u2028b"]


@pytest.mark.parametrize("model", ["counter", "tunedModels/counter", TunedModel(name="tunedModels/counter")], ids=repr)
def test_tuned_model(model: str | TunedModel) -> None:
    """A tuned model is its id, its name or a TunedModel."""
    assert resource_names.tuned_model(model) == "tunedModels/counter"


@pytest.mark.parametrize("name", ["gemini-1.0-pro-001", "models/gemini-1.0-pro-001"])
def test_base_model(name: str) -> None:
    """A base model is its id or its name."""
    assert resource_names.base_model(name) == "models/gemini-1.0-pro-001"


def test_operation() -> None:
    """An operation is its whole name."""
    assert resource_names.operation("tunedModels/m/operations/o") == "tunedModels/m/operations/o"


@pytest.mark.parametrize("name", ["everyone", "tunedModels/m/permissions/everyone"])
def test_permission(name: str) -> None:
    """A permission is its id or its name."""
    assert resource_names.permission("tunedModels/m", name) == "tunedModels/m/permissions/everyone"


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


def test_permission_that_would_be_its_model(client: Client) -> None:
    """A path of dots cannot turn the deletion of a permission into that of its model: nothing is sent."""
    with pytest.raises(ValueError, match="A permission's name"):
        client.tuned_models.permissions("m").delete("..")


def test_models_of_the_other_kind() -> None:
    """The error for a model of the other kind names the argument for it."""
    with pytest.raises(ValueError, match=r"^'models/m' is a base model, .* give it as base_model\.$"):
        resource_names.tuned_model("models/m")
    with pytest.raises(ValueError, match=r"^'tunedModels/m' is a tuned model, .* give it as source_model\.$"):
        resource_names.base_model("tunedModels/m")
