"""These clauses check which paths each version has, and the answer to a path that a version does not have."""

from __future__ import annotations

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, clause
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import ObservedRun

NONE = "404"
MODEL = "tunedModels/contracts-none"


@clause(
    "versions/v1-does-not-manage-tuned-models",
    "tunedModels.create",
    "tunedModels.list",
    "tunedModels.get",
    "tunedModels.patch",
    "tunedModels.delete",
    "tunedModels.transferOwnership",
    "tunedModels.permissions.create",
    "tunedModels.permissions.list",
    "tunedModels.permissions.get",
    "tunedModels.permissions.patch",
    "tunedModels.permissions.delete",
    outcome=NONE,
    cost=Cost.FREE,
)
@pytest.mark.parametrize(
    ("http", "path"),
    [
        ("POST", "tunedModels?tunedModelId=contracts-none"),
        ("GET", "tunedModels"),
        ("GET", MODEL),
        ("PATCH", f"{MODEL}?updateMask=description"),
        ("DELETE", MODEL),
        ("POST", f"{MODEL}:transferOwnership"),
        ("POST", f"{MODEL}/permissions"),
        ("GET", f"{MODEL}/permissions"),
        ("GET", f"{MODEL}/permissions/1"),
        ("PATCH", f"{MODEL}/permissions/1?updateMask=role"),
        ("DELETE", f"{MODEL}/permissions/1"),
    ],
)
def test_v1_does_not_manage_tuned_models(api: Api, http: str, path: str) -> None:
    """Version v1 has no methods that manage tuned models: it answers 404 without an envelope. Documented; the form was
    observed.
    """
    api.ask(http, f"v1/{path}", json={} if http in ("POST", "PATCH") else None).no_route()


@clause(
    "versions/only-v1-cancels",
    "tunedModels.operations.cancel",
    outcome=NONE,
    level=Level.RECOMMENDED,
    cost=Cost.TUNING,
)
@pytest.mark.parametrize("version", ["v1beta", "v1alpha", "v1beta3"])
def test_only_v1_cancels(api: Api, finished_run: ObservedRun, version: str) -> None:
    """Only version v1 can cancel the operation of a tuned model. Documented, the answer is inferred."""
    api.post(f"{version}/{finished_run.operation_name}:cancel", {}).no_route()


@clause(
    "versions/only-v1-has-operations-of-no-model", "operations.list", "operations.delete", outcome=NONE, cost=Cost.FREE
)
@pytest.mark.parametrize("http", ["GET", "DELETE"])
def test_only_v1_has_operations_of_no_model(api: Api, http: str) -> None:
    """Only version v1 has operations that belong to no model. Documented."""
    api.ask(http, "v1beta/operations" if http == "GET" else "v1beta/operations/abcdefghijkl").no_route()


@clause("versions/unknown-methods", "tunedModels.get", outcome=NONE, cost=Cost.TUNING)
@pytest.mark.parametrize("version", ["v1", "v1beta"])
@pytest.mark.parametrize("verb", ["countTokens", "wait", "embedContent"])
def test_unknown_methods(api: Api, finished_run: ObservedRun, version: str, verb: str) -> None:
    """No version counts or embeds content by a tuned model, or waits for an operation. Documented; google-genai asks
    anyway.
    """
    name = finished_run.operation_name if verb == "wait" else finished_run.name

    api.post(f"{version}/{name}:{verb}", {}).no_route()


@clause("versions/unknown", "tunedModels.list", outcome=NONE, level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize("version", ["v9", "v1beta9", "beta"])
def test_unknown(api: Api, version: str) -> None:
    """A version that does not exist has no methods. Inferred from unknown methods."""
    api.get(f"{version}/tunedModels").no_route()


@clause("versions/unknown-paths", "tunedModels.get", outcome=NONE, level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize(
    ("http", "path"),
    [
        ("PUT", MODEL),
        ("POST", MODEL),
        ("DELETE", "tunedModels"),
        ("PATCH", "tunedModels"),
        ("GET", f"{MODEL}/snapshots"),
        ("GET", f"{MODEL}/permissions/1/more"),
        ("GET", "tunedmodels"),
    ],
)
def test_unknown_paths(api: Api, http: str, path: str) -> None:
    """A path or an HTTP method that does not exist gives 404, never 405. Inferred from unknown methods."""
    api.ask(http, f"v1beta/{path}", json=None if http == "GET" else {}).no_route()


@clause(
    "versions/all-versions-show-the-model",
    "tunedModels.get",
    "tunedModels.list",
    level=Level.RECOMMENDED,
    cost=Cost.TUNING,
)
@pytest.mark.parametrize("version", ["v1alpha", "v1beta3"])
def test_all_versions_show_the_model(api: Api, finished_run: ObservedRun, version: str) -> None:
    """The other versions show a model that one version created. That they have these methods is documented."""
    assert api.get(f"{version}/{finished_run.name}").ok()["name"] == finished_run.name
    assert finished_run.name in [model["name"] for model in api.list_all(f"{version}/tunedModels", {"pageSize": 1000})]


@clause(
    "versions/v1beta3-has-no-reader-projects",
    "tunedModels.create",
    outcome="400 INVALID_ARGUMENT",
    level=Level.OPTIONAL,
    cost=Cost.FREE,
)
def test_v1beta3_has_no_reader_projects(api: Api) -> None:
    """Version v1beta3 refuses readerProjectNumbers as an unknown name. Documented for that version alone."""
    answer = api.post("v1beta3/tunedModels", {"readerProjectNumbers": ["1"]})

    assert 'Unknown name "readerProjectNumbers"' in answer.assert_error(400, "INVALID_ARGUMENT").message
