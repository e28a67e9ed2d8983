"""Tests worlds, the callers that credentials name, and the pace of a world."""

from __future__ import annotations

import math

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tunedmodels_mockserver.core.runs.durations import Pace
from tunedmodels_mockserver.core.world_names import WORLD_NAME

from ...conftest import api_error, ok
from ...serving import BODY
from ..callers.test_admission import bearer

Headers = dict[str, str]


def key(text: str) -> Headers:
    return {"X-Goog-Api-Key": text}


def make(http: FlaskClient, headers: Headers, query: str = "", model_id: str = "own") -> TestResponse:
    return http.post(f"/v1beta/tunedModels?tunedModelId={model_id}{query}", json=BODY, headers=headers)


def owner(http: FlaskClient, headers: Headers, query: str = "") -> str:
    """Create a model with these credentials, and return its owner."""
    ok(make(http, headers, query))
    page = ok(http.get(f"/v1beta/tunedModels/own/permissions?{query}", headers=headers))
    return str(page["permissions"][0]["emailAddress"])


DEVELOPER = "developer@example.com"
ALICE = "alice@example.com"


@pytest.mark.parametrize(
    ("headers", "query", "email"),
    [
        ({}, "", DEVELOPER),
        (key("AIzaSyA-some-key"), "", DEVELOPER),
        ({"Authorization": "Basic alice@example.com"}, "", DEVELOPER),
        (key(ALICE), "", ALICE),
        ({}, f"&key={ALICE}", ALICE),
        ({}, f"&$key={ALICE}", ALICE),
        (bearer(ALICE), "", ALICE),
        ({}, f"&access_token={ALICE}", ALICE),
        ({}, f"&oauth_token={ALICE}", ALICE),
        (key(f"test-w1/{ALICE}"), "", ALICE),
        ({**bearer(ALICE), **key("bob@example.com")}, "", ALICE),
    ],
)
def test_credentials_name_the_caller(http: FlaskClient, headers: Headers, query: str, email: str) -> None:
    """An address in the token, else in the key, in every place for them; all others mean the developer."""
    assert owner(http, headers, query) == email


def test_key_and_token_name_the_same_caller(http: FlaskClient) -> None:
    """Alice creates a model with a token and deletes it with a key; the developer needs no credential."""
    ok(make(http, bearer(ALICE)))
    assert ok(http.delete(f"/v1beta/tunedModels/own?key={ALICE}")) == {}

    ok(make(http, bearer("ya29.one")))
    assert ok(http.get("/v1beta/tunedModels/own", headers=key("another")))["state"] == "CREATING"
    assert ok(http.delete("/v1beta/tunedModels/own")) == {}


def test_callers_do_not_see_each_others_models(http: FlaskClient) -> None:
    """A caller with an address cannot read the developer's models, and the reverse."""
    ok(make(http, {}, model_id="plain"))
    ok(make(http, key(ALICE), model_id="hers"))

    def text(name: str) -> str:
        return f"You do not have permission to access tuned model tunedModels/{name}."

    assert api_error(http.get("/v1beta/tunedModels/plain", headers=key(ALICE)))[1] == text("plain")
    assert api_error(http.get("/v1beta/tunedModels/hers"))[1] == text("hers")
    assert [model["name"] for model in ok(http.get("/v1beta/tunedModels"))["tunedModels"]] == ["tunedModels/plain"]


NAMES = {
    "": [{}, {"X-Test-Id": ""}, key("AIza"), bearer("ya29.test-one"), key("best-one")],
    "one": [
        {"X-Test-Id": "one"},
        key("test-one"),
        bearer("test-one"),
        {"X-Test-Id": "one", **key("test-two")},
        {"X-Test-Id": "one", **bearer("test-two")},
        {**bearer("test-one"), **key("test-two")},
        {**bearer("ya29"), **key("test-one")},
        bearer(f"test-one/{ALICE}"),
    ],
    "two": [{"X-Test-Id": "two"}, key("test-two"), {**bearer("plain"), **key(f"test-two/{ALICE}")}],
}


def test_request_names_its_world(http: FlaskClient) -> None:
    """X-Test-Id, else the token, else the key names it; without them it is the default world."""
    for name in NAMES:
        headers = {"X-Test-Id": name} if name else {}
        ok(make(http, headers, model_id=f"w{name}"))
        everyone = {"granteeType": "EVERYONE", "role": "READER"}
        ok(http.post(f"/v1beta/tunedModels/w{name}/permissions", json=everyone, headers=headers))

    for name, requests in NAMES.items():
        for headers in requests:
            page = ok(http.get("/v1beta/tunedModels?filter=readers:everyone", headers=headers))
            assert [model["name"] for model in page["tunedModels"]] == [f"tunedModels/w{name}"], headers


def test_worlds_are_isolated(http: FlaskClient) -> None:
    """The same id is free in each world; changes, deletions and lists of one do not affect the other."""
    one, two = {"X-Test-Id": "one"}, {"X-Test-Id": "two"}
    first, second = ok(make(http, one)), ok(make(http, two))
    assert first["name"] != second["name"]

    ok(http.patch("/v1beta/tunedModels/own", json={"description": "one"}, headers=one))
    assert "description" not in ok(http.get("/v1beta/tunedModels/own", headers=two))
    assert http.get(f"/v1/{first['name']}", headers=two).status_code == 404
    ok(http.delete("/v1beta/tunedModels/own", headers=one))
    assert ok(http.get("/v1beta/tunedModels", headers=one)) == {}
    assert len(ok(http.get("/v1beta/tunedModels", headers=two))["tunedModels"]) == 1


def test_page_token_of_another_world_is_refused(http: FlaskClient) -> None:
    """The caller and the list are the same, and the world differs."""
    one, two = {"X-Test-Id": "one"}, {"X-Test-Id": "two"}
    for headers in (one, two):
        for model_id in ("a", "b"):
            ok(make(http, headers, model_id=model_id))
        bob = {"emailAddress": "bob@example.com", "role": "READER"}
        ok(http.post("/v1beta/tunedModels/a/permissions", json=bob, headers=headers))

    for path in ("/v1beta/tunedModels", "/v1/operations", "/v1beta/tunedModels/a/permissions"):
        token = ok(http.get(f"{path}?pageSize=1", headers=one))["nextPageToken"]
        elsewhere = http.get(f"{path}?pageToken={token}", headers=two)
        assert api_error(elsewhere) == ("INVALID_ARGUMENT", f"Invalid page token: {token}")
        assert len(next(iter(ok(http.get(f"{path}?pageToken={token}", headers=one)).values()))) == 1


@pytest.mark.parametrize("name", ["a b", "a/b", "ä", "x" * 101, "*"])
def test_invalid_world_name_is_refused(http: FlaskClient, name: str) -> None:
    """A typing error in X-Test-Id does not create a world."""
    status, message = api_error(http.get("/v1beta/tunedModels", headers={"X-Test-Id": name}))

    assert status == "INVALID_ARGUMENT"
    assert message.startswith("X-Test-Id must be 1 to 100 letters, digits, dots, dashes or underscores, got ")
    assert WORLD_NAME.fullmatch(name) is None


@pytest.mark.parametrize("member", ["tuning_time", "step_time", "queue_time"])
@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf, -0.001, -1, 1.1e9])
def test_invalid_pace_is_refused(member: str, seconds: float) -> None:
    """The message names the setting; valid values are 0 to thirty years in seconds."""
    with pytest.raises(ValueError, match=f"^{member} must be a number of seconds from 0 to 1000000000, got "):
        Pace(**{member: seconds})


def test_limits_of_a_pace() -> None:
    """Zero and thirty years are valid; a run that would take longer takes thirty years."""
    assert (Pace(step_time=0.1, queue_time=0.2).length(3), Pace(queue_time=0.2).queue) == (300_000_000, 200_000_000)
    assert (Pace(0, None, 0).length(100_000), Pace(0, None, 0).queue) == (0, 0)
    assert Pace(1e9).length(1) == Pace(step_time=1e9).length(100_000) == 10**18
