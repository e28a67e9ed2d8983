"""Tests the comparison of a discovery document with the schema."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_contracts.schema.drift import Difference, Drift, Kind, drift
from tunedmodels_contracts.schema.surface import VERSIONS, Surface, Type, surface

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
    """Return a type in the form of a discovery document."""
    if type_.kind == "list" and type_.item_type is not None:
        return {"type": "array", "items": form(schema, type_.item_type)}
    if type_.kind == "map" and type_.item_type is not None:
        return {"type": "object", "additionalProperties": form(schema, type_.item_type)}
    if type_.kind == "enum":
        values = [*schema.enums[type_.name]]
        return {"type": "string", "enum": values, "enumDescriptions": [""] * len(values)}
    return {"$ref": type_.name} if type_.kind == "message" else copy.deepcopy(FORMS[type_.kind])


def document(version: str = "v1beta") -> Json:
    """Return a document with the contents of the schema and nothing else."""
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
        method_json: Json = {"id": f"generativelanguage.{id_}"}
        if id_ in schema.methods:
            method = schema.methods[id_]
            method_json |= {"httpMethod": method.http, "path": method.path, "response": {"$ref": method.response}}
            method_json |= {"request": {"$ref": method.request}} if method.request else {}
            method_json["parameters"] = {
                name: {
                    "location": parameter.place,
                    **form(schema, parameter.type),
                    **({"pattern": parameter.pattern} if parameter.pattern else {}),
                }
                for name, parameter in method.parameters.items()
            }
        resource.setdefault("methods", {})[verb] = method_json
    return result


@pytest.mark.parametrize("version", VERSIONS)
def test_equal_document_has_no_drift(version: str) -> None:
    """A document with the contents of the schema differs only in its revision."""
    assert drift(document(version)) == Drift(version, "20270101", surface(version).revision, (), ())


Mutation = Callable[[Json], object]


def tuned(value: Json) -> Json:
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
        lambda value: tuned(value).update(pause={"id": "generativelanguage.tunedModels.pause"}),
        [Difference("new-method", "tunedModels.pause")],
    ),
    (
        lambda value: value["resources"]["models"]["methods"].update(x={"id": "generativelanguage.models.x"}),
        [Difference("new-method", "models.x")],
    ),
    (lambda value: tuned(value).pop("generateText"), [Difference("gone-method", "tunedModels.generateText")]),
    (
        lambda value: value["resources"]["models"]["methods"].pop("embedText"),
        [Difference("gone-method", "models.embedText")],
    ),
    (
        lambda value: tuned(value)["patch"].update(httpMethod="PUT", path="v1beta/{+resource}"),
        [
            Difference("changed-method", "tunedModels.patch http", "PATCH", "PUT"),
            Difference("changed-method", "tunedModels.patch path", "v1beta/{+name}", "v1beta/{+resource}"),
        ],
    ),
    (
        lambda value: tuned(value)["patch"]["parameters"].pop("updateMask"),
        [Difference("changed-method", "tunedModels.patch parameter updateMask", "query fieldmask", "")],
    ),
    (
        lambda value: tuned(value)["list"]["parameters"].update(showDeleted={"location": "query", "type": "boolean"}),
        [Difference("changed-method", "tunedModels.list parameter showDeleted", "", "query bool")],
    ),
    (
        lambda value: tuned(value)["get"]["parameters"]["name"].update(pattern="^x$"),
        [
            Difference(
                "changed-method", "tunedModels.get parameter name", "path string ^tunedModels/[^/]+$", "path string ^x$"
            )
        ],
    ),
    (
        lambda value: tuned(value)["create"].update(response={"$ref": "TunedModel"}),
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
    # The document of the schema refers to this message without having it.
    (
        lambda value: value["schemas"].update(MediaResolution={"properties": {}}),
        [Difference("new-message", "MediaResolution")],
    ),
    # A message with the name of one that is only known from the front end.
    (lambda value: value["schemas"].update(Error={"properties": {"x": {"type": "string"}}}), []),
    (lambda value: properties(value, "TunedModel")["name"].update(description="other", readOnly=True), []),
]


@pytest.mark.parametrize(("mutation", "expected"), MUTATIONS)
def test_changes_are_found(mutation: Mutation, expected: list[Difference]) -> None:
    """Each change of the document is a difference, except one of a description."""
    value = document()
    mutation(value)

    assert list(drift(value).differences) == expected


def test_every_kind_has_a_mutation() -> None:
    """Each kind of difference has a test."""
    assert {difference.kind for _, expected in MUTATIONS for difference in expected} == {*get_args(Kind)}


def test_new_collections_are_named() -> None:
    """A new top-level collection is named, and its contents are not compared."""
    value = document()
    value["resources"]["robots"] = {"methods": {"get": {"id": "generativelanguage.robots.get"}}}
    result = drift(value)

    assert (result.differences, result.new_collections) == ((), ("robots",))


def test_difference_is_one_line() -> None:
    """The text of a difference has its kind, its place and its values."""
    assert str(Difference("new-method", "tunedModels.pause")) == "new-method: tunedModels.pause"
    assert str(Difference("gone-field", "A.b", "float")) == "gone-field: A.b: float is now nothing"


@pytest.mark.parametrize("value", [{}, {"error": {"code": 404}}, {"resources": [], "schemas": {}}])
def test_other_document_is_refused(value: Json) -> None:
    """A JSON document of another kind is refused."""
    with pytest.raises(ValueError, match=r"^This is not a discovery document"):
        drift(value)


def test_document_of_an_unknown_version_is_refused() -> None:
    """There is no schema of v2."""
    with pytest.raises(ValueError, match=r"^There is no schema of 'v2'"):
        drift({**document(), "version": "v2"})


MEMBERS = [
    (message.name, member)
    for message in surface("v1beta").messages.values()
    if message.source == "discovery"
    for member in message.members
]


@given(st.lists(st.sampled_from(MEMBERS), unique=True, max_size=8), st.data())
def test_every_change_of_a_field_is_found(members: list[tuple[str, str]], data: st.DataObject) -> None:
    """Removed, changed and new fields are the differences, and there are no others."""
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
