"""Each method of a model's permissions sends its request and reads its result."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from tunedmodels import Client, GranteeType, Permission, Permissions, Role

PATH = "https://service.test/v1beta/tunedModels/m/permissions"
GROUP = {
    "name": "tunedModels/m/permissions/101799614406133382015",
    "granteeType": "GROUP",
    "emailAddress": "group@example.com",
    "role": "READER",
}
OWNER = {
    "name": "tunedModels/m/permissions/115188574863796211601",
    "granteeType": "USER",
    "emailAddress": "owner@example.com",
    "role": "OWNER",
}


@pytest.fixture
def permissions(client: Client) -> Permissions:
    """The permissions of the tuned model m."""
    return client.tuned_models.permissions("m")


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        pytest.param(
            {"role": "READER", "grantee_type": "EVERYONE"}, {"granteeType": "EVERYONE", "role": "READER"}, id="everyone"
        ),
        pytest.param(
            {"role": Role.WRITER, "email_address": "a@example.com"},
            {"granteeType": "USER", "emailAddress": "a@example.com", "role": "WRITER"},
            id="user",
        ),
        pytest.param(
            {"role": Role.READER, "email_address": "g@example.com", "grantee_type": GranteeType.GROUP},
            {"granteeType": "GROUP", "emailAddress": "g@example.com", "role": "READER"},
            id="group",
        ),
        pytest.param(
            {"role": "READER", "email_address": "g@example.com", "grantee_type": "GROUP"},
            {"granteeType": "GROUP", "emailAddress": "g@example.com", "role": "READER"},
            id="group by its name",
        ),
        pytest.param(
            {"role": "COMMENTER", "email_address": "a.test", "grantee_type": "DOMAIN"},
            {"granteeType": "DOMAIN", "emailAddress": "a.test", "role": "COMMENTER"},
            id="of a newer service",
        ),
    ],
)
def test_create(
    permissions: Permissions, answers: responses.RequestsMock, arguments: dict[str, Any], body: dict[str, str]
) -> None:
    """The grantee of an address is a user unless the caller names a group; everyone has no address."""
    answers.post(PATH, json=GROUP)
    permission = permissions.create(**arguments)

    assert json.loads(answers.calls[0].request.body or "") == body
    assert permission == Permission(
        name="tunedModels/m/permissions/101799614406133382015",
        grantee_type=GranteeType.GROUP,
        email_address="group@example.com",
        role=Role.READER,
    )


@pytest.mark.parametrize(
    "arguments",
    [{}, {"email_address": ""}, {"grantee_type": "GROUP"}, {"email_address": "a@b.c", "grantee_type": "EVERYONE"}],
    ids=["neither", "empty address", "group without address", "both"],
)
def test_create_with_wrong_grantee(
    permissions: Permissions, answers: responses.RequestsMock, arguments: dict[str, str]
) -> None:
    """A missing address, perhaps of an unset variable, does not share the model with everyone."""
    with pytest.raises(ValueError, match="Give email_address, or grantee_type EVERYONE"):
        permissions.create("READER", **arguments)

    assert len(answers.calls) == 0


def test_create_for_no_role(permissions: Permissions, answers: responses.RequestsMock) -> None:
    """An empty role is refused before anything is sent."""
    with pytest.raises(ValueError, match="is not a Role"):
        permissions.create("", "bob@example.com")

    assert len(answers.calls) == 0


@pytest.mark.parametrize(
    "permission",
    ["101799614406133382015", "tunedModels/m/permissions/101799614406133382015", Permission.from_json(GROUP)],
    ids=["id", "name", "permission"],
)
def test_one_permission(
    permissions: Permissions, answers: responses.RequestsMock, permission: str | Permission
) -> None:
    """Each method takes the id, the name or the permission."""
    for add in (answers.get, answers.patch):
        add(f"{PATH}/101799614406133382015", json=GROUP)
    answers.delete(f"{PATH}/101799614406133382015", json={})
    current = permissions.get(permission)
    updated = permissions.update(permission, "WRITER")
    permissions.delete(permission)

    assert current == updated == Permission.from_json(GROUP)
    assert [call.request.method for call in answers.calls] == ["GET", "PATCH", "DELETE"]
    assert [call.request.body for call in answers.calls] == [None, b'{"role": "WRITER"}', None]


def test_update(permissions: Permissions, answers: responses.RequestsMock) -> None:
    """The client sends only the role, and the mask names it."""
    answers.patch(f"{PATH}/p", json={**GROUP, "role": "WRITER"})
    permission = permissions.update("p", Role.WRITER)

    assert answers.calls[0].request.url == f"{PATH}/p?updateMask=role"
    assert json.loads(answers.calls[0].request.body or "") == {"role": "WRITER"}
    assert permission.role is Role.WRITER


def test_list(permissions: Permissions, answers: responses.RequestsMock) -> None:
    """The list requests each page when it needs it, from the given token."""
    answers.get(PATH, json={"permissions": [OWNER], "nextPageToken": "b"})
    answers.get(PATH, json={"permissions": [GROUP]})
    pager = permissions.list(page_size=1, page_token="a")
    assert len(answers.calls) == 0

    assert [permission.role for permission in pager] == ["OWNER", "READER"]
    assert [dict(parse_qsl(urlsplit(call.request.url or "").query)) for call in answers.calls] == [
        {"pageSize": "1", "pageToken": "a"},
        {"pageSize": "1", "pageToken": "b"},
    ]


def test_list_with_defaults(permissions: Permissions, answers: responses.RequestsMock) -> None:
    """Without arguments the request has no parameters."""
    answers.get(PATH, json={})

    assert list(permissions.list()) == []
    assert answers.calls[0].request.url == PATH


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda permissions, name: permissions.get(name), id="get"),
        pytest.param(lambda permissions, name: permissions.update(name, "READER"), id="update"),
        pytest.param(lambda permissions, name: permissions.delete(name), id="delete"),
    ],
)
@pytest.mark.parametrize("name", ["", "..", "a/b", "tunedModels/other/permissions/p", Permission()], ids=repr)
def test_invalid_names(
    permissions: Permissions,
    answers: responses.RequestsMock,
    call: Callable[[Permissions, str | Permission], object],
    name: str | Permission,
) -> None:
    """A name that would lead to something else is refused before anything is sent."""
    with pytest.raises(ValueError, match="A permission's name"):
        call(permissions, name)

    assert len(answers.calls) == 0
