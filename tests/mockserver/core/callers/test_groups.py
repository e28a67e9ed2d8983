"""Tests several users, and groups of them."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock, Settings, create_app
from tunedmodels_mockserver.core.callers.grants import RefreshGrant
from tunedmodels_mockserver.core.callers.scopes import TUNING

from ...conftest import SharedServers, api_error, ok

TEAM = "team@example.com"
GROUPS = {TEAM: ["alice@example.com", "Bob@example.com"]}
ASK = {"contents": [{"parts": [{"text": "LXIII"}]}]}


@pytest.fixture
def people(servers: SharedServers) -> FlaskClient:
    """Return a client of a server with a group of Alice and Bob."""
    return servers.app(groups=GROUPS).test_client()


def of(person: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {person}@example.com"}


@pytest.fixture
def share(people: FlaskClient, clock: ManualClock, tutorial: Any) -> Any:
    """Create an active model of Carol, and return a function that shares it with a group or a user in a role."""
    ok(people.post("/v1beta/tunedModels?tunedModelId=hers", json=tutorial(), headers=of("carol")))
    clock.advance(30)

    def share(role: str, kind: str = "GROUP") -> None:
        grant = {"granteeType": kind, "emailAddress": "Team@example.com", "role": role}
        ok(people.post("/v1beta/tunedModels/hers/permissions", json=grant, headers=of("carol")))

    return share


def models_of(http: FlaskClient, person: str, text: str = "") -> list[str]:
    page = ok(http.get("/v1beta/tunedModels", query_string={"filter": text}, headers=of(person)))
    return [model["name"] for model in page.get("tunedModels", [])]


@pytest.mark.parametrize("person", ["alice", "bob", "team"])
def test_reader_group_can_read(people: FlaskClient, share: Any, person: str) -> None:
    """Each member, and the address of the group, can use and list the model, and change nothing."""
    assert people.get("/v1beta/tunedModels/hers", headers=of(person)).status_code == 403
    share("READER")

    model = "/v1beta/tunedModels/hers"
    answer = ok(people.post(f"{model}:generateContent", json=ASK, headers=of(person)))
    assert answer["candidates"][0]["content"]["parts"] == [{"text": "LXIV"}]
    assert api_error(people.patch(model, json={"description": "x"}, headers=of(person)))[0] == "PERMISSION_DENIED"
    filters = ("", "readers:me", "writers:me", "owner:me")
    assert [len(models_of(people, person, text)) for text in filters] == [1, 1, 0, 0]


def test_writer_group_can_write(people: FlaskClient, share: Any) -> None:
    """Members can change, share and find the model as writers; only the owner can delete it."""
    share("WRITER")

    assert ok(people.patch("/v1beta/tunedModels/hers", json={"description": "x"}, headers=of("bob"))) == {
        "description": "x"
    }
    assert models_of(people, "alice", "writers:me") == ["tunedModels/hers"]
    assert api_error(people.delete("/v1beta/tunedModels/hers", headers=of("alice")))[0] == "PERMISSION_DENIED"


def test_other_users_have_no_access(people: FlaskClient, share: Any) -> None:
    """A user outside the group gets no access."""
    share("WRITER")

    assert people.get("/v1beta/tunedModels/hers", headers=of("dave")).status_code == 403
    assert models_of(people, "dave") == []


def test_user_with_the_address_of_a_group(people: FlaskClient, share: Any) -> None:
    """A permission for a user with the group's address is for that user alone."""
    share("READER", "USER")

    assert people.get("/v1beta/tunedModels/hers", headers=of("alice")).status_code == 403
    assert people.get("/v1beta/tunedModels/hers", headers=of("team")).status_code == 200


def test_ownership_goes_to_another_user(clock: ManualClock, tutorial: Any) -> None:
    """With the server's own tokens, the owner transfers the model and becomes a writer; the new owner can delete it."""
    http = create_app(Settings(auth="strict"), clock.now).test_client()
    tokens: dict[str, dict[str, str]] = {}
    for person in ("alice", "bob"):
        refresh = RefreshGrant(f"{person}@example.com", TUNING, person).token()
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        tokens[person] = {"Authorization": f"Bearer {ok(http.post('/token', data=form))['access_token']}"}
    model = "/v1beta/tunedModels/handed"
    ok(http.post("/v1beta/tunedModels?tunedModelId=handed", json=tutorial(), headers=tokens["alice"]))
    assert http.get(model, headers=tokens["bob"]).status_code == 403
    heir = {"emailAddress": "bob@example.com"}
    assert ok(http.post(f"{model}:transferOwnership", json=heir, headers=tokens["alice"])) == {}

    permissions = ok(http.get(f"{model}/permissions", headers=tokens["alice"]))["permissions"]
    assert [(grant["emailAddress"], grant["role"]) for grant in permissions] == [
        ("bob@example.com", "OWNER"),
        ("alice@example.com", "WRITER"),
    ]
    assert http.delete(model, headers=tokens["alice"]).status_code == 403
    assert ok(http.delete(model, headers=tokens["bob"])) == {}
