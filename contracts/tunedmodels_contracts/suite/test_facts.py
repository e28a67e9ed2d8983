"""These clauses check that answers have the members, types and values of the published API, and no others.

The suite also checks every answer to a clause's own bare requests in this way. The clauses here check the runs that
clauses share, and one answer of each other kind.
"""

from __future__ import annotations

from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import ObservedRun
from tunedmodels_contracts.targets.pytest_hooks import shared_scope_name
from tunedmodels_contracts.targets.scopes import Scope
from tunedmodels_contracts.targets.target import Target

CREATE, GET, LIST = "tunedModels.create", "tunedModels.get", "tunedModels.list"
OPERATION, CANCEL = "tunedModels.operations.get", "tunedModels.operations.cancel"
GENERATE, STREAM = "tunedModels.generateContent", "tunedModels.streamGenerateContent"
PROMPT: dict[str, Any] = {"contents": [{"parts": [{"text": "two hundred"}]}]}

Violations = dict[Scope | None, list[str]]


def _own_violations(violations: Violations, target: Target) -> list[str]:
    """Return the violations in the answers to the running clause."""
    return violations[target.scopes.current]


def _run_violations(violations: Violations, fixture: str) -> list[str]:
    return violations[Scope(shared_scope_name(fixture))]


@clause("facts/a-run", CREATE, OPERATION, GET, cost=Cost.TUNING)
def test_a_run(violations: Violations, observed_run: ObservedRun) -> None:
    """Every answer about a run matches the published API, from the first to the last. Documented."""
    assert len(observed_run.trace) > 1
    assert _run_violations(violations, "observed_run") == []


@clause("facts/a-cancelled-run", OPERATION, GET, CANCEL, cost=Cost.TUNING)
def test_a_cancelled_run(violations: Violations, cancelled_run: tuple[ObservedRun, Answer]) -> None:
    """Every answer about a cancelled run matches the published API. Documented."""
    assert len(cancelled_run[0].trace) > 1
    assert _run_violations(violations, "cancelled_run") == []


@clause("facts/a-failed-run", OPERATION, GET, cost=Cost.TUNING, needs=[Need.FAILING_RUN])
def test_a_failed_run(violations: Violations, failed_run: ObservedRun) -> None:
    """Every answer about a failed run matches the published API. Documented."""
    assert len(failed_run.trace) > 1
    assert _run_violations(violations, "failed_run") == []


@clause("facts/lists", LIST, "tunedModels.operations.list", "tunedModels.permissions.list", cost=Cost.TUNING)
def test_lists(api: Api, target: Target, violations: Violations, finished_run: ObservedRun) -> None:
    """Lists and their entries match the published API. Documented."""
    for path in ("tunedModels", f"{finished_run.name}/operations", f"{finished_run.name}/permissions"):
        assert api.get(f"v1beta/{path}").ok()

    assert _own_violations(violations, target) == []


@clause("facts/base-models", "models.get", "models.list")
@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_base_models(api: Api, target: Target, violations: Violations, version: str) -> None:
    """Base models match the published API. Documented."""
    assert api.get(f"{version}/{target.base_model}").ok()
    assert api.get(f"{version}/models").ok()

    assert _own_violations(violations, target) == []


@clause("facts/generation", GENERATE, STREAM, cost=Cost.TUNING)
@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_generation(api: Api, target: Target, violations: Violations, finished_run: ObservedRun, version: str) -> None:
    """The answer of a model and each chunk of a stream match the published API. Documented."""
    api.post(f"{version}/{finished_run.name}:generateContent", PROMPT).ok()
    api.post(f"{version}/{finished_run.name}:streamGenerateContent", PROMPT).ok()
    assert api.post(f"{version}/{finished_run.name}:streamGenerateContent", PROMPT, {"alt": "sse"}).status == 200

    assert _own_violations(violations, target) == []


@clause("facts/numbers-of-enums", GET, cost=Cost.TUNING)
def test_numbers_of_enums(api: Api, target: Target, violations: Violations, finished_run: ObservedRun) -> None:
    """Enums by number have the numbers of the published API. Documented."""
    assert api.get(f"v1beta/{finished_run.name}?$alt=json;enum-encoding=int").ok()

    assert _own_violations(violations, target) == []


@clause("facts/parts-of-answers", GET, cost=Cost.TUNING)
def test_parts_of_answers(api: Api, target: Target, violations: Violations, finished_run: ObservedRun) -> None:
    """A partial answer has nothing that the whole answer would not have. Documented."""
    assert api.get(f"v1beta/{finished_run.name}", {"fields": "state,tuningTask/snapshots"}).ok()

    assert _own_violations(violations, target) == []


@clause("facts/refusals", GET, GENERATE, outcome="404 NOT_FOUND", cost=Cost.FREE)
def test_refusals(api: Api, target: Target, violations: Violations) -> None:
    """An error has code, message, status and details of known types, and they fit the HTTP status. Observed."""
    api.get("v1beta/tunedModels/contracts-none").assert_error(404, "NOT_FOUND")
    api.get("v1beta/tunedModels/contracts-none", {"$.xgafv": "1"}).assert_error(404, "NOT_FOUND")
    api.post("v1beta/tunedModels/contracts-none:generateContent", {"x": 1}).assert_error(400, "INVALID_ARGUMENT")

    assert _own_violations(violations, target) == []
