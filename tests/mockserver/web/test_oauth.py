"""The token endpoint and the revocation endpoint."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock, Settings, create_app
from tunedmodels_mockserver.core.callers import grants
from tunedmodels_mockserver.core.callers.grants import AccessGrant, RefreshGrant
from tunedmodels_mockserver.core.callers.identity import DEVELOPER
from tunedmodels_mockserver.core.callers.token_endpoint import AUDIENCE, JWT_BEARER, OLDER_AUDIENCE
from tunedmodels_mockserver.wire.units import SECOND

from ..conftest import START, ok
from ..core.callers.test_admission import bearer, signed, without_id

TUNING = "https://www.googleapis.com/auth/generative-language.tuning"
READ = f"{TUNING}.readonly"
NOW = START // SECOND
INVALID = "Invalid JWT Signature."
TIMES = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)
REFRESH = RefreshGrant("alice@example.com", (TUNING, READ), "r1")


def assertion(key: dict[str, str], **claims: Any) -> dict[str, str]:
    """The form that google-auth posts for a service account."""
    every = {"aud": AUDIENCE, "scope": TUNING, "sub": None} | claims
    return {"grant_type": JWT_BEARER, "assertion": signed(key, **every)}


def refresh_form(token: str = REFRESH.token(), **more: str) -> dict[str, str]:
    """The form that google-auth posts for a refresh token."""
    return {"grant_type": "refresh_token", "refresh_token": token, "client_id": "x", "client_secret": "y", **more}


def unsigned_jwt(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


def access_token(answer: Any) -> AccessGrant:
    """What the access token in an answer says."""
    read_access = grants.read_access(ok(answer)["access_token"])
    assert read_access is not None
    return read_access


def test_an_answer_has_the_form_of_googles(guarded: FlaskClient, robot: dict[str, str]) -> None:
    """Four members, nothing that anybody may keep, and a token that opens what its scope says."""
    answer = guarded.post("/token", data=assertion(robot))

    assert answer.json is not None
    token = answer.json["access_token"]
    assert list(answer.json.items()) == [
        ("access_token", token),
        ("expires_in", 3599),
        ("scope", TUNING),
        ("token_type", "Bearer"),
    ]
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.headers.getlist("Cache-Control") == ["no-cache, no-store, max-age=0, must-revalidate"]
    read_access = grants.read_access(token)
    assert read_access is not None
    assert (read_access.email, read_access.scopes, read_access.expires) == (
        robot["client_email"],
        (TUNING,),
        NOW + 3600,
    )
    assert ok(guarded.get("/v1beta/tunedModels", headers=bearer(token))) == {}


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"iss": "alice@example.com"}, "invalid_grant", INVALID),
        ({"iss": None}, "invalid_grant", INVALID),
        ({"ahead": -3700}, "invalid_grant", TIMES),
        ({"ahead": 60}, "invalid_grant", TIMES),
        ({"lasts": 3620}, "invalid_grant", TIMES),
        ({"ahead": -120, "lasts": 3720}, "invalid_grant", TIMES),
        ({"iat": None}, "invalid_grant", TIMES),
        ({"aud": "https://example.com/token"}, "invalid_grant", "Invalid JWT: Failed audience check."),
        ({"aud": None}, "invalid_grant", "Invalid JWT: Failed audience check."),
        ({"scope": None}, "invalid_scope", "Invalid OAuth scope or ID token audience provided."),
        ({"scope": ""}, "invalid_scope", "Invalid OAuth scope or ID token audience provided."),
        ({"scope": 7}, "invalid_scope", "Invalid OAuth scope or ID token audience provided."),
        ({"scope": "七"}, "invalid_scope", "Some requested scopes were invalid."),
        ({"sub": "nobody"}, "invalid_request", 'Invalid impersonation "sub" field.'),
        ({"sub": 7}, "invalid_request", 'Invalid impersonation "sub" field.'),
    ],
)
def test_a_bad_assertion(
    guarded: FlaskClient, robot: dict[str, str], claims: dict[str, Any], error: str, description: str
) -> None:
    """Under strictness each claim counts; the refusals have the form of OAuth."""
    answer = guarded.post("/token", data=assertion(robot, **claims))

    assert (answer.status_code, answer.json) == (400, {"error": error, "error_description": description})


@pytest.mark.parametrize(
    "audience", [AUDIENCE, OLDER_AUDIENCE, "http://localhost/token", "http://localhost/token?key=test-w1"]
)
def test_the_audiences_of_an_assertion(guarded: FlaskClient, robot: dict[str, str], audience: str) -> None:
    """google-auth always names Google's endpoint; others name the one that they ask, as they ask it."""
    answer = guarded.post("/token?key=test-w1", data=assertion(robot, aud=audience))

    assert access_token(answer).email == robot["client_email"]


# What the assertions of Google's libraries have in common is what google-auth's has.
LIBRARIES: dict[str, tuple[dict[str, Any], bool]] = {
    "PHP": ({"ahead": -60, "lasts": 3660}, True),
    "Ruby": ({"ahead": -60, "lasts": 3660, "aud": OLDER_AUDIENCE}, False),
    "Node": ({"aud": AUDIENCE}, True),
}


@pytest.mark.parametrize("language", LIBRARIES)
def test_assertions_of_other_languages(guarded: FlaskClient, robot: dict[str, str], language: str) -> None:
    """PHP and Ruby stamp a minute back, Ruby has an older audience and no id of its key."""
    claims, has_id = LIBRARIES[language]
    answer = guarded.post("/token", data=assertion(robot if has_id else without_id(robot), **claims))

    assert access_token(answer).email == robot["client_email"]


def test_an_assertion_without_the_id_of_its_key(guarded: FlaskClient, robot: dict[str, str], foreign_key: str) -> None:
    """Another key's signature, another time and a broken name are refused as with an id."""
    ruby = without_id(robot)
    forms = [
        assertion({**ruby, "private_key": foreign_key}),
        assertion({**ruby, "client_email": "nobody"}),
        assertion(ruby, ahead=-3671, lasts=3660),
        assertion(ruby, ahead=86_400, lasts=3660),
    ]
    answers = [guarded.post("/token", data=form) for form in forms]

    assert [(answer.json or {})["error_description"] for answer in answers] == [INVALID, INVALID, TIMES, TIMES]


def test_a_forged_assertion(guarded: FlaskClient, robot: dict[str, str]) -> None:
    """A key that is not ours, and what is not signed, are told as a bad signature; what is no JWT, as that."""
    texts = [signed({**robot, "private_key_id": "1"}), unsigned_jwt(iss=robot["client_email"]), "a.b.c", "x", ""]
    answers = [guarded.post("/token", data={"grant_type": JWT_BEARER, "assertion": text}) for text in texts]

    told = [(answer.status_code, (answer.json or {})["error_description"]) for answer in answers]
    malformed = (400, "Invalid JWT: it must have three parts with JSON in them.")
    assert told == [(400, INVALID)] * 2 + [malformed] * 3


def test_a_service_account_acts_for_somebody(guarded: FlaskClient, robot: dict[str, str]) -> None:
    """A subject is who the token then names, in lower case."""
    assert access_token(guarded.post("/token", data=assertion(robot, sub="Bob@example.com"))).email == "bob@example.com"


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        ({}, "invalid_request", "Missing required parameter: grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type", "Invalid grant_type: password"),
        ({"grant_type": "x" * 500}, "unsupported_grant_type", f"Invalid grant_type: {'x' * 100}"),
        ({"grant_type": "refresh_token"}, "invalid_request", "Missing required parameter: refresh_token"),
        (refresh_form(scope='a"b'), "invalid_scope", "Some requested scopes were invalid."),
    ],
)
@pytest.mark.parametrize("auth", ["any", "strict"])
def test_what_is_no_grant(auth: Any, form: dict[str, str], error: str, description: str) -> None:
    """In both modes a grant has to be one."""
    answer = create_app(Settings(auth=auth)).test_client().post("/token", data=form)

    assert (answer.status_code, answer.json) == (400, {"error": error, "error_description": description})


def test_a_refresh_token(guarded: FlaskClient) -> None:
    """It gives tokens of its person with its scopes, or those of them that are asked for."""
    every = access_token(guarded.post("/token", data=refresh_form()))
    one = access_token(guarded.post("/token", data=refresh_form(scope=READ)))
    more = guarded.post("/token", data=refresh_form(scope=f"{READ} https://www.googleapis.com/auth/drive"))

    assert (every.email, every.scopes, every.parent) == ("alice@example.com", (TUNING, READ), "r1")
    assert one.scopes == (READ,)
    assert one.id != every.id
    assert (more.status_code, more.json) == (400, {"error": "invalid_scope", "error_description": "Bad Request"})


@pytest.mark.parametrize("token", ["some-token", "alice@example.com", REFRESH.token() + "A", "test-w1"])
def test_a_bad_refresh_token(guarded: FlaskClient, token: str) -> None:
    """A refresh token that is not the fake's is refused."""
    answer = guarded.post("/token", data=refresh_form(token))

    assert (answer.status_code, answer.json) == (400, {"error": "invalid_grant", "error_description": "Bad Request"})


@pytest.mark.parametrize(
    ("form", "email"),
    [
        (
            {"grant_type": JWT_BEARER, "assertion": unsigned_jwt(sub="Bob@example.com", iss="a@example.com")},
            "bob@example.com",
        ),
        ({"grant_type": JWT_BEARER, "assertion": unsigned_jwt(iss="Robot@example.com")}, "robot@example.com"),
        ({"grant_type": JWT_BEARER, "assertion": unsigned_jwt(iss="nobody", aud="x", exp=1)}, DEVELOPER),
        ({"grant_type": JWT_BEARER, "assertion": unsigned_jwt()}, DEVELOPER),
        (refresh_form("whatever"), DEVELOPER),
        (refresh_form("test-w1/bob@example.com"), "bob@example.com"),
        (refresh_form(), "alice@example.com"),
    ],
)
def test_by_default_every_grant_is_taken(http: FlaskClient, form: dict[str, str], email: str) -> None:
    """Nothing is verified; whom the token names is read off the grant."""
    assert access_token(http.post("/token", data=form)).email == email


def test_scopes_are_echoed_by_default(http: FlaskClient) -> None:
    """google-auth warns where the answer has other scopes than it asked for."""
    form = {"grant_type": JWT_BEARER, "assertion": unsigned_jwt(scope="a b a")}

    assert ok(http.post("/token", data=form))["scope"] == "a b"
    assert ok(http.post("/token", data=refresh_form("x", scope="a b")))["scope"] == "a b"


WAYS: list[tuple[str, dict[str, str], str]] = [
    ("/token", {"X-Test-Id": "w1"}, REFRESH.token()),
    ("/token?key=test-w1", {}, REFRESH.token()),
    ("/token", {}, f"test-w1/{REFRESH.token()}"),
    ("/token", {"Authorization": "Bearer test-w1"}, REFRESH.token()),
    ("/token?key=test-w2", {}, f"test-w1/{REFRESH.token()}"),
]


@pytest.mark.parametrize(("path", "headers", "token"), WAYS)
def test_a_token_is_of_the_world_that_issued_it(
    app: Flask, http: FlaskClient, path: str, headers: dict[str, str], token: str
) -> None:
    """The world is found as by any request, or by the refresh token; the access token names it on."""
    worlds = app.extensions["tunedmodels"]
    worlds.get("w1").change(lambda old: replace(old, clock=old.clock.advance(START, 1000)))
    access = ok(http.post(path, data=refresh_form(token), headers=headers))["access_token"]

    assert access.startswith("test-w1/tunedmodels-access~")
    assert worlds.names() == ["w1"]
    assert access_token(http.post(path, data=refresh_form(token), headers=headers)).expires == NOW + 4600


def test_a_name_that_no_world_can_have(http: FlaskClient) -> None:
    """It is refused in the form of OAuth."""
    answer = http.post("/token", data=refresh_form(), headers={"X-Test-Id": "a b"})

    assert answer.json is not None
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert answer.json["error_description"].startswith("X-Test-Id must be")


@pytest.mark.parametrize("size", [64 * 1024 + 1, 20 * 1024 * 1024 + 1])
def test_a_long_form(http: FlaskClient, size: int) -> None:
    """A form that no client sends is not taken apart."""
    answer = http.post("/token", data=b"a" * size)

    told = {"error": "invalid_request", "error_description": "The form has more than 65536 bytes."}
    assert (answer.status_code, answer.json) == (400, told)


def revoke(http: FlaskClient, token: str, **more: Any) -> tuple[int, Any]:
    answer = http.post("/revoke", data={"token": token}, **more)
    return answer.status_code, answer.json


GONE = (400, {"error": "invalid_token", "error_description": "Token expired or revoked"})


def test_a_revoked_refresh_token_ends_what_came_from_it(guarded: FlaskClient) -> None:
    """Its access tokens are bad, and it gives no more of them; other people's stay."""
    access = ok(guarded.post("/token", data=refresh_form()))["access_token"]
    bob = ok(guarded.post("/token", data=refresh_form(RefreshGrant("bob@example.com", (TUNING,), "r2").token())))
    assert revoke(guarded, REFRESH.token()) == (200, {})

    assert guarded.get("/v1beta/tunedModels", headers=bearer(access)).status_code == 401
    assert guarded.get("/v1beta/tunedModels", headers=bearer(bob["access_token"])).status_code == 200
    assert guarded.post("/token", data=refresh_form()).json == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }
    assert revoke(guarded, REFRESH.token()) == GONE


def test_a_revoked_access_token_takes_its_refresh_token_along(guarded: FlaskClient, robot: dict[str, str]) -> None:
    """So the grant is over; an assertion's token goes alone."""
    access, other = (ok(guarded.post("/token", data=refresh_form()))["access_token"] for _ in range(2))
    one, two = (ok(guarded.post("/token", data=assertion(robot)))["access_token"] for _ in range(2))
    assert revoke(guarded, access) == revoke(guarded, one) == (200, {})

    statuses = [
        guarded.get("/v1beta/tunedModels", headers=bearer(token)).status_code for token in (access, other, one, two)
    ]
    assert statuses == [401, 401, 401, 200]
    assert guarded.post("/token", data=refresh_form()).status_code == 400


def test_a_revocation_is_of_its_world(guarded: FlaskClient) -> None:
    """Another world, and the same one made anew, know nothing of it."""
    token = AccessGrant("alice@example.com", (TUNING,), 1 << 40, "a1").token()
    assert revoke(guarded, f"test-w1/{token}") == (200, {})

    def status(world: str) -> int:
        return guarded.get("/v1beta/tunedModels", headers=bearer(f"test-{world}/{token}")).status_code

    assert (status("w1"), status("w2")) == (401, 200)
    guarded.delete("/_emulator/world?key=test-w1")
    assert status("w1") == 200


def test_revoking_what_is_not_there(guarded: FlaskClient, http: FlaskClient) -> None:
    """Under strictness an unknown token is told; by default nothing is, as nothing is refused for it."""
    assert revoke(guarded, "some-token") == GONE
    assert revoke(http, "some-token") == (200, {})
    missing = (400, {"error": "invalid_request", "error_description": "Missing required parameter: token"})
    assert revoke(guarded, "") == revoke(http, "") == missing


def test_a_token_to_revoke_may_stand_in_the_query(guarded: FlaskClient) -> None:
    """As some of Google's own libraries send it."""
    assert guarded.post("/revoke", query_string={"token": REFRESH.token()}).status_code == 200
    assert revoke(guarded, REFRESH.token()) == GONE


@pytest.mark.parametrize("path", ["/token", "/revoke"])
def test_the_endpoints_are_for_posting(http: FlaskClient, path: str) -> None:
    """To read them is an unknown route."""
    assert http.get(path).status_code == 404


def test_a_token_outlives_the_server(clock: ManualClock) -> None:
    """Another process knows the tokens and keys of this one."""
    first, second = (create_app(Settings(auth="strict"), clock.now).test_client() for _ in range(2))
    access = ok(first.post("/token", data=refresh_form()))["access_token"]

    assert ok(second.get("/v1beta/tunedModels", headers=bearer(access))) == {}
