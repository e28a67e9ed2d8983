"""These clauses check that a deleted model is gone, and which delete calls are refused."""

from __future__ import annotations

from collections.abc import Callable

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import ObservedRun

DELETE = "tunedModels.delete"

Create = Callable[..., Answer]


def _created_model(created: Answer) -> str:
    return str(created.ok()["metadata"]["tunedModel"])


@clause("delete/answers-with-nothing", DELETE, cost=Cost.TUNING)
def test_answers_with_nothing(api: Api, create: Create) -> None:
    """The answer is an empty object. Observed in 2024."""
    answer = api.delete(f"v1beta/{_created_model(create())}")

    assert answer.ok() == {}
    assert answer.text == "{}\n"


@clause("delete/model-is-gone", DELETE, "tunedModels.get", outcome="404 NOT_FOUND", cost=Cost.TUNING)
def test_model_is_gone(api: Api, create: Create) -> None:
    """A deleted model is not found. Observed 2023 to 2025."""
    name = _created_model(create())
    api.delete(f"v1beta/{name}").ok()

    error = api.get(f"v1beta/{name}").assert_error(404, "NOT_FOUND")
    assert error.message == f"Tuned model {name} does not exist."


@clause(
    "delete/permissions-are-gone",
    DELETE,
    "tunedModels.permissions.list",
    outcome="404 NOT_FOUND",
    level=Level.RECOMMENDED,
    cost=Cost.TUNING,
)
def test_permissions_are_gone(api: Api, create: Create) -> None:
    """The permissions of a deleted model are not found. Inferred from what was observed of a missing model."""
    name = _created_model(create())
    api.delete(f"v1beta/{name}").ok()

    api.get(f"v1beta/{name}/permissions").assert_error(404, "NOT_FOUND")


@clause("delete/missing-model", DELETE, outcome="404 NOT_FOUND", level=Level.RECOMMENDED, cost=Cost.FREE)
def test_missing_model(api: Api, new_id: Callable[[], str]) -> None:
    """A model that does not exist cannot be deleted. Inferred from get."""
    api.delete(f"v1beta/tunedModels/{new_id()}").assert_error(404, "NOT_FOUND")


@clause(
    "delete/a-failed-model",
    DELETE,
    "tunedModels.get",
    outcome="404 NOT_FOUND",
    cost=Cost.TUNING,
    needs=[Need.FAILING_RUN],
)
def test_a_failed_model(api: Api, own_failed_run: ObservedRun) -> None:
    """The model of a failed run can be deleted like any other. Documented: no state is left out."""
    assert api.delete(f"v1beta/{own_failed_run.name}").ok() == {}

    api.get(f"v1beta/{own_failed_run.name}").assert_error(404, "NOT_FOUND")


@clause("delete/twice", DELETE, outcome="404 NOT_FOUND", level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_twice(api: Api, create: Create) -> None:
    """A model cannot be deleted twice. Inferred from get."""
    name = _created_model(create())
    api.delete(f"v1beta/{name}").ok()

    api.delete(f"v1beta/{name}").assert_error(404, "NOT_FOUND")


@clause(
    "delete/model-of-another-user",
    DELETE,
    outcome="403 PERMISSION_DENIED",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_model_of_another_user(api: Api, other_api: Api, create: Create) -> None:
    """A user cannot delete another user's model, and the model stays. Documented by the roles."""
    name = _created_model(create(by=other_api))

    api.delete(f"v1beta/{name}").assert_error(403, "PERMISSION_DENIED")
    other_api.get(f"v1beta/{name}").ok()
