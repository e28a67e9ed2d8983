"""Tests that the discovery document has its form and is complete."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tunedmodels_mockserver.wire.discovery import document
from tunedmodels_mockserver.wire.surface import VERSIONS, Method, surface_of

ROOT = "http://localhost:9480/"
TM, OP, PM = "^tunedModels/[^/]+$", "^tunedModels/[^/]+/operations/[^/]+$", "^tunedModels/[^/]+/permissions/[^/]+$"

PATHS = {
    "tunedModels.create": ("v1beta/tunedModels", None),
    "tunedModels.get": ("v1beta/{+name}", TM),
    "tunedModels.patch": ("v1beta/{+name}", TM),
    "tunedModels.generateContent": ("v1beta/{+model}:generateContent", TM),
    "tunedModels.batchGenerateContent": ("v1beta/{+model}:batchGenerateContent", TM),
    "tunedModels.permissions.create": ("v1beta/{+parent}/permissions", TM),
    "tunedModels.permissions.patch": ("v1beta/{+name}", PM),
    "tunedModels.operations.get": ("v1beta/{+name}", OP),
    "tunedModels.operations.list": ("v1beta/{+name}/operations", TM),
}

QUERIES = {
    "tunedModels.create": {"tunedModelId"},
    "tunedModels.list": {"pageSize", "pageToken", "filter"},
    "tunedModels.get": set[str](),
    "tunedModels.patch": {"updateMask"},
    "tunedModels.generateContent": set[str](),
    "tunedModels.permissions.list": {"pageSize", "pageToken"},
    "tunedModels.permissions.patch": {"updateMask"},
    "tunedModels.operations.list": {"filter", "pageSize", "pageToken", "returnPartialSuccess"},
}


def method_of(node: dict[str, Any], method_id: str) -> dict[str, Any]:
    """Return the entry of *method_id* in a document or a part of it."""
    *collections, verb = method_id.split(".")
    for collection in collections:
        node = node["resources"][collection]
    entry: dict[str, Any] = node["methods"][verb]
    return entry


def objects(node: object) -> Iterator[dict[str, Any]]:
    """Yield every object in *node*, itself included."""
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from objects(child)
    elif isinstance(node, list):
        for child in node:
            yield from objects(child)


def documented(version: str) -> list[Method]:
    return [entry for entry in surface_of(version).methods() if entry.documented and entry.served]


@pytest.mark.parametrize("version", VERSIONS)
def test_head(version: str) -> None:
    """A document has its name and the address of the service."""
    page = document(surface_of(version), ROOT)

    assert {name: text for name, text in page.items() if isinstance(text, str) and name != "title"} == {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": f"generativelanguage:{version}",
        "name": "generativelanguage",
        "canonicalName": "Generative Language",
        "version": version,
        "protocol": "rest",
        "rootUrl": ROOT,
        "baseUrl": ROOT,
        "servicePath": "",
        "basePath": "",
        "batchPath": "batch",
    }
    assert json.loads(json.dumps(page)) == page


@pytest.mark.parametrize("version", VERSIONS)
def test_every_reference_resolves(version: str) -> None:
    """Each ``$ref`` names a schema, and each schema bears its own name."""
    page = document(surface_of(version), ROOT)
    references = {node["$ref"] for node in objects(page) if "$ref" in node}

    assert references <= set(page["schemas"])
    assert {name: schema["id"] for name, schema in page["schemas"].items()} == {name: name for name in page["schemas"]}


@pytest.mark.parametrize("version", VERSIONS)
def test_no_two_messages_share_a_schema(version: str) -> None:
    """Each message has a schema of its own, with all its members."""
    schemas = document(surface_of(version), ROOT)["schemas"]
    names = surface_of(version).names()

    assert len(schemas) == len({*names, "google.protobuf.Empty"})
    assert sum(len(schema["properties"]) for schema in schemas.values()) == sum(
        len(surface_of(version).message(name).fields) for name in names
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_every_documented_method(version: str) -> None:
    """Exactly the documented methods are under their collections, with HTTP method and messages."""
    page = document(surface_of(version), ROOT)
    ids = {node["id"] for node in objects(page["resources"]) if "httpMethod" in node}

    assert ids == {f"generativelanguage.{entry.id}" for entry in documented(version)}
    for entry in documented(version):
        entry_of_page = method_of(page, entry.id)
        assert entry_of_page["httpMethod"] == entry.http
        assert ("request" in entry_of_page) == (entry.body is not None)
        assert set(entry_of_page["parameterOrder"]) == {
            name for name, parameter in entry_of_page["parameters"].items() if parameter["location"] == "path"
        }
        assert re.findall(r"\{\+(\w+)\}", entry_of_page["path"]) == entry_of_page["parameterOrder"]


@pytest.mark.parametrize("method_id", PATHS)
def test_paths(method_id: str) -> None:
    """Paths and the patterns of their parameters are those of Google's own document."""
    entry = method_of(document(surface_of("v1beta"), ROOT), method_id)
    patterns = [entry["parameters"][name]["pattern"] for name in entry["parameterOrder"]]

    path, pattern = PATHS[method_id]
    assert entry["path"] == path
    assert patterns == ([pattern] if pattern else [])


def test_paths_of_v1() -> None:
    """The top-level operations, which v1 alone has: a fixed name, and a name of any length."""
    page = document(surface_of("v1"), ROOT)
    patterns = {
        verb: method_of(page, f"operations.{verb}")["parameters"]["name"]["pattern"] for verb in ("list", "delete")
    }

    assert patterns == {"list": "^operations$", "delete": "^operations/.*$"}
    assert "TunedModel" not in page["schemas"]


@pytest.mark.parametrize("method_id", QUERIES)
def test_query_parameters(method_id: str) -> None:
    """The members of the request that neither path nor body sets can be in the query."""
    parameters = method_of(document(surface_of("v1beta"), ROOT), method_id)["parameters"]

    assert {name for name, row in parameters.items() if row["location"] == "query"} == QUERIES[method_id]


def test_v1beta3_lists_without_filter() -> None:
    """A version's document shows its own members."""
    parameters = method_of(document(surface_of("v1beta3"), ROOT), "tunedModels.list")["parameters"]

    assert set(parameters) == {"pageSize", "pageToken"}


def test_messages() -> None:
    """Bodies are named: a member of the request, or the whole request."""
    page = document(surface_of("v1beta"), ROOT)

    assert method_of(page, "tunedModels.create")["request"] == {"$ref": "TunedModel"}
    assert method_of(page, "tunedModels.create")["response"] == {"$ref": "Operation"}
    assert method_of(page, "tunedModels.delete")["response"] == {"$ref": "Empty"}
    assert method_of(page, "tunedModels.transferOwnership")["request"] == {"$ref": "TransferOwnershipRequest"}


def test_types() -> None:
    """Members have the types of Google's documents."""
    schemas = document(surface_of("v1beta"), ROOT)["schemas"]
    model, task = schemas["TunedModel"]["properties"], schemas["TuningTask"]["properties"]

    assert model["name"] == {"type": "string", "readOnly": True}
    assert model["topK"] == {"type": "integer", "format": "int32"}
    assert model["temperature"] == {"type": "number", "format": "float"}
    assert model["createTime"] == {"type": "string", "format": "google-datetime", "readOnly": True}
    assert model["readerProjectNumbers"] == {"type": "array", "items": {"type": "string", "format": "int64"}}
    assert model["state"]["enum"] == ["STATE_UNSPECIFIED", "CREATING", "ACTIVE", "FAILED"]
    assert task["snapshots"] == {"type": "array", "items": {"$ref": "TuningSnapshot"}, "readOnly": True}
    assert schemas["Schema"]["properties"]["properties"] == {
        "type": "object",
        "additionalProperties": {"$ref": "Schema"},
    }


def test_system_parameters() -> None:
    """Every method takes them, from the query."""
    parameters = document(surface_of("v1beta"), ROOT)["parameters"]

    assert {"$.xgafv", "alt", "fields", "key", "access_token", "prettyPrint", "quotaUser"} <= set(parameters)
    assert {row["location"] for row in parameters.values()} == {"query"}
