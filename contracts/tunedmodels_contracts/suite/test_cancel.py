"""These clauses check what a cancel call does to a run, to its operation and to its model."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.operation_invariants import LAWS, SHAPE
from tunedmodels_contracts.harness.tuning_runs import ObservedRun

CANCEL, GET = "tunedModels.operations.cancel", "tunedModels.operations.get"

Cancelled = tuple[ObservedRun, Answer]


@clause("cancel/answers-with-nothing", CANCEL, cost=Cost.TUNING)
def test_answers_with_nothing(cancelled_run: Cancelled) -> None:
    """The answer is an empty object. Observed in 2024."""
    _, answer = cancelled_run

    assert answer.ok() == {}
    assert answer.text == "{}\n"


@clause("cancel/needs-no-body", CANCEL, cost=Cost.TUNING)
@pytest.mark.parametrize("data", [None, b"", b"{}"])
def test_needs_no_body(api: Api, create: Callable[..., Answer], data: bytes | None) -> None:
    """An empty body works like an empty object. Documented; google-genai sends none."""
    name = create().ok()["name"]

    assert api.post(f"v1/{name}:cancel", data=data).ok() == {}


@clause("cancel/ends-the-operation", CANCEL, GET, cost=Cost.TUNING)
def test_ends_the_operation(cancelled_run: Cancelled) -> None:
    """A cancelled operation ends with an error with the code 1, the number of CANCELLED. Documented."""
    run, _ = cancelled_run

    assert run.operation["done"] is True
    assert run.operation["error"]["code"] == 1
    assert "response" not in run.operation


@clause("cancel/keeps-the-laws-of-a-run", CANCEL, GET, "tunedModels.get", level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize("law", [SHAPE, *LAWS])
def test_keeps_the_laws_of_a_run(cancelled_run: Cancelled, law: str) -> None:
    """A cancelled run obeys the laws of every run. Inferred: no such run was kept."""
    run, _ = cancelled_run

    assert run.breaks(law) == []


@clause("cancel/model-stays", CANCEL, "tunedModels.get", "tunedModels.list", cost=Cost.TUNING)
def test_model_stays(api: Api, cancelled_run: Cancelled) -> None:
    """The model of a cancelled run stays and is listed. Documented, and observed in 2024."""
    run, _ = cancelled_run

    assert api.get(f"v1beta/{run.name}").ok()["name"] == run.name
    assert run.name in [model["name"] for model in api.list_all("v1beta/tunedModels", {"pageSize": 1000})]


@clause("cancel/model-can-be-shared", CANCEL, "tunedModels.permissions.create", cost=Cost.TUNING)
def test_model_can_be_shared(api: Api, cancelled_run: Cancelled, unused_email: str) -> None:
    """The model of a cancelled run can be shared. Observed in 2024."""
    run, _ = cancelled_run
    request_body = {"granteeType": "GROUP", "emailAddress": unused_email, "role": "READER"}

    permission = api.post(f"v1beta/{run.name}/permissions", request_body).ok()
    api.delete(f"v1beta/{permission['name']}").ok()


@clause("cancel/model-answers", CANCEL, "tunedModels.generateContent", cost=Cost.TUNING)
def test_model_answers(api: Api, cancelled_run: Cancelled) -> None:
    """The model of a cancelled run can generate content. Documented."""
    run, _ = cancelled_run

    assert api.post(f"v1beta/{run.name}:generateContent", {"contents": [{"parts": [{"text": "3"}]}]}).ok()["candidates"]


@clause("cancel/model-is-active", CANCEL, "tunedModels.get", level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_model_is_active(cancelled_run: Cancelled) -> None:
    """The model of a cancelled run is ACTIVE. Inferred: it can generate, and no state says that it was cancelled."""
    run, _ = cancelled_run

    assert run.model["state"] == "ACTIVE"


@clause("cancel/ended-operation-does-not-change", CANCEL, GET, cost=Cost.TUNING)
def test_ended_operation_does_not_change(api: Api, scratch_run: ObservedRun) -> None:
    """A cancel call changes nothing in an operation that has ended, whatever the answer is. Documented."""
    operation = api.get(f"v1/{scratch_run.operation_name}").ok()
    api.post(f"v1/{scratch_run.operation_name}:cancel", {})

    assert api.get(f"v1/{scratch_run.operation_name}").ok() == operation
    assert operation["done"] is True
    assert "response" in operation


@clause("cancel/missing-operation", CANCEL, outcome="404 NOT_FOUND", level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_missing_operation(api: Api, finished_run: ObservedRun, new_id: Callable[[], str]) -> None:
    """An operation that does not exist cannot be cancelled. Inferred."""
    api.post(f"v1/{finished_run.name}/operations/abcdefghijkl:cancel", {}).assert_error(404, "NOT_FOUND")
    api.post(f"v1/tunedModels/{new_id()}/operations/abcdefghijkl:cancel", {}).assert_error(404, "NOT_FOUND")


@clause(
    "cancel/of-another-user",
    CANCEL,
    outcome="403 PERMISSION_DENIED",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_of_another_user(api: Api, other_api: Api, create: Callable[..., Answer]) -> None:
    """A user cannot cancel another user's run, and the run goes on. Documented by the roles."""
    operation = create(by=other_api).ok()

    api.post(f"v1/{operation['name']}:cancel", {}).assert_error(403, "PERMISSION_DENIED")
    assert "error" not in other_api.get(f"v1beta/{operation['name']}").ok()
