"""What is seen of the API in answers, and how much of it that is."""

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
    """A method is known by its HTTP method and its path, in the versions without facts of their own too."""
    found = method_of(http, f"{BASE}/{path}")

    assert (found and found[1].id) == method


def test_members_and_values() -> None:
    """Members and values are seen through messages, lists and what may be of any type."""
    seen = ApiCoverage()
    metadata = {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.CreateTunedModelMetadata",
        "totalSteps": 1,
        "snapshots": [{"step": 1}],
    }
    model = {"@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.TunedModel", "state": "ACTIVE"}
    seen.note("GET", f"{MODEL}/operations/o", 200, json.dumps({"metadata": metadata, "response": model}))

    assert seen.outcomes == {("tunedModels.operations.get", "200 OK")}
    assert seen.members >= {"CreateTunedModelMetadata.totalSteps", "TuningSnapshot.step", "TunedModel.state"}
    assert seen.values == {"TunedModel.State ACTIVE"}
    assert not seen.unknown


def test_enums_by_number() -> None:
    """An enum's number is seen as its name, and a name that no fact has as unknown."""
    seen = ApiCoverage()
    for state in (2, 77, "ASLEEP"):
        seen.note("GET", MODEL, 200, json.dumps({"state": state}))

    assert seen.values == {"TunedModel.State ACTIVE"}
    assert seen.unknown == {"TunedModel.State 77", "TunedModel.State ASLEEP"}


@pytest.mark.parametrize(
    "body", ['{"error": {"code": 404, "status": "NOT_FOUND"}}', '[{"error": {"status": "NOT_FOUND"}}]']
)
def test_refusals(body: str) -> None:
    """A refusal is an outcome by its status and its name, in an array too."""
    seen = ApiCoverage()
    seen.note("POST", f"{MODEL}:streamGenerateContent", 404, body)

    assert seen.outcomes == {("tunedModels.streamGenerateContent", "404 NOT_FOUND")}
    assert seen.statuses == {"NOT_FOUND"}
    assert "Error.status" in seen.members


@pytest.mark.parametrize("body", ["", "no JSON", "[]", "7", "null", '{"error": 7}', '{"error": {"status": "MADE_UP"}}'])
@pytest.mark.parametrize("status", [200, 404])
def test_whatever_a_server_says(body: str, status: int) -> None:
    """No body is too odd to be seen, and no name of a server's own becomes one of ours."""
    seen = ApiCoverage()
    seen.note("GET", MODEL, status, body)

    assert seen.outcomes == {("tunedModels.get", "200 OK" if status == 200 else "404")}
    assert not seen.statuses


def test_bounded() -> None:
    """However many names a server makes up, a hundred of them are kept."""
    seen = ApiCoverage()
    for number in range(1000):
        seen.note("GET", MODEL, 200, json.dumps({f"member{number}": 1}))
        seen.note("GET", f"{BASE}/v1beta/{number}", 200, "{}")

    assert len(seen.unknown) == 100
    assert len(seen.outcomes) == 1
    assert seen.answers == 2000


@responses.activate
def test_watch() -> None:
    """Answers of a session are seen, and one that is read as it arrives is left to its reader."""
    responses.get(MODEL, json={"name": "tunedModels/m"})
    seen = ApiCoverage()
    with requests.Session() as session:
        seen.watch(session)
        session.get(MODEL)
        streamed = session.get(MODEL, stream=True)
        assert streamed.raw.read() == b'{"name": "tunedModels/m"}'

    assert (seen.answers, seen.members) == (2, {"TunedModel.name"})


def test_workers_are_merged() -> None:
    """What several workers have seen comes together, by JSON."""
    one, other = ApiCoverage(), ApiCoverage()
    one.note("GET", MODEL, 200, '{"name": "tunedModels/m"}')
    other.note("GET", MODEL, 404, '{"error": {"status": "NOT_FOUND"}}')
    one.merge(ApiCoverage.from_json(json.loads(json.dumps(other.as_json()))))

    assert one.outcomes == {("tunedModels.get", "200 OK"), ("tunedModels.get", "404 NOT_FOUND")}
    assert one.answers == 2


def test_coverage() -> None:
    """Shares are of what facts and clauses name; an outcome was seen where one of a clause's methods had it."""
    seen = ApiCoverage()
    seen.note("GET", MODEL, 200, '{"state": "ACTIVE"}')
    seen.note("DELETE", MODEL, 200, "{}")
    seen.note("GET", MODEL, 404, '{"error": {"status": "NOT_FOUND"}}')
    clauses = [
        Clause("delete/model-is-gone", ("tunedModels.delete", "tunedModels.get"), "404 NOT_FOUND"),
        Clause("list/negative-page-size", ("tunedModels.list",), "400 INVALID_ARGUMENT"),
        Clause("versions/unknown", ("tunedModels.list",), "404"),
    ]

    shares = {share.what: share for share in coverage(seen, clauses)}

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
    assert shares["error statuses"].whole == 16
