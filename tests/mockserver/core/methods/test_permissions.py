"""Tests permissions: grants, roles and the transfer of ownership."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tunedmodels_mockserver.core.clock import ManualClock

from ...conftest import api_error, ok

ALICE = {"Authorization": "Bearer alice@example.com"}
BOB = {"Authorization": "Bearer bob@example.com"}
CAROL = {"Authorization": "Bearer carol@example.com"}

MODEL = "/v1beta/tunedModels/own"
GRANTS = f"{MODEL}/permissions"
EVERYONE = {"granteeType": "EVERYONE", "role": "READER"}

FORBIDDEN = ("PERMISSION_DENIED", "You do not have permission to access tuned model tunedModels/own.")
INVALID = ("INVALID_ARGUMENT", "Request contains an invalid argument.")

NO_ADDRESSES = [
    "bob",
    "bob@",
    "@example.com",
    "a@b@c",
    "bob @example.com",
    "<bob@example.com>",
    "a@b\n",
    f"{'x' * 201}@b.c",
]


@pytest.fixture(autouse=True)
def _alices_model(http: FlaskClient, clock: ManualClock) -> None:
    make(http, "own")
    clock.advance(30)


def make(http: FlaskClient, model_id: str) -> None:
    rows = [{"textInput": "1", "output": "2"}]
    task = {"trainingData": {"examples": {"examples": rows}}}
    model = {"baseModel": "models/gemini-1.0-pro-001", "tuningTask": task}
    path = f"/v1beta/tunedModels?tunedModelId={model_id}"
    ok(http.post(path, json=model, headers=ALICE))


def finding(text: str) -> tuple[str, str]:
    return "INVALID_ARGUMENT", f"* {text}\n"


def grant(http: FlaskClient, **permission: Any) -> Any:
    """Share the model as Alice; a permission without a type is that of a user."""
    return ok(http.post(GRANTS, json=permission, headers=ALICE))


def bob_gets(http: FlaskClient, role: str) -> str:
    """Give Bob a role as Alice, and return the path of his permission."""
    return "/v1beta/" + str(grant(http, emailAddress="bob@example.com", role=role)["name"])


def roles(http: FlaskClient) -> dict[str, str]:
    """Return the role of each grantee, in the order of the list."""
    page = ok(http.get(f"{GRANTS}?pageSize=1000", headers=ALICE))
    return {permission.get("emailAddress", "everyone"): permission["role"] for permission in page["permissions"]}


def test_creator_is_the_owner(http: FlaskClient) -> None:
    """The owner is a user with a number of 21 digits; the one page has no token."""
    page = ok(http.get(GRANTS, headers=ALICE))

    (owner,) = page.pop("permissions")
    assert page == {}
    name = owner.pop("name")
    assert re.fullmatch(r"tunedModels/own/permissions/[0-9]{21}", name)
    assert owner == {"granteeType": "USER", "emailAddress": "alice@example.com", "role": "OWNER"}
    assert ok(http.get(f"/v1beta/{name}", headers=ALICE))["role"] == "OWNER"


@pytest.mark.parametrize(
    ("body", "kind", "role"),
    [
        ({"granteeType": "USER", "emailAddress": "bob@example.com", "role": "READER"}, "USER", "READER"),
        ({"granteeType": "GROUP", "emailAddress": "team@example.com", "role": "WRITER"}, "GROUP", "WRITER"),
        ({"grantee_type": 2, "email_address": "team@example.com", "role": 3}, "GROUP", "READER"),
        ({"emailAddress": "bob@example.com", "role": "WRITER"}, "USER", "WRITER"),
        ({"emailAddress": "bob@example.com", "role": "WRITER", "name": "x"}, "USER", "WRITER"),
    ],
)
def test_create_returns_the_whole_permission(http: FlaskClient, body: dict[str, Any], kind: str, role: str) -> None:
    """Name, type, address and role, as in get and list; an address alone means a user (invented)."""
    answer = grant(http, **body)

    assert list(answer) == ["name", "granteeType", "emailAddress", "role"]
    assert re.fullmatch(r"tunedModels/own/permissions/[0-9]{21}", answer["name"])
    assert (answer["granteeType"], answer["role"]) == (kind, role)
    assert answer["emailAddress"] in body.values()
    assert ok(http.get(f"/v1beta/{answer['name']}", headers=ALICE)) == answer
    assert ok(http.get(GRANTS, headers=ALICE))["permissions"][1:] == [answer]


def test_permission_of_everyone_has_its_own_name(http: FlaskClient) -> None:
    """It is called everyone and has no address (documented)."""
    expected = {"name": "tunedModels/own/permissions/everyone", "granteeType": "EVERYONE", "role": "READER"}

    assert grant(http, **EVERYONE) == expected
    assert ok(http.get(f"{GRANTS}/everyone", headers=ALICE)) == expected


def test_a_grantee_has_the_same_number_everywhere(http: FlaskClient) -> None:
    """The number is the account's, not the permission's."""
    make(http, "other")
    bob = {"emailAddress": "bob@example.com", "role": "READER"}
    first = grant(http, **bob)["name"]
    second = ok(http.post("/v1beta/tunedModels/other/permissions", json=bob, headers=ALICE))["name"]

    assert first.replace("/own/", "/other/") == second


@pytest.mark.parametrize("address", ["bob@example.com", "Bob@Example.com", "alice@example.com"])
def test_a_grantee_has_one_permission(http: FlaskClient, address: str) -> None:
    """A second grant, even to the owner, exists already (invented)."""
    bob_gets(http, "READER")
    answer = http.post(GRANTS, json={"emailAddress": address, "role": "WRITER"}, headers=ALICE)

    status, message = api_error(answer)
    assert status == "ALREADY_EXISTS"
    assert re.fullmatch(r"Permission tunedModels/own/permissions/[0-9]{21} already exists\.", message)
    assert roles(http) == {"alice@example.com": "OWNER", "bob@example.com": "READER"}


NO_ADDRESS = finding("CreatePermissionRequest.permission.email_address: email_address must be an e-mail address")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, finding("CreatePermissionRequest.permission.grantee_type: grantee_type is not specified")),
        (
            {"role": "READER"},
            finding("CreatePermissionRequest.permission.grantee_type: grantee_type is not specified"),
        ),
        (
            {"granteeType": "USER", "role": "READER"},
            finding("CreatePermissionRequest.permission.email_address: email_address is not specified"),
        ),
        *(
            ({**permission, "role": "READER"}, NO_ADDRESS)
            for permission in (
                *({"emailAddress": address} for address in NO_ADDRESSES),
                {"emailAddress": "bob", "granteeType": "USER"},
                {"emailAddress": "bob", "granteeType": "GROUP"},
            )
        ),
        *(
            (
                {"emailAddress": "a@b.c", "role": "READER", "granteeType": kind},
                finding(f"CreatePermissionRequest.permission.grantee_type: there is no grantee type {kind}"),
            )
            for kind in (4, -1)
        ),
        *(
            (
                {"emailAddress": "a@b.c", "role": role},
                finding(f"CreatePermissionRequest.permission.role: there is no role {role}"),
            )
            for role in (4, -1)
        ),
        ({"emailAddress": "a@b.c"}, finding("CreatePermissionRequest.permission.role: role is not specified")),
        (
            {"emailAddress": "a@b.c", "role": "OWNER"},
            finding("CreatePermissionRequest.permission.role: the owner can be changed by transferOwnership only"),
        ),
        (
            {**EVERYONE, "emailAddress": "a@b.c"},
            finding("CreatePermissionRequest.permission.email_address: email_address must not be set for EVERYONE"),
        ),
        (
            {"emailAddress": "a@b.c", "role": "EDITOR"},
            (
                "INVALID_ARGUMENT",
                "Invalid value at 'permission.role' "
                '(type.googleapis.com/google.ai.generativelanguage.v1beta.Permission.Role), "EDITOR"',
            ),
        ),
        (
            {"email": "a@b.c"},
            (
                "INVALID_ARGUMENT",
                "Invalid JSON payload received. Unknown name \"email\" at 'permission': Cannot find field.",
            ),
        ),
    ],
)
def test_invalid_grants(http: FlaskClient, body: dict[str, Any], refusal: tuple[str, str]) -> None:
    """A grant needs a valid role, and a valid type or address; for everyone it must not have an address."""
    assert api_error(http.post(GRANTS, json=body, headers=ALICE)) == refusal
    assert roles(http) == {"alice@example.com": "OWNER"}


def test_v1beta3_requires_a_grantee_type(http: FlaskClient) -> None:
    """The type became optional in v1beta."""
    path = GRANTS.replace("v1beta", "v1beta3")
    bob = {"emailAddress": "bob@example.com", "role": "READER"}

    missing = finding("CreatePermissionRequest.permission.grantee_type: grantee_type is not specified")
    assert api_error(http.post(path, json=bob, headers=ALICE)) == missing
    assert ok(http.post(path, json={**bob, "granteeType": "USER"}, headers=ALICE))["role"] == "READER"


@pytest.mark.parametrize("mask", ["role", "*"])
def test_a_patch_changes_the_role(http: FlaskClient, mask: str) -> None:
    """The answer is the whole permission, unlike a model's patch (observed); other members are ignored."""
    path = bob_gets(http, "READER")
    before = ok(http.get(path, headers=ALICE))
    body = {"role": "WRITER", "granteeType": "GROUP", "emailAddress": "x@y.z"}

    answer = ok(http.patch(path, query_string={"updateMask": mask}, json=body, headers=ALICE))
    assert list(answer.items()) == list({**before, "role": "WRITER"}.items())
    assert ok(http.get(path, headers=ALICE)) == answer


@pytest.mark.parametrize(
    ("mask", "body", "refusal"),
    [
        (
            None,
            {"role": "WRITER"},
            finding("UpdatePermissionRequest.update_mask: update_mask is not specified"),
        ),
        ("granteeType", {"granteeType": "GROUP"}, INVALID),
        ("role,email_address", {"role": "WRITER", "emailAddress": "x@y.z"}, INVALID),
        ("role", {}, finding("UpdatePermissionRequest.permission.role: role is not specified")),
        (
            "role",
            {"role": "OWNER"},
            finding("UpdatePermissionRequest.permission.role: the owner can be changed by transferOwnership only"),
        ),
        ("role", {"role": 7}, finding("UpdatePermissionRequest.permission.role: there is no role 7")),
        (
            "roles",
            {"role": "WRITER"},
            (
                "INVALID_ARGUMENT",
                "Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), \"roles\"",
            ),
        ),
    ],
)
def test_invalid_patches(http: FlaskClient, mask: str | None, body: dict[str, Any], refusal: tuple[str, str]) -> None:
    """The mask is required (documented) and can name the role only, which must not be the owner's."""
    path = bob_gets(http, "READER")
    query = {} if mask is None else {"updateMask": mask}

    assert api_error(http.patch(path, query_string=query, json=body, headers=ALICE)) == refusal
    assert roles(http)["bob@example.com"] == "READER"


def test_owners_permission_cannot_change(http: FlaskClient) -> None:
    """No caller can change or delete it (invented wording)."""
    owner = "/v1beta/" + ok(http.get(GRANTS, headers=ALICE))["permissions"][0]["name"]

    assert api_error(http.patch(f"{owner}?updateMask=role", json={"role": "READER"}, headers=ALICE)) == INVALID
    assert api_error(http.delete(owner, headers=ALICE)) == INVALID
    assert roles(http) == {"alice@example.com": "OWNER"}


def test_deleted_permission_does_not_exist(http: FlaskClient) -> None:
    """The grantee has no access any more; get, patch and delete answer 404."""
    path = bob_gets(http, "WRITER")
    assert http.get(MODEL, headers=BOB).status_code == 200

    assert ok(http.delete(path, headers=ALICE)) == {}
    assert api_error(http.get(MODEL, headers=BOB)) == FORBIDDEN
    answers = [
        http.get(path, headers=ALICE),
        http.patch(f"{path}?updateMask=role", json={"role": "READER"}, headers=ALICE),
        http.delete(path, headers=ALICE),
    ]
    missing = ("NOT_FOUND", f"Permission {path.removeprefix('/v1beta/')} does not exist.")
    assert {api_error(answer) for answer in answers} == {missing}


def test_a_missing_model_has_no_permissions(http: FlaskClient) -> None:
    """Every call names the model, not the permission (404 observed)."""
    path = "/v1beta/tunedModels/none/permissions"
    answers = [
        http.get(path),
        http.post(path, json=EVERYONE),
        http.get(f"{path}/everyone"),
        http.patch(f"{path}/everyone?updateMask=role", json={"role": "READER"}),
        http.delete(f"{path}/everyone"),
        http.post("/v1beta/tunedModels/none:transferOwnership", json={"emailAddress": "a@b.c"}),
    ]

    missing = ("NOT_FOUND", "Tuned model tunedModels/none does not exist.")
    assert {api_error(answer) for answer in answers} == {missing}


def test_permissions_come_in_pages(http: FlaskClient) -> None:
    """Ten for each page by default, the owner first, the others in order; a token is for one model's list."""
    make(http, "other")
    names = [grant(http, emailAddress=f"{letter}@b.c", role="READER")["name"] for letter in "abcdefghijk"]

    first = ok(http.get(GRANTS, headers=ALICE))
    token = first["nextPageToken"]
    rest = ok(http.get(f"{GRANTS}?pageToken={token}", headers=ALICE))
    assert [permission["name"] for permission in (*first["permissions"], *rest["permissions"])][1:] == names
    assert (len(first["permissions"]), "nextPageToken" in rest) == (10, False)
    whole = ok(http.get(f"{GRANTS}?pageSize=12", headers=ALICE))
    assert (len(whole["permissions"]), "nextPageToken" in whole) == (12, False)
    foreign = http.get(f"/v1beta/tunedModels/other/permissions?pageToken={token}", headers=ALICE)
    assert api_error(foreign) == ("INVALID_ARGUMENT", f"Invalid page token: {token}")
    negative = http.get(f"{GRANTS}?pageSize=-1", headers=ALICE)
    assert api_error(negative) == ("INVALID_ARGUMENT", "page_size must not be negative.")


ROLES = ["none", "everyone", "reader", "writer", "owner"]
MAY = {  # x: he who has the role of this column may
    "get": ". x x x x",
    "generate": ". x x x x",
    "permissions": ". x x x x",
    "patch": ". . . x x",
    "share": ". . . x x",
    "change_share": ". . . x x",
    "unshare": ". . . x x",
    "transfer": ". . . . x",
    "delete": ". . . . x",
}


def attempt(http: FlaskClient, verb: str, caller: dict[str, str], carols: str) -> TestResponse:
    carol_reads = {"emailAddress": "carol2@example.com", "role": "READER"}
    ask = {"contents": [{"parts": [{"text": "1"}]}]}
    calls: dict[str, tuple[str, str, dict[str, Any] | None]] = {
        "get": ("GET", MODEL, None),
        "generate": ("POST", f"{MODEL}:generateContent", ask),
        "permissions": ("GET", GRANTS, None),
        "patch": ("PATCH", f"{MODEL}?updateMask=description", {"description": "d"}),
        "share": ("POST", GRANTS, carol_reads),
        "change_share": ("PATCH", f"{carols}?updateMask=role", {"role": "WRITER"}),
        "unshare": ("DELETE", carols, None),
        "transfer": ("POST", f"{MODEL}:transferOwnership", {"emailAddress": "carol@example.com"}),
        "delete": ("DELETE", MODEL, None),
    }
    method, path, body = calls[verb]
    return http.open(path, method=method, json=body, headers=caller)


@pytest.mark.parametrize("verb", MAY)
@pytest.mark.parametrize("role", ROLES)
def test_roles(http: FlaskClient, verb: str, role: str) -> None:
    """Readers use, writers also change and share, owners also transfer and delete (permission.proto)."""
    carols = "/v1beta/" + grant(http, emailAddress="carol@example.com", role="READER")["name"]
    if role == "everyone":
        grant(http, **EVERYONE)
    elif role in ("reader", "writer"):
        bob_gets(http, role.upper())
    answer = attempt(http, verb, ALICE if role == "owner" else BOB, carols)

    if MAY[verb].split()[ROLES.index(role)] == "x":
        assert answer.status_code == 200, answer.text
    elif verb == "transfer" and role != "none":
        text = "You need to be the owner of the resource to transfer ownership"
        assert api_error(answer) == ("PERMISSION_DENIED", text)
    else:
        assert api_error(answer) == FORBIDDEN


def test_ownership_can_be_transferred(http: FlaskClient) -> None:
    """The new owner is first, the old one is a writer (documented), the others do not change."""
    bob_gets(http, "READER")
    grant(http, **EVERYONE)
    answer = http.post(f"{MODEL}:transferOwnership", json={"email_address": "Bob@example.com"}, headers=ALICE)

    assert ok(answer) == {}
    assert list(roles(http).items()) == [
        ("bob@example.com", "OWNER"),
        ("alice@example.com", "WRITER"),
        ("everyone", "READER"),
    ]
    again = http.post(f"{MODEL}:transferOwnership", json={"emailAddress": "carol@example.com"}, headers=ALICE)
    assert api_error(again)[1] == "You need to be the owner of the resource to transfer ownership"
    assert api_error(http.delete(MODEL, headers=ALICE)) == FORBIDDEN
    assert ok(http.delete(MODEL, headers=BOB)) == {}


def test_transfer_to_the_owner_changes_nothing(http: FlaskClient) -> None:
    """The owner stays the owner."""
    bob_gets(http, "WRITER")
    before = roles(http)

    ok(http.post(f"{MODEL}:transferOwnership", json={"emailAddress": "alice@example.com"}, headers=ALICE))
    assert roles(http) == before


def test_transfer_needs_an_address(http: FlaskClient) -> None:
    """The address is required."""
    answer = http.post(f"{MODEL}:transferOwnership", json={}, headers=ALICE)

    missing = "TransferOwnershipRequest.email_address: email_address is not specified"
    assert api_error(answer) == finding(missing)


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_transfer_to_an_invalid_address_is_refused(http: FlaskClient, address: str) -> None:
    """The owner stays the owner."""
    answer = http.post(f"{MODEL}:transferOwnership", json={"emailAddress": address}, headers=ALICE)

    text = "TransferOwnershipRequest.email_address: email_address must be an e-mail address"
    assert api_error(answer) == finding(text)
    assert roles(http) == {"alice@example.com": "OWNER"}


def test_workflow_of_sharing(http: FlaskClient) -> None:
    """Alice shares with Bob, who changes the model and opens it to everyone; Carol calls it; Alice stops sharing."""
    ask = {"contents": [{"parts": [{"text": "1"}]}]}
    bob_gets(http, "WRITER")
    ok(http.patch(MODEL, json={"description": "counts"}, headers=BOB))
    everyone = "/v1beta/" + ok(http.post(GRANTS, json=EVERYONE, headers=BOB))["name"]
    assert "tunedModels" in ok(http.get("/v1beta/tunedModels", headers=BOB))

    with_any_key = http.post(f"{MODEL}:generateContent?key=whatever", json=ask)
    assert ok(with_any_key)["candidates"][0]["content"]["parts"] == [{"text": "2"}]
    assert ok(http.get(MODEL, headers=CAROL))["description"] == "counts"
    assert ok(http.get("/v1beta/tunedModels", headers=CAROL)) == {}
    everyones = ok(http.get("/v1beta/tunedModels?filter=readers:everyone", headers=CAROL))
    assert [model["name"] for model in everyones["tunedModels"]] == ["tunedModels/own"]

    ok(http.delete(everyone, headers=ALICE))
    assert api_error(http.post(f"{MODEL}:generateContent", json=ask, headers=CAROL)) == FORBIDDEN
    assert ok(http.post(f"{MODEL}:generateContent", json=ask, headers=BOB))["candidates"]
