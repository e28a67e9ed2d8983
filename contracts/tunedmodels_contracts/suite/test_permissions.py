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


@clause("permissions/create-answers-with-the-permission", CREATE, cost=Cost.TUNING)
@pytest.mark.parametrize(
    ("grantee_type", "role"), [("USER", "READER"), ("USER", "WRITER"), ("GROUP", "READER"), ("GROUP", "WRITER")]
)
def test_create_answers_with_the_permission(grant_role: Grant, unused_email: str, grantee_type: str, role: str) -> None:
    """A create call returns the whole permission: name, granteeType, emailAddress and role, in this order. Observed in
    2024.
    """
    permission = grant_role(role, unused_email, grantee_type).ok()

    assert list(permission) == ["name", "granteeType", "emailAddress", "role"]
    assert (permission["granteeType"], permission["emailAddress"], permission["role"]) == (
        grantee_type,
        unused_email,
        role,
    )


@clause("permissions/ids", CREATE, cost=Cost.TUNING)
def test_ids(scratch_run: ObservedRun, grant_role: Grant, unused_email: str) -> None:
    """The name of a permission is its model's name and an id of 21 digits. Observed in 2024."""
    name = grant_role("READER", unused_email).ok()["name"]

    assert re.fullmatch(rf"{re.escape(scratch_run.name)}/permissions/[1-9]\d{{20}}", name)


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
def test_get_shows_the_same(api: Api, grant_role: Grant, unused_email: str) -> None:
    """A get call shows a permission as it was created, with its members in the same order. Observed in 2024."""
    permission = grant_role("READER", unused_email).ok()

    assert list(api.get(f"v1beta/{permission['name']}").ok().items()) == list(permission.items())


@clause("permissions/patch-answers-with-the-permission", PATCH, GET, cost=Cost.TUNING)
@pytest.mark.parametrize("role", ["READER", "WRITER"])
def test_patch_answers_with_the_permission(api: Api, grant_role: Grant, unused_email: str, role: str) -> None:
    """A patch returns the whole permission, although the mask names only the role. Observed in 2024."""
    permission = grant_role("WRITER" if role == "READER" else "READER", unused_email).ok()
    updated = api.patch(f"v1beta/{permission['name']}", {"role": role}, {"updateMask": "role"}).ok()

    assert list(updated.items()) == list({**permission, "role": role}.items())
    assert api.get(f"v1beta/{permission['name']}").ok() == updated


@clause("permissions/delete-answers-with-nothing", DELETE, cost=Cost.TUNING)
def test_delete_answers_with_nothing(api: Api, grant_role: Grant, unused_email: str) -> None:
    """A delete call returns an empty object. Observed in 2024."""
    answer = api.delete(f"v1beta/{grant_role('READER', unused_email).ok()['name']}")

    assert answer.ok() == {}
    assert answer.text == "{}\n"


# -- Lists -----------------------------------------------------------------------------------------------------


@clause("permissions/new-model-has-its-owner", LIST, cost=Cost.TUNING)
def test_new_model_has_its_owner(api: Api, create: Create) -> None:
    """A new model has one permission, for the user who owns it, and the list has no token. Observed in 2024."""
    page = api.get(f"v1beta/{_created_model(create())}/permissions").ok()

    assert list(page) == ["permissions"]
    assert [(permission["granteeType"], permission["role"]) for permission in page["permissions"]] == [
        ("USER", "OWNER")
    ]
    assert list(page["permissions"][0]) == ["name", "granteeType", "emailAddress", "role"]


@clause("permissions/owner-first", LIST, cost=Cost.TUNING)
def test_owner_first(api: Api, scratch_run: ObservedRun, grant_role: Grant, unused_email: str) -> None:
    """The list begins with the owner's permission and has each new one. Observed in 2024."""
    permission = grant_role("WRITER", unused_email, "GROUP").ok()
    permissions = api.list_all(f"v1beta/{scratch_run.name}/permissions")

    assert [one["role"] for one in permissions].index("OWNER") == 0
    assert permissions.count(permission) == 1


@clause("permissions/deleted-ones-are-not-listed", LIST, DELETE, cost=Cost.TUNING)
def test_deleted_ones_are_not_listed(api: Api, scratch_run: ObservedRun, grant_role: Grant, unused_email: str) -> None:
    """A deleted permission is not listed. Documented."""
    permission = grant_role("READER", unused_email).ok()
    api.delete(f"v1beta/{permission['name']}").ok()

    assert permission["name"] not in [one["name"] for one in api.list_all(f"v1beta/{scratch_run.name}/permissions")]


@clause("permissions/pages", LIST, CREATE, cost=Cost.TUNING)
def test_pages(api: Api, create: Create, unused_email: str) -> None:
    """A page has ten permissions by default, else at most as many as requested, and each permission is on one page.
    Documented.
    """
    model = _created_model(create())
    names = [
        api.post(
            f"v1beta/{model}/permissions",
            {"granteeType": "USER", "emailAddress": f"{number}-{unused_email}", "role": "READER"},
        ).ok()["name"]
        for number in range(10)
    ]

    page = api.get(f"v1beta/{model}/permissions").ok()
    assert len(page["permissions"]) == 10
    assert page["nextPageToken"]
    pages = api.pages(f"v1beta/{model}/permissions", {"pageSize": 4})
    assert all(len(page.get("permissions", [])) <= 4 for page in pages)
    listed_names = [permission["name"] for page in pages for permission in page.get("permissions", [])]
    assert sorted(listed_names[1:]) == sorted(names)


@clause("permissions/page-size-beyond-the-limit", LIST, cost=Cost.TUNING)
def test_page_size_beyond_the_limit(api: Api, scratch_run: ObservedRun) -> None:
    """A page size above a thousand counts as a thousand and is not refused. Documented."""
    assert 0 < len(api.get(f"v1beta/{scratch_run.name}/permissions", {"pageSize": 1001}).ok()["permissions"]) <= 1000


@clause("permissions/negative-page-size", LIST, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_negative_page_size(api: Api, scratch_run: ObservedRun) -> None:
    """The list of permissions refuses a page size below zero. Inferred from the rules for Google's APIs."""
    api.get(f"v1beta/{scratch_run.name}/permissions", {"pageSize": -1}).assert_error(400, "INVALID_ARGUMENT")


# -- Roles -----------------------------------------------------------------------------------------------------


@clause(
    "permissions/readers-use-the-model",
    CREATE,
    "tunedModels.get",
    "tunedModels.generateContent",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
@pytest.mark.parametrize("role", ["READER", "WRITER"])
def test_readers_use_the_model(
    other_api: Api, scratch_run: ObservedRun, grant_role: Grant, other_email: str, role: str
) -> None:
    """A reader or a writer of a model can read it and generate with it. Documented."""
    grant_role(role, other_email).ok()

    assert other_api.get(f"v1beta/{scratch_run.name}").ok()["name"] == scratch_run.name
    assert other_api.post(f"v1beta/{scratch_run.name}:generateContent", PROMPT).ok()["candidates"]


@clause(
    "permissions/writers-change-and-share",
    CREATE,
    "tunedModels.patch",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_writers_change_and_share(
    other_api: Api, scratch_run: ObservedRun, grant_role: Grant, other_email: str, unused_email: str
) -> None:
    """A writer of a model can change it and share it. Documented."""
    grant_role("WRITER", other_email).ok()
    request_body = {"granteeType": "USER", "emailAddress": unused_email, "role": "READER"}

    other_api.patch(f"v1beta/{scratch_run.name}", {"description": "New."}, {"updateMask": "description"}).ok()
    permission = other_api.post(f"v1beta/{scratch_run.name}/permissions", request_body).ok()
    other_api.delete(f"v1beta/{permission['name']}").ok()


@clause(
    "permissions/readers-do-not-change",
    "tunedModels.patch",
    CREATE,
    outcome=DENIED,
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_readers_do_not_change(
    other_api: Api, scratch_run: ObservedRun, grant_role: Grant, other_email: str, unused_email: str
) -> None:
    """A reader of a model can neither change nor share it. Documented."""
    grant_role("READER", other_email).ok()
    request_body = {"granteeType": "USER", "emailAddress": unused_email, "role": "READER"}

    patch_answer = other_api.patch(f"v1beta/{scratch_run.name}", {"description": "New."}, {"updateMask": "description"})
    create_answer = other_api.post(f"v1beta/{scratch_run.name}/permissions", request_body)
    patch_answer.assert_error(403, "PERMISSION_DENIED")
    create_answer.assert_error(403, "PERMISSION_DENIED")


@clause(
    "permissions/only-owners-delete",
    "tunedModels.delete",
    outcome=DENIED,
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
@pytest.mark.parametrize("role", ["READER", "WRITER"])
def test_only_owners_delete(api: Api, other_api: Api, create: Create, other_email: str, role: str) -> None:
    """Only the owner of a model can delete it. Documented."""
    model = _created_model(create())
    request_body = {"granteeType": "USER", "emailAddress": other_email, "role": role}
    api.post(f"v1beta/{model}/permissions", request_body).ok()

    other_api.delete(f"v1beta/{model}").assert_error(403, "PERMISSION_DENIED")
    assert api.get(f"v1beta/{model}").ok()["name"] == model


@clause("permissions/deletion-ends-access", DELETE, outcome=DENIED, cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_deletion_ends_access(
    api: Api, other_api: Api, scratch_run: ObservedRun, grant_role: Grant, other_email: str
) -> None:
    """A user whose permission is deleted loses access to the model. Documented."""
    permission = grant_role("READER", other_email).ok()
    other_api.get(f"v1beta/{scratch_run.name}").ok()
    api.delete(f"v1beta/{permission['name']}").ok()

    other_api.get(f"v1beta/{scratch_run.name}").assert_error(403, "PERMISSION_DENIED")


@clause(
    "permissions/of-a-model-of-another-user",
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
def test_of_a_model_of_another_user(
    api: Api, other_api: Api, foreign_model: str, unused_email: str, method: str
) -> None:
    """A user without access to a model can neither read nor change its permissions. Inferred from get."""
    path = f"v1beta/{foreign_model}/permissions"
    permission_path = f"v1beta/{other_api.get(path).ok()['permissions'][0]['name']}"
    request_body = {"granteeType": "USER", "emailAddress": unused_email, "role": "READER"}
    answers: dict[str, Callable[[], Answer]] = {
        "create": lambda: api.post(path, request_body),
        "list": lambda: api.get(path),
        "get": lambda: api.get(permission_path),
        "patch": lambda: api.patch(permission_path, {"role": "READER"}, {"updateMask": "role"}),
        "delete": lambda: api.delete(permission_path),
    }

    answers[method]().assert_error(403, "PERMISSION_DENIED")


# -- Errors ----------------------------------------------------------------------------------------------------


@clause("permissions/of-a-missing-model", LIST, GET, outcome=NOT_FOUND, cost=Cost.FREE)
@pytest.mark.parametrize("path", ["permissions", "permissions/123456789012345678901"])
def test_of_a_missing_model(api: Api, new_id: Callable[[], str], path: str) -> None:
    """Reading the permissions of a model that does not exist gives 404, not 403. Observed in 2025."""
    api.get(f"v1beta/tunedModels/{new_id()}/{path}").assert_error(404, "NOT_FOUND")


@clause(
    "permissions/change-of-a-missing-model",
    CREATE,
    PATCH,
    DELETE,
    outcome=NOT_FOUND,
    level=Level.RECOMMENDED,
    cost=Cost.FREE,
)
def test_change_of_a_missing_model(api: Api, new_id: Callable[[], str], unused_email: str) -> None:
    """Permissions of a model that does not exist cannot be created, changed or deleted. Inferred from reading them."""
    path = f"v1beta/tunedModels/{new_id()}/permissions"
    permission_path = f"{path}/123456789012345678901"
    answers = [
        api.post(path, {"granteeType": "USER", "emailAddress": unused_email, "role": "READER"}),
        api.patch(permission_path, {"role": "READER"}, {"updateMask": "role"}),
        api.delete(permission_path),
    ]

    for answer in answers:
        answer.assert_error(404, "NOT_FOUND")


@clause("permissions/missing", GET, PATCH, DELETE, outcome=NOT_FOUND, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_missing(api: Api, scratch_run: ObservedRun) -> None:
    """A permission that does not exist is not found. Inferred from those of a missing model."""
    path = f"v1beta/{scratch_run.name}/permissions/123456789012345678901"
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
def test_required_members(api: Api, scratch_run: ObservedRun, unused_email: str, members: dict[str, str]) -> None:
    """A permission needs a role; a user or a group needs an address, and everyone must have none. Documented."""
    request_body: dict[str, Any] = {name: value.replace("ADDRESS", unused_email) for name, value in members.items()}

    api.post(f"v1beta/{scratch_run.name}/permissions", request_body).assert_error(400, "INVALID_ARGUMENT")


@clause("permissions/a-grantee-type-may-be-left-out", CREATE, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_a_grantee_type_may_be_left_out(api: Api, create: Create, unused_email: str) -> None:
    """A request for a permission can omit the grantee type. That it can be omitted is documented; its value
    then is not.
    """
    request_body = {"emailAddress": unused_email, "role": "READER"}

    assert api.post(f"v1beta/{_created_model(create())}/permissions", request_body).ok()["role"] == "READER"


@clause("permissions/v1beta3-needs-a-grantee-type", CREATE, outcome=INVALID, level=Level.OPTIONAL, cost=Cost.TUNING)
def test_v1beta3_needs_a_grantee_type(api: Api, scratch_run: ObservedRun, unused_email: str) -> None:
    """Version v1beta3 refuses a permission without a grantee type. Documented for that version alone."""
    answer = api.post(f"v1beta3/{scratch_run.name}/permissions", {"emailAddress": unused_email, "role": "READER"})

    answer.assert_error(400, "INVALID_ARGUMENT")


@clause("permissions/patch-needs-a-mask", PATCH, outcome=INVALID, cost=Cost.TUNING)
def test_patch_needs_a_mask(api: Api, grant_role: Grant, unused_email: str) -> None:
    """A patch of a permission needs a mask. Documented."""
    permission = grant_role("READER", unused_email).ok()

    api.patch(f"v1beta/{permission['name']}", {"role": "WRITER"}).assert_error(400, "INVALID_ARGUMENT")


@clause("permissions/only-the-role-changes", PATCH, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize("mask", ["emailAddress", "granteeType", "role,emailAddress"])
def test_only_the_role_changes(api: Api, grant_role: Grant, unused_email: str, mask: str) -> None:
    """The service refuses a mask that names another member than the role. That no other changes is documented."""
    permission = grant_role("READER", unused_email).ok()
    request_body = {"role": "WRITER", "granteeType": "GROUP", "emailAddress": f"new-{unused_email}"}

    api.patch(f"v1beta/{permission['name']}", request_body, {"updateMask": mask}).assert_error(400, "INVALID_ARGUMENT")
    assert api.get(f"v1beta/{permission['name']}").ok() == permission


@clause(
    "permissions/ownership-is-not-granted", CREATE, PATCH, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING
)
def test_ownership_is_not_granted(api: Api, scratch_run: ObservedRun, grant_role: Grant, unused_email: str) -> None:
    """Ownership can be transferred but not granted by a permission. Documented; how it is refused is inferred."""
    permission = grant_role("READER", unused_email).ok()
    another = {"granteeType": "USER", "emailAddress": f"new-{unused_email}", "role": "OWNER"}

    api.post(f"v1beta/{scratch_run.name}/permissions", another).assert_error(400, "INVALID_ARGUMENT")
    answer = api.patch(f"v1beta/{permission['name']}", {"role": "OWNER"}, {"updateMask": "role"})
    answer.assert_error(400, "INVALID_ARGUMENT")


@clause("permissions/owner-cannot-be-removed", PATCH, DELETE, outcome="4xx", level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_owner_cannot_be_removed(api: Api, create: Create) -> None:
    """The owner's permission cannot be changed or deleted. Documented; how it is refused is not."""
    path = f"v1beta/{_created_model(create())}/permissions"
    owner = api.get(path).ok()["permissions"][0]
    patch_answer = api.patch(f"v1beta/{owner['name']}", {"role": "READER"}, {"updateMask": "role"})
    delete_answer = api.delete(f"v1beta/{owner['name']}")

    assert 400 <= patch_answer.status < 500
    assert 400 <= delete_answer.status < 500
    assert api.get(path).ok()["permissions"] == [owner]
