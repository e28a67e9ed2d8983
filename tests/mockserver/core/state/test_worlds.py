"""Tests worlds, the callers that credentials name, and the pace of a world."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.clock import Clock, Mode
from tunedmodels_mockserver.core.runs.durations import Pace
from tunedmodels_mockserver.core.world_names import WORLD_NAME

from ...conftest import ok, refused

Headers = dict[str, str]


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def key(text: str) -> Headers:
    return {"X-Goog-Api-Key": text}


def jwt(**claims: Any) -> str:
    """An unsigned token with *claims*, as a service account's own has them."""
    parts = [{"alg": "RS256", "typ": "JWT"}, claims, "signature"]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


def make(http: FlaskClient, headers: Headers, query: str = "", model_id: str = "own") -> TestResponse:
    task = {"trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}}
    model = {"displayName": "m", "baseModel": "models/gemini-1.0-pro-001", "tuningTask": task}
    return http.post(f"/v1beta/tunedModels?tunedModelId={model_id}{query}", json=model, headers=headers)


def owner(http: FlaskClient, headers: Headers, query: str = "") -> str:
    """Whom a fresh model belongs to that is made with these credentials."""
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
        (bearer("ya29.some-token"), "", DEVELOPER),
        ({"Authorization": "Basic alice@example.com"}, "", DEVELOPER),
        (key(ALICE), "", ALICE),
        ({}, f"&key={ALICE}", ALICE),
        ({}, f"&$key={ALICE}", ALICE),
        (bearer(ALICE), "", ALICE),
        (bearer("ALICE@Example.com"), "", ALICE),
        ({}, f"&access_token={ALICE}", ALICE),
        ({}, f"&oauth_token={ALICE}", ALICE),
        (bearer(f"test-w1/{ALICE}"), "", ALICE),
        (key(f"test-w1/{ALICE}"), "", ALICE),
        ({**bearer(ALICE), **key("bob@example.com")}, "", ALICE),
        ({**bearer("ya29.some-token"), **key(ALICE)}, "", ALICE),
        (bearer(jwt(sub="robot@project.iam.gserviceaccount.com")), "", "robot@project.iam.gserviceaccount.com"),
        (bearer(jwt(sub="115188574863796211601")), "", "115188574863796211601"),
        (bearer(jwt(iss=ALICE)), "", DEVELOPER),
        (bearer("not.a.jwt"), "", DEVELOPER),
    ],
)
def test_credentials_name_the_caller(http: FlaskClient, headers: Headers, query: str, email: str) -> None:
    """An address in the token, else in the key, or a JWT's subject; all others mean the developer."""
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

    assert refused(http.get("/v1beta/tunedModels/plain", headers=key(ALICE)))[1] == text("plain")
    assert refused(http.get("/v1beta/tunedModels/hers"))[1] == text("hers")
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


@pytest.mark.parametrize("name", NAMES)
def test_request_names_its_world(http: FlaskClient, name: str) -> None:
    """By X-Test-Id, else by the token, else by the key; without them it is the default world."""
    for world in NAMES:
        headers = {"X-Test-Id": world} if world else {}
        ok(make(http, headers, model_id="w" if not world else f"w-{world}"))
        shared = {"granteeType": "EVERYONE", "role": "READER"}
        path = f"/v1beta/tunedModels/{'w' if not world else f'w-{world}'}/permissions"
        ok(http.post(path, json=shared, headers=headers))

    for headers in NAMES[name]:
        page = ok(http.get("/v1beta/tunedModels?filter=readers:everyone", headers=headers))
        expected = "tunedModels/w" + (f"-{name}" if name else "")
        assert [model["name"] for model in page["tunedModels"]] == [expected], headers


def test_key_in_the_query_names_the_world(http: FlaskClient) -> None:
    """As in a header; an access token in the query does, too."""
    ok(make(http, key("test-w1")))

    for query in ("key=test-w1", "$key=test-w1", "access_token=test-w1"):
        assert ok(http.get(f"/v1beta/tunedModels/own?{query}"))["name"] == "tunedModels/own"
    assert http.get("/v1beta/tunedModels/own?key=test-w2").status_code == 404


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
    """Even for the same caller and the same list."""
    one, two = {"X-Test-Id": "one"}, {"X-Test-Id": "two"}
    for headers in (one, two):
        for model_id in ("a", "b"):
            ok(make(http, headers, model_id=model_id))
        bob = {"emailAddress": "bob@example.com", "role": "READER"}
        ok(http.post("/v1beta/tunedModels/a/permissions", json=bob, headers=headers))

    for path in ("/v1beta/tunedModels", "/v1/operations", "/v1beta/tunedModels/a/permissions"):
        token = ok(http.get(f"{path}?pageSize=1", headers=one))["nextPageToken"]
        elsewhere = http.get(f"{path}?pageToken={token}", headers=two)
        assert refused(elsewhere) == ("INVALID_ARGUMENT", f"Invalid page token: {token}")
        assert len(next(iter(ok(http.get(f"{path}?pageToken={token}", headers=one)).values()))) == 1


def test_each_world_has_its_own_clock() -> None:
    """Time that passes in one world does not pass in the others."""
    http = create_app(Settings(seed=1, clock=Clock(Mode.MANUAL))).test_client()
    one, two = {"X-Test-Id": "one"}, {"X-Test-Id": "two"}
    ok(make(http, one))
    ok(make(http, two))
    ok(http.post("/_emulator/clock", json={"advance": 60}, headers=one))

    states = [ok(http.get("/v1beta/tunedModels/own", headers=headers))["state"] for headers in (one, two)]
    assert sorted(states) == ["ACTIVE", "CREATING"]


def test_dropped_world_begins_anew(app: Flask, http: FlaskClient) -> None:
    """It is empty, and with the same seed it gives the same answers."""
    headers = {"X-Test-Id": "one"}
    before = make(http, headers).text
    app.extensions["tunedmodels"].drop("one")

    assert ok(http.get("/v1beta/tunedModels", headers=headers)) == {}
    assert make(http, headers).text == before


@pytest.mark.parametrize("name", ["a b", "a/b", "ä", "x" * 101, "*"])
def test_invalid_world_name_is_refused(http: FlaskClient, name: str) -> None:
    """So that a typing error in X-Test-Id does not create a world."""
    status, message = refused(http.get("/v1beta/tunedModels", headers={"X-Test-Id": name}))

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
    assert (Pace(0, None, 0).length(100_000), Pace(0, None, 0).queue) == (0, 0)
    assert Pace(1e9).length(1) == Pace(step_time=1e9).length(100_000) == 10**18


@pytest.mark.parametrize("name", ["a", "A.b-c_9", "x" * 100])
def test_valid_world_names_are_accepted(http: FlaskClient, name: str) -> None:
    """All names that the error message promises."""
    assert ok(http.get("/v1beta/tunedModels", headers={"X-Test-Id": name})) == {}
