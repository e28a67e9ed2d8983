"""These clauses check who may use, change, share and own a model."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import ObservedRun

PERMISSIONS = "tunedModels.permissions."
CREATE, GET, LIST = f"{PERMISSIONS}create", f"{PERMISSIONS}get", f"{PERMISSIONS}list"
PATCH, DELETE = f"{PERMISSIONS}patch", f"{PERMISSIONS}delete"
NOT_FOUND, INVALID, DENIED = "404 NOT_FOUND", "400 INVALID_ARGUMENT", "403 PERMISSION_DENIED"
PROMPT = {"contents": [{"parts": [{"text": "3"}]}]}

Grant = Callable[..., Answer]
Create = Callable[..., Answer]


def _created_model(created: Answer) -> str:
    return str(created.ok()["metadata"]["tunedModel"])


# -- The answers -----------------------------------------------------------------------------------------------


@clause("permissions/create-answers-with-the-whole", CREATE, cost=Cost.TUNING)
@pytest.mark.parametrize(
    ("grantee_type", "role"), [("USER", "READER"), ("USER", "WRITER"), ("GROUP", "READER"), ("GROUP", "WRITER")]
)
def test_create_answers_with_the_whole(grant: Grant, address: str, grantee_type: str, role: str) -> None:
    """A create call returns the whole permission: name, granteeType, emailAddress and role, in this order. Observed in
    2024.
    """
    permission = grant(role, address, grantee_type).ok()

    assert list(permission) == ["name", "granteeType", "emailAddress", "role"]
    assert (permission["granteeType"], permission["emailAddress"], permission["role"]) == (grantee_type, address, role)


@clause("permissions/ids", CREATE, cost=Cost.TUNING)
def test_ids(scratch: ObservedRun, grant: Grant, address: str) -> None:
    """The name of a permission is its model's name and an id of 21 digits. Observed in 2024."""
    name = grant("READER", address).ok()["name"]

    assert re.fullmatch(rf"{re.escape(scratch.name)}/permissions/[1-9]\d{{20}}", name)


@clause("permissions/everyone", CREATE, GET, DELETE, cost=Cost.TUNING)
def test_everyone(api: Api, create: Create) -> None:
    """The permission for everyone has the id ``everyone`` and no address. Documented."""
    model = _created_model(create())
    permission = api.post(f"v1beta/{model}/permissions", {"granteeType": "EVERYONE", "role": "READER"}).ok()

    assert list(permission.items()) == [
        ("name", f"{model}/permissions/everyone"),
        ("granteeType", "EVERYONE"),
        ("role", "READER"),
    ]
    assert api.get(f"v1beta/{model}/permissions/everyone").ok() == permission
    assert api.delete(f"v1beta/{model}/permissions/everyone").ok() == {}


@clause("permissions/get-shows-the-same", GET, cost=Cost.TUNING)
def test_get_shows_the_same(api: Api, grant: Grant, address: str) -> None:
    """A get call shows a permission as it was created, with its members in the same order. Observed in 2024."""
    permission = grant("READER", address).ok()

    assert list(api.get(f"v1beta/{permission['name']}").ok().items()) == list(permission.items())


@clause("permissions/patch-answers-with-the-whole", PATCH, GET, cost=Cost.TUNING)
@pytest.mark.parametrize("role", ["READER", "WRITER"])
def test_patch_answers_with_the_whole(api: Api, grant: Grant, address: str, role: str) -> None:
    """A patch returns the whole permission, although the mask names only the role. Observed in 2024."""
    permission = grant("WRITER" if role == "READER" else "READER", address).ok()
    changed = api.patch(f"v1beta/{permission['name']}", {"role": role}, {"updateMask": "role"}).ok()

    assert list(changed.items()) == list({**permission, "role": role}.items())
    assert api.get(f"v1beta/{permission['name']}").ok() == changed


@clause("permissions/delete-answers-with-nothing", DELETE, cost=Cost.TUNING)
def test_delete_answers_with_nothing(api: Api, grant: Grant, address: str) -> None:
    """A delete call returns an empty object. Observed in 2024."""
    answer = api.delete(f"v1beta/{grant('READER', address).ok()['name']}")

    assert answer.ok() == {}
    assert answer.text == "{}\n"


# -- Lists -----------------------------------------------------------------------------------------------------


@clause("permissions/a-model-begins-with-its-owner", LIST, cost=Cost.TUNING)
def test_a_model_begins_with_its_owner(api: Api, create: Create) -> None:
    """A new model has one permission, for the user who owns it, and the list has no token. Observed in 2024."""
    listed = api.get(f"v1beta/{_created_model(create())}/permissions").ok()

    assert list(listed) == ["permissions"]
    assert [(held["granteeType"], held["role"]) for held in listed["permissions"]] == [("USER", "OWNER")]
    assert list(listed["permissions"][0]) == ["name", "granteeType", "emailAddress", "role"]


@clause("permissions/owner-first", LIST, cost=Cost.TUNING)
def test_owner_first(api: Api, scratch: ObservedRun, grant: Grant, address: str) -> None:
    """The list begins with the owner's permission and has each new one. Observed in 2024."""
    permission = grant("WRITER", address, "GROUP").ok()
    listed = api.list_all(f"v1beta/{scratch.name}/permissions")

    assert [held["role"] for held in listed].index("OWNER") == 0
    assert listed.count(permission) == 1


@clause("permissions/withdrawn-ones-are-gone", LIST, DELETE, cost=Cost.TUNING)
def test_withdrawn_ones_are_gone(api: Api, scratch: ObservedRun, grant: Grant, address: str) -> None:
    """A deleted permission is not listed. Documented."""
    permission = grant("READER", address).ok()
    api.delete(f"v1beta/{permission['name']}").ok()

    assert permission["name"] not in [held["name"] for held in api.list_all(f"v1beta/{scratch.name}/permissions")]


@clause("permissions/pages", LIST, CREATE, cost=Cost.TUNING)
def test_pages(api: Api, create: Create, address: str) -> None:
    """A page has ten permissions by default, else at most as many as requested, and each permission is on one page.
    Documented.
    """
    model = _created_model(create())
    names = [
        api.post(
            f"v1beta/{model}/permissions",
            {"granteeType": "USER", "emailAddress": f"{number}-{address}", "role": "READER"},
        ).ok()["name"]
        for number in range(10)
    ]

    page = api.get(f"v1beta/{model}/permissions").ok()
    assert len(page["permissions"]) == 10
    assert page["nextPageToken"]
    pages = api.pages(f"v1beta/{model}/permissions", {"pageSize": 4})
    assert all(len(page.get("permissions", [])) <= 4 for page in pages)
    seen = [held["name"] for page in pages for held in page.get("permissions", [])]
    assert sorted(seen[1:]) == sorted(names)


@clause("permissions/page-size-beyond-the-limit", LIST, cost=Cost.TUNING)
def test_page_size_beyond_the_limit(api: Api, scratch: ObservedRun) -> None:
    """A page size above a thousand counts as a thousand and is not refused. Documented."""
    assert 0 < len(api.get(f"v1beta/{scratch.name}/permissions", {"pageSize": 1001}).ok()["permissions"]) <= 1000


@clause("permissions/negative-page-size", LIST, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_negative_page_size(api: Api, scratch: ObservedRun) -> None:
    """The list of permissions refuses a page size below zero. Inferred from the rules for Google's APIs."""
    api.get(f"v1beta/{scratch.name}/permissions", {"pageSize": -1}).assert_error(400, "INVALID_ARGUMENT")


# -- Roles -----------------------------------------------------------------------------------------------------


@clause(
    "permissions/readers-use",
    CREATE,
    "tunedModels.get",
    "tunedModels.generateContent",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
@pytest.mark.parametrize("role", ["READER", "WRITER"])
def test_readers_use(other: Api, scratch: ObservedRun, grant: Grant, other_email: str, role: str) -> None:
    """A reader or a writer of a model can read it and generate with it. Documented."""
    grant(role, other_email).ok()

    assert other.get(f"v1beta/{scratch.name}").ok()["name"] == scratch.name
    assert other.post(f"v1beta/{scratch.name}:generateContent", PROMPT).ok()["candidates"]


@clause(
    "permissions/writers-change-and-share",
    CREATE,
    "tunedModels.patch",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_writers_change_and_share(
    other: Api, scratch: ObservedRun, grant: Grant, other_email: str, address: str
) -> None:
    """A writer of a model can change it and share it. Documented."""
    grant("WRITER", other_email).ok()
    wanted = {"granteeType": "USER", "emailAddress": address, "role": "READER"}

    other.patch(f"v1beta/{scratch.name}", {"description": "New."}, {"updateMask": "description"}).ok()
    permission = other.post(f"v1beta/{scratch.name}/permissions", wanted).ok()
    other.delete(f"v1beta/{permission['name']}").ok()


@clause(
    "permissions/readers-do-not-change",
    "tunedModels.patch",
    CREATE,
    outcome=DENIED,
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_readers_do_not_change(other: Api, scratch: ObservedRun, grant: Grant, other_email: str, address: str) -> None:
    """A reader of a model can neither change nor share it. Documented."""
    grant("READER", other_email).ok()
    wanted = {"granteeType": "USER", "emailAddress": address, "role": "READER"}

    changed = other.patch(f"v1beta/{scratch.name}", {"description": "New."}, {"updateMask": "description"})
    shared = other.post(f"v1beta/{scratch.name}/permissions", wanted)
    changed.assert_error(403, "PERMISSION_DENIED")
    shared.assert_error(403, "PERMISSION_DENIED")


@clause(
    "permissions/only-owners-delete",
    "tunedModels.delete",
    outcome=DENIED,
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
@pytest.mark.parametrize("role", ["READER", "WRITER"])
def test_only_owners_delete(api: Api, other: Api, create: Create, other_email: str, role: str) -> None:
    """Only the owner of a model can delete it. Documented."""
    model = _created_model(create())
    wanted = {"granteeType": "USER", "emailAddress": other_email, "role": role}
    api.post(f"v1beta/{model}/permissions", wanted).ok()

    other.delete(f"v1beta/{model}").assert_error(403, "PERMISSION_DENIED")
    assert api.get(f"v1beta/{model}").ok()["name"] == model


@clause("permissions/end-with-their-withdrawal", DELETE, outcome=DENIED, cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_end_with_their_withdrawal(api: Api, other: Api, scratch: ObservedRun, grant: Grant, other_email: str) -> None:
    """A user whose permission is deleted loses access to the model. Documented."""
    permission = grant("READER", other_email).ok()
    other.get(f"v1beta/{scratch.name}").ok()
    api.delete(f"v1beta/{permission['name']}").ok()

    other.get(f"v1beta/{scratch.name}").assert_error(403, "PERMISSION_DENIED")


@clause(
    "permissions/of-a-model-of-somebody-else",
    CREATE,
    LIST,
    GET,
    PATCH,
    DELETE,
    outcome=DENIED,
    level=Level.RECOMMENDED,
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
@pytest.mark.parametrize("method", ["create", "list", "get", "patch", "delete"])
def test_of_a_model_of_somebody_else(api: Api, other: Api, foreign: str, address: str, method: str) -> None:
    """A user without access to a model can neither read nor change its permissions. Inferred from get."""
    path = f"v1beta/{foreign}/permissions"
    held = f"v1beta/{other.get(path).ok()['permissions'][0]['name']}"
    wanted = {"granteeType": "USER", "emailAddress": address, "role": "READER"}
    answers: dict[str, Callable[[], Answer]] = {
        "create": lambda: api.post(path, wanted),
        "list": lambda: api.get(path),
        "get": lambda: api.get(held),
        "patch": lambda: api.patch(held, {"role": "READER"}, {"updateMask": "role"}),
        "delete": lambda: api.delete(held),
    }

    answers[method]().assert_error(403, "PERMISSION_DENIED")


# -- Errors ----------------------------------------------------------------------------------------------------


@clause("permissions/of-a-missing-model", LIST, GET, outcome=NOT_FOUND, cost=Cost.FREE)
@pytest.mark.parametrize("path", ["permissions", "permissions/123456789012345678901"])
def test_of_a_missing_model(api: Api, new_id: Callable[[], str], path: str) -> None:
    """Reading the permissions of a model that does not exist gives 404, not 403. Observed in 2025."""
    api.get(f"v1beta/tunedModels/{new_id()}/{path}").assert_error(404, "NOT_FOUND")


@clause(
    "permissions/changing-those-of-a-missing-model",
    CREATE,
    PATCH,
    DELETE,
    outcome=NOT_FOUND,
    level=Level.RECOMMENDED,
    cost=Cost.FREE,
)
def test_changing_those_of_a_missing_model(api: Api, new_id: Callable[[], str], address: str) -> None:
    """Permissions of a model that does not exist cannot be created, changed or deleted. Inferred from reading them."""
    path = f"v1beta/tunedModels/{new_id()}/permissions"
    held = f"{path}/123456789012345678901"
    answers = [
        api.post(path, {"granteeType": "USER", "emailAddress": address, "role": "READER"}),
        api.patch(held, {"role": "READER"}, {"updateMask": "role"}),
        api.delete(held),
    ]

    for answer in answers:
        answer.assert_error(404, "NOT_FOUND")


@clause("permissions/missing", GET, PATCH, DELETE, outcome=NOT_FOUND, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_missing(api: Api, scratch: ObservedRun) -> None:
    """A permission that does not exist is not found. Inferred from those of a missing model."""
    path = f"v1beta/{scratch.name}/permissions/123456789012345678901"
    answers = [api.get(path), api.patch(path, {"role": "READER"}, {"updateMask": "role"}), api.delete(path)]

    for answer in answers:
        answer.assert_error(404, "NOT_FOUND")


@clause("permissions/required-members", CREATE, outcome=INVALID, cost=Cost.TUNING)
@pytest.mark.parametrize(
    "members",
    [
        {"granteeType": "USER", "emailAddress": "ADDRESS"},
        {"granteeType": "USER", "role": "READER"},
        {"granteeType": "GROUP", "role": "READER"},
        {"granteeType": "EVERYONE", "emailAddress": "ADDRESS", "role": "READER"},
    ],
    ids=["no role", "a user without an address", "a group without an address", "everyone with an address"],
)
def test_required_members(api: Api, scratch: ObservedRun, address: str, members: dict[str, str]) -> None:
    """A permission needs a role; a user or a group needs an address, and everyone must have none. Documented."""
    wanted: dict[str, Any] = {name: value.replace("ADDRESS", address) for name, value in members.items()}

    api.post(f"v1beta/{scratch.name}/permissions", wanted).assert_error(400, "INVALID_ARGUMENT")


@clause("permissions/a-grantee-type-may-be-left-out", CREATE, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_a_grantee_type_may_be_left_out(api: Api, create: Create, address: str) -> None:
    """A request for a permission can omit the grantee type. That it can be omitted is documented; its value
    then is not.
    """
    wanted = {"emailAddress": address, "role": "READER"}

    assert api.post(f"v1beta/{_created_model(create())}/permissions", wanted).ok()["role"] == "READER"


@clause("permissions/v1beta3-wants-a-grantee-type", CREATE, outcome=INVALID, level=Level.OPTIONAL, cost=Cost.TUNING)
def test_v1beta3_wants_a_grantee_type(api: Api, scratch: ObservedRun, address: str) -> None:
    """Version v1beta3 refuses a permission without a grantee type. Documented for that version alone."""
    answer = api.post(f"v1beta3/{scratch.name}/permissions", {"emailAddress": address, "role": "READER"})

    answer.assert_error(400, "INVALID_ARGUMENT")


@clause("permissions/patch-wants-a-mask", PATCH, outcome=INVALID, cost=Cost.TUNING)
def test_patch_wants_a_mask(api: Api, grant: Grant, address: str) -> None:
    """A patch of a permission needs a mask. Documented."""
    permission = grant("READER", address).ok()

    api.patch(f"v1beta/{permission['name']}", {"role": "WRITER"}).assert_error(400, "INVALID_ARGUMENT")


@clause("permissions/only-the-role-changes", PATCH, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize("mask", ["emailAddress", "granteeType", "role,emailAddress"])
def test_only_the_role_changes(api: Api, grant: Grant, address: str, mask: str) -> None:
    """The service refuses a mask that names another member than the role. That no other changes is documented."""
    permission = grant("READER", address).ok()
    sent = {"role": "WRITER", "granteeType": "GROUP", "emailAddress": f"new-{address}"}

    api.patch(f"v1beta/{permission['name']}", sent, {"updateMask": mask}).assert_error(400, "INVALID_ARGUMENT")
    assert api.get(f"v1beta/{permission['name']}").ok() == permission


@clause(
    "permissions/ownership-is-not-granted", CREATE, PATCH, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING
)
def test_ownership_is_not_granted(api: Api, scratch: ObservedRun, grant: Grant, address: str) -> None:
    """Ownership can be transferred but not granted by a permission. Documented; how it is refused is inferred."""
    permission = grant("READER", address).ok()
    another = {"granteeType": "USER", "emailAddress": f"new-{address}", "role": "OWNER"}

    api.post(f"v1beta/{scratch.name}/permissions", another).assert_error(400, "INVALID_ARGUMENT")
    answer = api.patch(f"v1beta/{permission['name']}", {"role": "OWNER"}, {"updateMask": "role"})
    answer.assert_error(400, "INVALID_ARGUMENT")


@clause("permissions/the-owner-stays", PATCH, DELETE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_the_owner_stays(api: Api, create: Create) -> None:
    """The owner's permission cannot be changed or deleted. Documented; how it is refused is not."""
    path = f"v1beta/{_created_model(create())}/permissions"
    owner = api.get(path).ok()["permissions"][0]
    changed = api.patch(f"v1beta/{owner['name']}", {"role": "READER"}, {"updateMask": "role"})
    withdrawn = api.delete(f"v1beta/{owner['name']}")

    assert 400 <= changed.status < 500
    assert 400 <= withdrawn.status < 500
    assert api.get(path).ok()["permissions"] == [owner]
