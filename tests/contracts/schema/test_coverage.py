"""Tests the coverage of the API by answers."""

from __future__ import annotations

import json

import pytest
import requests
import responses

from tunedmodels_contracts.clauses.clause import Clause
from tunedmodels_contracts.schema.coverage import Share, coverage
from tunedmodels_contracts.schema.methods import method_of
from tunedmodels_contracts.schema.observed import ApiCoverage

BASE = "http://localhost:9000"
MODEL = f"{BASE}/v1beta/tunedModels/m"


@pytest.mark.parametrize(
    ("http", "path", "method"),
    [
        ("GET", "v1beta/tunedModels", "tunedModels.list"),
        ("POST", "v1beta3/tunedModels?tunedModelId=m", "tunedModels.create"),
        ("GET", "v1alpha/tunedModels/m", "tunedModels.get"),
        ("patch", "v1beta/tunedModels/m?updateMask=description", "tunedModels.patch"),
        ("POST", "v1/tunedModels/m:generateContent", "tunedModels.generateContent"),
        ("POST", "v1beta/tunedModels/m%3AgenerateContent", "tunedModels.generateContent"),
        ("POST", "v1/tunedModels/m/operations/o:cancel", "tunedModels.operations.cancel"),
        ("GET", "v1/tunedModels/m/operations/o", "tunedModels.operations.get"),
        ("DELETE", "v1/operations/o", "operations.delete"),
        ("GET", "v1/operations", "operations.list"),
        ("GET", "v1beta/tunedModels/m/permissions/1", "tunedModels.permissions.get"),
        ("GET", "v1beta/models/gemini-1.0-pro-001", "models.get"),
        ("GET", "v1/tunedModels/m", None),
        ("PUT", "v1beta/tunedModels/m", None),
        ("GET", "v1beta/tunedModels/m/n", None),
        ("GET", "v9/tunedModels", None),
        ("GET", "", None),
    ],
)
def test_method_of(http: str, path: str, method: str | None) -> None:
    """A method has an HTTP method and a path, also in the versions without a schema of their own."""
    called = method_of(http, f"{BASE}/{path}")

    assert (called and called[1].id) == method


def test_members_and_values_are_recorded() -> None:
    """Members and values inside of messages, lists and Any values are recorded."""
    api_coverage = ApiCoverage()
    metadata = {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.CreateTunedModelMetadata",
        "totalSteps": 1,
        "snapshots": [{"step": 1}],
    }
    model = {"@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.TunedModel", "state": "ACTIVE"}
    api_coverage.record("GET", f"{MODEL}/operations/o", 200, json.dumps({"metadata": metadata, "response": model}))

    assert api_coverage.outcomes == {("tunedModels.operations.get", "200 OK")}
    assert api_coverage.members >= {"CreateTunedModelMetadata.totalSteps", "TuningSnapshot.step", "TunedModel.state"}
    assert api_coverage.values == {"TunedModel.State ACTIVE"}
    assert not api_coverage.unknown


def test_enum_numbers_are_recorded_by_name() -> None:
    """The number of an enum value counts as its name. A name that the schema does not have is unknown."""
    api_coverage = ApiCoverage()
    for state in (2, 77, "ASLEEP"):
        api_coverage.record("GET", MODEL, 200, json.dumps({"state": state}))

    assert api_coverage.values == {"TunedModel.State ACTIVE"}
    assert api_coverage.unknown == {"TunedModel.State 77", "TunedModel.State ASLEEP"}


@pytest.mark.parametrize(
    "body", ['{"error": {"code": 404, "status": "NOT_FOUND"}}', '[{"error": {"status": "NOT_FOUND"}}]']
)
def test_error_is_an_outcome(body: str) -> None:
    """An error is an outcome with its status and its name, also inside an array."""
    api_coverage = ApiCoverage()
    api_coverage.record("POST", f"{MODEL}:streamGenerateContent", 404, body)

    assert api_coverage.outcomes == {("tunedModels.streamGenerateContent", "404 NOT_FOUND")}
    assert api_coverage.statuses == {"NOT_FOUND"}
    assert "Error.status" in api_coverage.members


@pytest.mark.parametrize("body", ["", "no JSON", "[]", "7", "null", '{"error": 7}', '{"error": {"status": "MADE_UP"}}'])
@pytest.mark.parametrize("status", [200, 404])
def test_unexpected_bodies_are_accepted(body: str, status: int) -> None:
    """No body is an error, and an unknown status name is not recorded."""
    api_coverage = ApiCoverage()
    api_coverage.record("GET", MODEL, status, body)

    assert api_coverage.outcomes == {("tunedModels.get", "200 OK" if status == 200 else "404")}
    assert not api_coverage.statuses


def test_unknown_names_are_limited() -> None:
    """At most a hundred unknown names are kept."""
    api_coverage = ApiCoverage()
    for number in range(1000):
        api_coverage.record("GET", MODEL, 200, json.dumps({f"member{number}": 1}))
        api_coverage.record("GET", f"{BASE}/v1beta/{number}", 200, "{}")

    assert len(api_coverage.unknown) == 100
    assert len(api_coverage.outcomes) == 1
    assert api_coverage.answers == 2000


@responses.activate
def test_session_is_watched() -> None:
    """The answers of a session are recorded. The body of a streamed one is left to its reader."""
    responses.get(MODEL, json={"name": "tunedModels/m"})
    api_coverage = ApiCoverage()
    with requests.Session() as session:
        api_coverage.watch(session)
        session.get(MODEL)
        streamed = session.get(MODEL, stream=True)
        assert streamed.raw.read() == b'{"name": "tunedModels/m"}'

    assert (api_coverage.answers, api_coverage.members) == (2, {"TunedModel.name"})


def test_merge() -> None:
    """The coverage of a worker is merged from JSON."""
    one, other = ApiCoverage(), ApiCoverage()
    one.record("GET", MODEL, 200, '{"name": "tunedModels/m"}')
    other.record("GET", MODEL, 404, '{"error": {"status": "NOT_FOUND"}}')
    one.merge(ApiCoverage.from_json(json.loads(json.dumps(other.as_json()))))

    assert one.outcomes == {("tunedModels.get", "200 OK"), ("tunedModels.get", "404 NOT_FOUND")}
    assert one.answers == 2


def test_shares() -> None:
    """The totals come from the schema and the clauses. An outcome is covered if one method of its clause had it."""
    api_coverage = ApiCoverage()
    api_coverage.record("GET", MODEL, 200, '{"state": "ACTIVE"}')
    api_coverage.record("DELETE", MODEL, 200, "{}")
    api_coverage.record("GET", MODEL, 404, '{"error": {"status": "NOT_FOUND"}}')
    clauses = [
        Clause("delete/model-is-gone", ("tunedModels.delete", "tunedModels.get"), "404 NOT_FOUND"),
        Clause("list/negative-page-size", ("tunedModels.list",), "400 INVALID_ARGUMENT"),
        Clause("versions/unknown", ("tunedModels.list",), "404"),
        Clause("get/any", ("tunedModels.get",), "403 PERMISSION_DENIED or 404 NOT_FOUND"),
        Clause("delete/any", ("tunedModels.delete",), "4xx"),
    ]

    shares = {share.what: share for share in coverage(api_coverage, clauses)}

    assert shares["outcomes"] == Share(
        "outcomes",
        ("tunedModels.delete 200 OK", "tunedModels.get 200 OK", "tunedModels.get 404 NOT_FOUND"),
        ("tunedModels.list 400 INVALID_ARGUMENT",),
    )
    assert shares["methods"].seen == ("tunedModels.delete", "tunedModels.get")
    assert "tunedModels.transferOwnership" in shares["methods"].missing
    assert "TunedModel.State FAILED" in shares["enum values"].missing
    assert "TunedModel.State STATE_UNSPECIFIED" not in shares["enum values"].missing
    assert "TuningTask.trainingData" not in shares["members"].missing
    assert shares["error statuses"].total == 16
