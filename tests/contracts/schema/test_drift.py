"""Tests the differences between a discovery document and the schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels_contracts.schema.drift import Difference, Drift, Kind, drift
from tunedmodels_contracts.schema.surface import VERSIONS, surface, surface_from_json

from ..discovery_document import Json, document


@pytest.mark.parametrize("version", VERSIONS)
def test_no_drift(version: str) -> None:
    """A document with the content of the schema differs only in its revision."""
    assert drift(document(version)) == Drift(version, "20270101", surface(version).revision, (), ())


def test_drift_from_another_schema() -> None:
    """A document can be compared with a schema that is not in the package."""
    packaged = json.loads(files("tunedmodels_contracts.schema").joinpath("v1beta.json").read_text(encoding="utf-8"))
    del packaged["messages"]["TuningSnapshot"]["members"]["meanLoss"]

    assert drift(document(), surface_from_json(packaged)).differences == (
        Difference("new-field", "TuningSnapshot.meanLoss", "", "float"),
    )


Mutation = Callable[[Json], object]


def tuned_model_methods(value: Json) -> Json:
    methods: Json = value["resources"]["tunedModels"]["methods"]
    return methods


def properties(value: Json, message: str) -> Json:
    members: Json = value["schemas"][message]["properties"]
    return members


def new_reference(value: Json) -> None:
    properties(value, "TunedModel")["adapter"] = {"$ref": "Adapter"}
    value["schemas"]["Adapter"] = {"properties": {"inner": {"type": "array", "items": {"$ref": "Inner"}}}}
    value["schemas"]["Inner"] = {"properties": {"self": {"$ref": "Inner"}}}
    value["schemas"]["Stranger"] = {}


MUTATIONS: list[tuple[Mutation, list[Difference]]] = [
    (
        lambda value: tuned_model_methods(value).update(pause={"id": "generativelanguage.tunedModels.pause"}),
        [Difference("new-method", "tunedModels.pause")],
    ),
    (
        lambda value: value["resources"]["models"]["methods"].update(x={"id": "generativelanguage.models.x"}),
        [Difference("new-method", "models.x")],
    ),
    (
        lambda value: tuned_model_methods(value).pop("generateText"),
        [Difference("gone-method", "tunedModels.generateText")],
    ),
    (
        lambda value: value["resources"]["models"]["methods"].pop("embedText"),
        [Difference("gone-method", "models.embedText")],
    ),
    (
        lambda value: tuned_model_methods(value)["patch"].update(httpMethod="PUT", path="v1beta/{+resource}"),
        [
            Difference("changed-method", "tunedModels.patch http", "PATCH", "PUT"),
            Difference("changed-method", "tunedModels.patch path", "v1beta/{+name}", "v1beta/{+resource}"),
        ],
    ),
    (
        lambda value: tuned_model_methods(value)["patch"]["parameters"].pop("updateMask"),
        [Difference("changed-method", "tunedModels.patch parameter updateMask", "query fieldmask", "")],
    ),
    (
        lambda value: tuned_model_methods(value)["list"]["parameters"].update(
            showDeleted={"location": "query", "type": "boolean"}
        ),
        [Difference("changed-method", "tunedModels.list parameter showDeleted", "", "query bool")],
    ),
    (
        lambda value: tuned_model_methods(value)["get"]["parameters"]["name"].update(pattern="^x$"),
        [
            Difference(
                "changed-method", "tunedModels.get parameter name", "path string ^tunedModels/[^/]+$", "path string ^x$"
            )
        ],
    ),
    (
        lambda value: tuned_model_methods(value)["create"].update(response={"$ref": "TunedModel"}),
        [Difference("changed-method", "tunedModels.create response", "Operation", "TunedModel")],
    ),
    (
        new_reference,
        [
            Difference("new-message", "Adapter"),
            Difference("new-message", "Inner"),
            Difference("new-field", "TunedModel.adapter", "", "Adapter"),
        ],
    ),
    (lambda value: value["schemas"].pop("Permission"), [Difference("gone-message", "Permission")]),
    (
        lambda value: properties(value, "TuningSnapshot").update(perplexity={"type": "number", "format": "float"}),
        [Difference("new-field", "TuningSnapshot.perplexity", "", "float")],
    ),
    (
        lambda value: properties(value, "TuningSnapshot").pop("meanLoss"),
        [Difference("gone-field", "TuningSnapshot.meanLoss", "float", "")],
    ),
    (
        lambda value: properties(value, "TuningSnapshot")["meanLoss"].update(format="double"),
        [Difference("changed-field", "TuningSnapshot.meanLoss", "float", "double")],
    ),
    (
        lambda value: properties(value, "TuningTask")["snapshots"].update(items={"$ref": "Dataset"}),
        [Difference("changed-field", "TuningTask.snapshots", "list of TuningSnapshot", "list of Dataset")],
    ),
    (
        lambda value: properties(value, "TunedModel")["state"].update(enum=["STATE_UNSPECIFIED", "CREATING", "DONE"]),
        [
            Difference("new-enum-value", "TunedModel.state", "", "DONE"),
            Difference("gone-enum-value", "TunedModel.state", "ACTIVE", ""),
            Difference("gone-enum-value", "TunedModel.state", "FAILED", ""),
        ],
    ),
    (
        lambda value: properties(value, "GenerationConfig")["responseModalities"]["items"]["enum"].append("SMELL"),
        [Difference("new-enum-value", "GenerationConfig.responseModalities", "", "SMELL")],
    ),
    # The document of our schema refers to this message without having it.
    (
        lambda value: value["schemas"].update(MediaResolution={"properties": {}}),
        [Difference("new-message", "MediaResolution")],
    ),
    # A message with the name of one that only the front end sends.
    (lambda value: value["schemas"].update(Error={"properties": {"x": {"type": "string"}}}), []),
    (lambda value: properties(value, "TunedModel")["name"].update(description="other", readOnly=True), []),
]


@pytest.mark.parametrize(("mutation", "expected"), MUTATIONS)
def test_change_is_a_difference(mutation: Mutation, expected: list[Difference]) -> None:
    """Each change of the document has its differences. Another description has none."""
    value = document()
    mutation(value)

    assert list(drift(value).differences) == expected


def test_every_kind_has_a_mutation() -> None:
    """Each kind of difference has a test."""
    assert {difference.kind for _, differences in MUTATIONS for difference in differences} == {*get_args(Kind)}


def test_new_collection_is_only_named() -> None:
    """The methods of a collection that the schema does not cover are no differences."""
    value = document()
    value["resources"]["robots"] = {"methods": {"get": {"id": "generativelanguage.robots.get"}}}
    result = drift(value)

    assert (result.differences, result.new_collections) == ((), ("robots",))


def test_text_of_a_difference() -> None:
    """The text of a difference is one line."""
    assert str(Difference("new-method", "tunedModels.pause")) == "new-method: tunedModels.pause"
    assert str(Difference("gone-field", "A.b", "float")) == "gone-field: A.b: float is now nothing"


@pytest.mark.parametrize("value", [{}, {"error": {"code": 404}}, {"resources": [], "schemas": {}}])
def test_other_json_is_refused(value: Json) -> None:
    """An error answer is JSON, too, and no document."""
    with pytest.raises(ValueError, match=r"^This is no discovery document"):
        drift(value)


def test_document_of_another_version_is_refused() -> None:
    """There is no schema of v2."""
    with pytest.raises(ValueError, match=r"There is no schema of 'v2', only of v1 and v1beta\."):
        drift({**document(), "version": "v2"})


MEMBERS = [
    (message.name, member)
    for message in surface("v1beta").messages.values()
    if message.source == "discovery"
    for member in message.members
]


@settings(max_examples=20)  # each example compares two whole documents
@given(st.lists(st.sampled_from(MEMBERS), unique=True, max_size=8), st.data())
def test_each_change_of_a_field_is_a_difference(members: list[tuple[str, str]], data: st.DataObject) -> None:
    """Removed, changed and new fields are differences, and there are no others."""
    value = document()
    expected: set[tuple[str, str]] = set()
    for message, member in members:
        kind = data.draw(st.sampled_from(["gone-field", "changed-field", "new-field"]))
        fields = properties(value, message)
        if kind == "gone-field":
            del fields[member]
        elif kind == "changed-field":
            fields[member] = {"type": "boolean", "format": "other"}
        else:
            member = f"{member}Too"
            fields[member] = {"type": "string"}
        expected.add((kind, f"{message}.{member}"))

    assert {(difference.kind, difference.place) for difference in drift(value).differences} == expected
