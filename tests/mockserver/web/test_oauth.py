"""Tests the token endpoint and the revocation endpoint."""

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
    """Return the form that google-auth posts for a service account."""
    every = {"aud": AUDIENCE, "scope": TUNING, "sub": None} | claims
    return {"grant_type": JWT_BEARER, "assertion": signed(key, **every)}


def refresh_form(token: str = REFRESH.token(), **more: str) -> dict[str, str]:
    """Return the form that google-auth posts for a refresh token."""
    return {"grant_type": "refresh_token", "refresh_token": token, "client_id": "x", "client_secret": "y", **more}


def unsigned_jwt(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


def access_token(answer: Any) -> AccessGrant:
    """Return the content of the access token in an answer."""
    read_access = grants.read_access(ok(answer)["access_token"])
    assert read_access is not None
    return read_access


def test_an_answer_has_the_form_of_googles_endpoint(guarded: FlaskClient, robot: dict[str, str]) -> None:
    """It has four members, caches must not store it, and the API accepts its token for the scope."""
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
    """With --auth strict each claim counts; the errors have the form of OAuth."""
    answer = guarded.post("/token", data=assertion(robot, **claims))

    assert (answer.status_code, answer.json) == (400, {"error": error, "error_description": description})


@pytest.mark.parametrize(
    "audience", [AUDIENCE, OLDER_AUDIENCE, "http://localhost/token", "http://localhost/token?key=test-w1"]
)
def test_the_audiences_of_an_assertion(guarded: FlaskClient, robot: dict[str, str], audience: str) -> None:
    """google-auth always names Google's endpoint; others name the URL to which they post."""
    answer = guarded.post("/token?key=test-w1", data=assertion(robot, aud=audience))

    assert access_token(answer).email == robot["client_email"]


# The other claims of these libraries are those of google-auth.
LIBRARIES: dict[str, tuple[dict[str, Any], bool]] = {
    "PHP": ({"ahead": -60, "lasts": 3660}, True),
    "Ruby": ({"ahead": -60, "lasts": 3660, "aud": OLDER_AUDIENCE}, False),
    "Node": ({"aud": AUDIENCE}, True),
}


@pytest.mark.parametrize("language", LIBRARIES)
def test_assertions_of_other_languages(guarded: FlaskClient, robot: dict[str, str], language: str) -> None:
    """PHP and Ruby set the time a minute back, and Ruby has an older audience and no key id."""
    claims, has_id = LIBRARIES[language]
    answer = guarded.post("/token", data=assertion(robot if has_id else without_id(robot), **claims))

    assert access_token(answer).email == robot["client_email"]


def test_an_assertion_without_a_key_id(guarded: FlaskClient, robot: dict[str, str], foreign_key: str) -> None:
    """A bad signature, time or name is refused as with a key id."""
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
    """The error says that the signature is bad, or that the text is not a JWT."""
    texts = [signed({**robot, "private_key_id": "1"}), unsigned_jwt(iss=robot["client_email"]), "a.b.c", "x", ""]
    answers = [guarded.post("/token", data={"grant_type": JWT_BEARER, "assertion": text}) for text in texts]

    errors = [(answer.status_code, (answer.json or {})["error_description"]) for answer in answers]
    malformed = (400, "Invalid JWT: it must have three parts with JSON in them.")
    assert errors == [(400, INVALID)] * 2 + [malformed] * 3


def test_a_service_account_acts_for_a_user(guarded: FlaskClient, robot: dict[str, str]) -> None:
    """The token names the subject, in lower case."""
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
def test_a_bad_grant_is_refused(
    http: FlaskClient, guarded: FlaskClient, form: dict[str, str], error: str, description: str
) -> None:
    """Both modes of --auth refuse it."""
    for client in (http, guarded):
        answer = client.post("/token", data=form)
        assert (answer.status_code, answer.json) == (400, {"error": error, "error_description": description})


def test_a_refresh_token(guarded: FlaskClient) -> None:
    """It gives tokens of its user with its scopes, or with the requested ones of them."""
    every = access_token(guarded.post("/token", data=refresh_form()))
    one = access_token(guarded.post("/token", data=refresh_form(scope=READ)))
    more = guarded.post("/token", data=refresh_form(scope=f"{READ} https://www.googleapis.com/auth/drive"))

    assert (every.email, every.scopes, every.parent) == ("alice@example.com", (TUNING, READ), "r1")
    assert one.scopes == (READ,)
    assert one.id != every.id
    assert (more.status_code, more.json) == (400, {"error": "invalid_scope", "error_description": "Bad Request"})


@pytest.mark.parametrize("token", ["some-token", "alice@example.com", REFRESH.token() + "A", "test-w1"])
def test_a_bad_refresh_token(guarded: FlaskClient, token: str) -> None:
    """A refresh token that the mock server did not issue is refused."""
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
def test_by_default_every_grant_is_accepted(http: FlaskClient, form: dict[str, str], email: str) -> None:
    """Nothing is verified; the grant names the user of the token."""
    assert access_token(http.post("/token", data=form)).email == email


def test_by_default_the_answer_repeats_the_scopes(http: FlaskClient) -> None:
    """google-auth warns if the answer has other scopes than the request."""
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
def test_a_token_belongs_to_the_world_that_issued_it(
    app: Flask, http: FlaskClient, path: str, headers: dict[str, str], token: str
) -> None:
    """The request or the refresh token names the world, and the access token does so later."""
    worlds = app.extensions["tunedmodels"]
    worlds.get("w1").change(lambda old: replace(old, clock=old.clock.advance(START, 1000)))
    access = ok(http.post(path, data=refresh_form(token), headers=headers))["access_token"]

    assert access.startswith("test-w1/tunedmodels-access~")
    assert worlds.names() == ["w1"]
    assert access_token(http.post(path, data=refresh_form(token), headers=headers)).expires == NOW + 4600


def test_a_bad_name_of_a_world_is_refused(http: FlaskClient) -> None:
    """The error has the form of OAuth."""
    answer = http.post("/token", data=refresh_form(), headers={"X-Test-Id": "a b"})

    assert answer.json is not None
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert answer.json["error_description"].startswith("X-Test-Id must be")


@pytest.mark.parametrize("size", [64 * 1024 + 1, 20 * 1024 * 1024 + 1])
def test_a_long_form(http: FlaskClient, size: int) -> None:
    """The server does not parse it."""
    answer = http.post("/token", data=b"a" * size)

    error = {"error": "invalid_request", "error_description": "The form has more than 65536 bytes."}
    assert (answer.status_code, answer.json) == (400, error)


def revoke(http: FlaskClient, token: str, **more: Any) -> tuple[int, Any]:
    answer = http.post("/revoke", data={"token": token}, **more)
    return answer.status_code, answer.json


REVOKED = (400, {"error": "invalid_token", "error_description": "Token expired or revoked"})


def test_a_revoked_refresh_token_ends_its_access_tokens(guarded: FlaskClient) -> None:
    """It gives no new ones; tokens of other users stay valid."""
    access = ok(guarded.post("/token", data=refresh_form()))["access_token"]
    bob = ok(guarded.post("/token", data=refresh_form(RefreshGrant("bob@example.com", (TUNING,), "r2").token())))
    assert revoke(guarded, REFRESH.token()) == (200, {})

    assert guarded.get("/v1beta/tunedModels", headers=bearer(access)).status_code == 401
    assert guarded.get("/v1beta/tunedModels", headers=bearer(bob["access_token"])).status_code == 200
    assert guarded.post("/token", data=refresh_form()).json == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }
    assert revoke(guarded, REFRESH.token()) == REVOKED


def test_a_revoked_access_token_ends_its_refresh_token(guarded: FlaskClient, robot: dict[str, str]) -> None:
    """A token of an assertion has no refresh token."""
    access, other = (ok(guarded.post("/token", data=refresh_form()))["access_token"] for _ in range(2))
    one, two = (ok(guarded.post("/token", data=assertion(robot)))["access_token"] for _ in range(2))
    assert revoke(guarded, access) == revoke(guarded, one) == (200, {})

    statuses = [
        guarded.get("/v1beta/tunedModels", headers=bearer(token)).status_code for token in (access, other, one, two)
    ]
    assert statuses == [401, 401, 401, 200]
    assert guarded.post("/token", data=refresh_form()).status_code == 400


def test_a_revocation_belongs_to_its_world(guarded: FlaskClient) -> None:
    """It does not apply to another world, nor to the world after a drop."""
    token = AccessGrant("alice@example.com", (TUNING,), 1 << 40, "a1").token()
    assert revoke(guarded, f"test-w1/{token}") == (200, {})

    def status(world: str) -> int:
        return guarded.get("/v1beta/tunedModels", headers=bearer(f"test-{world}/{token}")).status_code

    assert (status("w1"), status("w2")) == (401, 200)
    guarded.delete("/_emulator/world?key=test-w1")
    assert status("w1") == 200


def test_revoking_an_unknown_token(guarded: FlaskClient, http: FlaskClient) -> None:
    """With --auth strict it is an error, by default not."""
    assert revoke(guarded, "some-token") == REVOKED
    assert revoke(http, "some-token") == (200, {})
    missing = (400, {"error": "invalid_request", "error_description": "Missing required parameter: token"})
    assert revoke(guarded, "") == revoke(http, "") == missing


def test_the_query_can_have_the_token_to_revoke(guarded: FlaskClient) -> None:
    """Some of Google's own libraries send it there."""
    assert guarded.post("/revoke", query_string={"token": REFRESH.token()}).status_code == 200
    assert revoke(guarded, REFRESH.token()) == REVOKED


def test_the_endpoints_need_post(http: FlaskClient) -> None:
    """A GET is an unknown route."""
    assert http.get("/token").status_code == http.get("/revoke").status_code == 404


def test_a_token_outlives_the_server(clock: ManualClock) -> None:
    """Another process accepts the tokens and keys of this one."""
    first, second = (create_app(Settings(auth="strict"), clock.now).test_client() for _ in range(2))
    access = ok(first.post("/token", data=refresh_form()))["access_token"]

    assert ok(second.get("/v1beta/tunedModels", headers=bearer(access))) == {}
