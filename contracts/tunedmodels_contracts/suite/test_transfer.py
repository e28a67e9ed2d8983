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
def transfer(api: Api, other: Api, create: Create, other_email: str) -> Iterator[Transfer]:
    """The name of a model that the caller transferred to the second user, and the answer to that call."""
    name = create().ok()["metadata"]["tunedModel"]
    answer = api.post(f"v1beta/{name}:transferOwnership", {"emailAddress": other_email})
    yield name, answer
    other.delete(f"v1beta/{name}")


@clause("transfer/answers-with-nothing", TRANSFER, cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_answers_with_nothing(transfer: Transfer) -> None:
    """The answer is an empty object. Observed in 2024."""
    _, answer = transfer

    assert answer.ok() == {}
    assert answer.text == "{}\n"


@clause(
    "transfer/the-new-owner-owns",
    TRANSFER,
    "tunedModels.permissions.list",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_the_new_owner_owns(other: Api, transfer: Transfer, other_email: str) -> None:
    """After a transfer, the model has one owner, the new one. Documented."""
    name, _ = transfer
    held = other.list_all(f"v1beta/{name}/permissions")

    assert [one["emailAddress"] for one in held if one["role"] == "OWNER"] == [other_email]
    other.delete(f"v1beta/{name}").ok()


@clause(
    "transfer/the-old-owner-writes",
    TRANSFER,
    "tunedModels.patch",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_the_old_owner_writes(api: Api, transfer: Transfer) -> None:
    """After a transfer, the old owner is a writer, who can change the model but not delete it. Documented."""
    name, _ = transfer

    assert "WRITER" in [one["role"] for one in api.list_all(f"v1beta/{name}/permissions")]
    api.patch(f"v1beta/{name}", {"description": "New."}, {"updateMask": "description"}).ok()
    api.delete(f"v1beta/{name}").assert_error(403, "PERMISSION_DENIED")


@clause(
    "transfer/only-owners-hand-on",
    TRANSFER,
    outcome="403 PERMISSION_DENIED",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_only_owners_hand_on(other: Api, scratch: ObservedRun, grant: Callable[..., Answer], other_email: str) -> None:
    """Only the owner of a model can transfer it. The wording was observed in 2024, without its status."""
    grant("WRITER", other_email).ok()
    answer = other.post(f"v1beta/{scratch.name}:transferOwnership", {"emailAddress": other_email})

    refusal = answer.assert_error(403, "PERMISSION_DENIED")
    assert refusal.message == "You need to be the owner of the resource to transfer ownership"


@clause("transfer/needs-an-heir", TRANSFER, outcome="400 INVALID_ARGUMENT", cost=Cost.TUNING)
@pytest.mark.parametrize("sent", [{}, {"emailAddress": ""}])
def test_needs_an_heir(api: Api, scratch: ObservedRun, sent: dict[str, str]) -> None:
    """A transfer needs an email address. Documented."""
    api.post(f"v1beta/{scratch.name}:transferOwnership", sent).assert_error(400, "INVALID_ARGUMENT")


@clause("transfer/missing-model", TRANSFER, outcome="404 NOT_FOUND", level=Level.RECOMMENDED, cost=Cost.FREE)
def test_missing_model(api: Api, new_id: Callable[[], str], address: str) -> None:
    """A model that does not exist cannot be transferred. Inferred from get."""
    answer = api.post(f"v1beta/tunedModels/{new_id()}:transferOwnership", {"emailAddress": address})

    answer.assert_error(404, "NOT_FOUND")
