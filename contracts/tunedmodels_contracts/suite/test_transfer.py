"""These clauses check that a transfer gives a model a new owner, and which transfers are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import ObservedRun

TRANSFER = "tunedModels.transferOwnership"

Create = Callable[..., Answer]
Transfer = tuple[str, Answer]


@pytest.fixture
def transfer(api: Api, other_api: Api, create: Create, other_email: str) -> Iterator[Transfer]:
    """The name of a model that the caller transferred to the second user, and the answer to that call."""
    name = create().ok()["metadata"]["tunedModel"]
    answer = api.post(f"v1beta/{name}:transferOwnership", {"emailAddress": other_email})
    yield name, answer
    other_api.delete(f"v1beta/{name}")


@clause("transfer/answers-with-nothing", TRANSFER, cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_answers_with_nothing(transfer: Transfer) -> None:
    """The answer is an empty object. Observed in 2024."""
    _, answer = transfer

    assert answer.ok() == {}
    assert answer.text == "{}\n"


@clause(
    "transfer/new-owner-is-the-only-owner",
    TRANSFER,
    "tunedModels.permissions.list",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_new_owner_is_the_only_owner(other_api: Api, transfer: Transfer, other_email: str) -> None:
    """After a transfer, the model has one owner, the new one. Documented."""
    name, _ = transfer
    permissions = other_api.list_all(f"v1beta/{name}/permissions")

    assert [permission["emailAddress"] for permission in permissions if permission["role"] == "OWNER"] == [other_email]
    other_api.delete(f"v1beta/{name}").ok()


@clause(
    "transfer/old-owner-is-a-writer",
    TRANSFER,
    "tunedModels.patch",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_old_owner_is_a_writer(api: Api, transfer: Transfer) -> None:
    """After a transfer, the old owner is a writer, who can change the model but not delete it. Documented."""
    name, _ = transfer

    assert "WRITER" in [permission["role"] for permission in api.list_all(f"v1beta/{name}/permissions")]
    api.patch(f"v1beta/{name}", {"description": "New."}, {"updateMask": "description"}).ok()
    api.delete(f"v1beta/{name}").assert_error(403, "PERMISSION_DENIED")


@clause(
    "transfer/only-owners-transfer",
    TRANSFER,
    outcome="403 PERMISSION_DENIED",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_only_owners_transfer(
    other_api: Api, scratch_run: ObservedRun, grant_role: Callable[..., Answer], other_email: str
) -> None:
    """Only the owner of a model can transfer it. The wording was observed in 2024, without its status."""
    grant_role("WRITER", other_email).ok()
    answer = other_api.post(f"v1beta/{scratch_run.name}:transferOwnership", {"emailAddress": other_email})

    error = answer.assert_error(403, "PERMISSION_DENIED")
    assert error.message == "You need to be the owner of the resource to transfer ownership"


@clause("transfer/needs-an-email-address", TRANSFER, outcome="400 INVALID_ARGUMENT", cost=Cost.TUNING)
@pytest.mark.parametrize("request_body", [{}, {"emailAddress": ""}])
def test_needs_an_email_address(api: Api, scratch_run: ObservedRun, request_body: dict[str, str]) -> None:
    """A transfer needs an email address. Documented."""
    api.post(f"v1beta/{scratch_run.name}:transferOwnership", request_body).assert_error(400, "INVALID_ARGUMENT")


@clause("transfer/missing-model", TRANSFER, outcome="404 NOT_FOUND", level=Level.RECOMMENDED, cost=Cost.FREE)
def test_missing_model(api: Api, new_id: Callable[[], str], unused_email: str) -> None:
    """A model that does not exist cannot be transferred. Inferred from get."""
    answer = api.post(f"v1beta/tunedModels/{new_id()}:transferOwnership", {"emailAddress": unused_email})

    answer.assert_error(404, "NOT_FOUND")
