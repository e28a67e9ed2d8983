"""Tests ``--auth strict``: the answer that each kind of caller gets."""

from __future__ import annotations

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask.testing import FlaskClient
from google.auth import crypt, jwt

from tunedmodels_mockserver import ManualClock, Settings, create_app
from tunedmodels_mockserver.core.callers import scopes, service_accounts
from tunedmodels_mockserver.core.callers.grants import AccessGrant, RefreshGrant
from tunedmodels_mockserver.core.callers.token_endpoint import AUDIENCE
from tunedmodels_mockserver.files import service_account_keys
from tunedmodels_mockserver.web.routes import routes
from tunedmodels_mockserver.wire.units import SECOND

from ...conftest import START, api_error, ok

NOW = START // SECOND
PREFIX = "https://www.googleapis.com/auth/"
TUNING = f"{PREFIX}generative-language.tuning"
SERVICE = "generativelanguage.googleapis.com"
API = f"https://{SERVICE}/"
KEY = {"X-Goog-Api-Key": "tunedmodels-api-key"}
BAD_TOKEN = (
    "UNAUTHENTICATED",
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def token(*granted: str, email: str = "alice@example.com", expires: int = NOW + 3600, id: str = "1") -> str:  # noqa: A002
    return AccessGrant(email, granted or (TUNING,), expires, id).token()


def signed(key: dict[str, str], ahead: int = 0, lasts: int = 3600, **claims: Any) -> str:
    """Return a JWT that *key* signs, by default for an hour from now; a claim of None is omitted.

    A key without a ``private_key_id`` signs one without ``kid``.
    """
    now = int(time.time()) + ahead
    email = key["client_email"]
    every = {"iss": email, "sub": email, "iat": now, "exp": now + lasts, "aud": API} | claims
    signer = crypt.RSASigner.from_string(key["private_key"], key.get("private_key_id"))
    return jwt.encode(signer, {name: value for name, value in every.items() if value is not None}).decode()  # type: ignore[no-any-return]


def without_id(key: dict[str, str]) -> dict[str, str]:
    """Return the members of a key file that Google's library for Ruby reads."""
    return {name: value for name, value in key.items() if name != "private_key_id"}


def details(answer: Any) -> list[Any]:
    return list(answer.json["error"].get("details", []))


def error_info(reason: str, **metadata: str) -> dict[str, Any]:
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return {"@type": kind, "reason": reason, "domain": "googleapis.com", "metadata": {"service": SERVICE, **metadata}}


def test_call_without_credential_is_refused(guarded: FlaskClient) -> None:
    """A call without any credential is refused as unregistered, without details."""
    answer = guarded.get("/v1beta/tunedModels")

    assert answer.text == (
        "{\n"
        '  "error": {\n'
        '    "code": 403,\n'
        '    "message": "Method doesn\'t allow unregistered callers (callers without established identity). Please use '
        'API Key or other form of API consumer identity to call this API.",\n'
        '    "status": "PERMISSION_DENIED"\n'
        "  }\n"
        "}\n"
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "key", ["unknown", "alice@example.com", "test-w1", "test-w1/unknown", "七", "a b", "x" * 5_000]
)
def test_unknown_key_is_refused(guarded: FlaskClient, key: str) -> None:
    """An unregistered key is reported as invalid, in two details. An address in the key identifies no caller."""
    answer = guarded.get("/v1beta/tunedModels", query_string={"key": key})

    text = "API key not valid. Please pass a valid API key."
    localized = {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": text}
    assert api_error(answer) == ("INVALID_ARGUMENT", text)
    assert details(answer) == [error_info("API_KEY_INVALID"), localized]


def test_registered_key_is_accepted(clock: ManualClock) -> None:
    """A key is accepted with and without the prefix of a world, and identifies the developer."""
    app = create_app(Settings(seed=1, auth="strict", api_keys={"mine"}), clock.now)
    http = app.test_client()
    create = http.post("/v1beta/tunedModels?key=test-w1/mine", json={"displayName": "m", "baseModel": "models/none"})

    assert ok(http.get("/v1beta/tunedModels?key=mine")) == {}
    assert api_error(create)[1].startswith("models/none is not found for CREATE TUNED MODEL")
    assert api_error(http.get("/v1beta/tunedModels", headers=KEY))[0] == "INVALID_ARGUMENT"
    assert app.extensions["tunedmodels"].names() == ["", "w1"]


BAD = {
    "empty": "",
    "opaque": "some-token",
    "an address": "alice@example.com",
    "a world": "test-w1",
    "expired": token(expires=NOW),
    "a refresh token": RefreshGrant("alice@example.com", (TUNING,), "1").token(),
    "changed": token() + "A",
    "a JWT of nobody": "e30.e30.c2ln",
    "a key": "tunedmodels-api-key",
    "in Greek": "\u03b1",
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_token_is_refused(guarded: FlaskClient, kind: str) -> None:
    """All bad tokens get the same answer, without details."""
    header = BAD[kind].encode().decode("latin-1")
    answer = guarded.get("/v1beta/tunedModels", headers=bearer(header))

    assert api_error(answer) == BAD_TOKEN
    assert details(answer) == []


def test_token_and_key_must_both_be_valid(guarded: FlaskClient) -> None:
    """A bad token is refused despite a good key, and a bad key despite a good token."""
    assert api_error(guarded.get("/v1beta/tunedModels", headers={**bearer("bad"), **KEY})) == BAD_TOKEN
    assert api_error(guarded.get("/v1beta/tunedModels?key=bad", headers=bearer(token())))[0] == "INVALID_ARGUMENT"
    assert ok(guarded.get("/v1beta/tunedModels", headers={**bearer(token()), **KEY})) == {}


def test_a_token_expires_on_the_worlds_clock(guarded: FlaskClient, clock: ManualClock) -> None:
    """A token is valid until the moment of its expiry on the world's clock, whatever the machine's clock shows."""
    good = bearer(token(expires=NOW + 3600))
    clock.advance(((NOW + 3600) * SECOND - START) / SECOND - 0.000001)
    assert ok(guarded.get("/v1beta/tunedModels", headers=good)) == {}

    clock.advance(0.000001)
    assert api_error(guarded.get("/v1beta/tunedModels", headers=good)) == BAD_TOKEN


@pytest.mark.parametrize("place", ["header", "access_token", "oauth_token"])
def test_valid_token_identifies_the_caller(guarded: FlaskClient, tutorial: Any, place: str) -> None:
    """Every place for a token works, with the world in its prefix."""
    credential = f"test-w1/{token()}"
    how: dict[str, Any] = (
        {"headers": bearer(credential)} if place == "header" else {"query_string": {place: credential}}
    )
    name = ok(guarded.post("/v1beta/tunedModels", json=tutorial(), **how))["metadata"]["tunedModel"]
    (permission,) = ok(guarded.get(f"/v1beta/{name}/permissions", **how))["permissions"]

    assert permission["emailAddress"] == "alice@example.com"
    assert ok(guarded.get("/v1beta/tunedModels", headers=bearer(token()))) == {}


@pytest.mark.parametrize("auth", ["any", "strict"])
def test_own_token_identifies_the_caller_in_both_modes(clock: ManualClock, tutorial: Any, auth: Any) -> None:
    """In the default mode even an expired token does, because that mode refuses nothing."""
    http = create_app(Settings(auth=auth), clock.now).test_client()
    http.post("/v1beta/tunedModels?tunedModelId=own", json=tutorial(), headers=bearer(token()))
    (permission,) = ok(http.get("/v1beta/tunedModels/own/permissions", headers=bearer(token())))["permissions"]
    clock.advance(4000)
    late = http.get("/v1beta/tunedModels/own", headers=bearer(token()))

    assert permission["emailAddress"] == "alice@example.com"
    assert late.status_code == (200 if auth == "any" else 401)


READ = f"{PREFIX}generative-language.tuning.readonly"
CLOUD = f"{PREFIX}cloud-platform"
RETRIEVER = f"{PREFIX}generative-language.retriever"
SCOPES = [
    ("GET", "tunedModels", "ModelService.ListTunedModels", (TUNING, READ), (CLOUD, RETRIEVER)),
    ("GET", "tunedModels/x", "ModelService.GetTunedModel", (TUNING, READ), (CLOUD, RETRIEVER)),
    ("POST", "tunedModels", "ModelService.CreateTunedModel", (TUNING,), (READ, CLOUD, RETRIEVER)),
    ("PATCH", "tunedModels/x", "ModelService.UpdateTunedModel", (TUNING,), (READ, CLOUD)),
    ("DELETE", "tunedModels/x", "ModelService.DeleteTunedModel", (TUNING,), (READ, CLOUD)),
    ("POST", "tunedModels/x:generateContent", "GenerativeService.GenerateContent", (READ, RETRIEVER), (CLOUD,)),
    ("POST", "tunedModels/x:generateText", "TextService.GenerateText", (READ, RETRIEVER), (CLOUD,)),
    ("GET", "tunedModels/x/permissions", "PermissionService.ListPermissions", (READ, RETRIEVER), (CLOUD,)),
    ("POST", "tunedModels/x:transferOwnership", "PermissionService.TransferOwnership", (READ,), (CLOUD,)),
    ("GET", "models", "ModelService.ListModels", (READ, CLOUD, RETRIEVER), (f"{PREFIX}drive",)),
]


@pytest.mark.parametrize(("method", "path", "rpc", "enough", "lacking"), SCOPES, ids=[row[2] for row in SCOPES])
def test_method_needs_one_of_its_scopes(
    guarded: FlaskClient, method: str, path: str, rpc: str, enough: tuple[str, ...], lacking: tuple[str, ...]
) -> None:
    """Each scope of a method is enough; without one, the error names the method."""
    for scope in enough:
        answer = guarded.open(f"/v1beta/{path}", method=method, headers=bearer(token(f"{PREFIX}drive", scope)))
        assert answer.status_code in (200, 400, 404)
    for scope in lacking:
        answer = guarded.open(f"/v1beta/{path}", method=method, headers=bearer(token(scope)))
        assert api_error(answer) == ("PERMISSION_DENIED", "Request had insufficient authentication scopes.")
        method_name = f"google.ai.generativelanguage.v1beta.{rpc}"
        assert details(answer) == [error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", method=method_name)]


def test_details_name_the_package_of_operations(guarded: FlaskClient) -> None:
    """Details name the operation's own package in every version."""
    answer = guarded.get("/v1/tunedModels/x/operations/y", headers=bearer(token(CLOUD)))

    info = error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", method="google.longrunning.Operations.GetOperation")
    assert details(answer) == [info]


def test_every_route_has_scopes() -> None:
    """Each route, also of an allowance, has a row in the table of scopes, and each row has a route."""
    assert {route.method.id for route in routes()} == set(scopes.ACCEPTED)


@pytest.mark.parametrize(
    ("method", "path", "rpc"),
    [
        ("POST", "tunedModels/x/permissions", "CreatePermission"),
        ("GET", "tunedModels/x/permissions", "ListPermissions"),
        ("GET", "tunedModels/x/permissions/y", "GetPermission"),
        ("PATCH", "tunedModels/x/permissions/y", "UpdatePermission"),
        ("DELETE", "tunedModels/x/permissions/y", "DeletePermission"),
        ("POST", "tunedModels/x:transferOwnership", "TransferOwnership"),
    ],
)
def test_key_is_refused_if_oauth_is_needed(guarded: FlaskClient, method: str, path: str, rpc: str) -> None:
    """A registered key does not identify a user, and the detail names the method of the version."""
    for version in ("v1beta", "v1alpha", "v1beta3"):
        answer = guarded.open(f"/{version}/{path}", method=method, headers=KEY)

        assert api_error(answer) == (
            "UNAUTHENTICATED",
            "API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials "
            "that assert a principal. See https://cloud.google.com/docs/authentication",
        )
        full = f"google.ai.generativelanguage.{version}.PermissionService.{rpc}"
        assert details(answer) == [error_info("CREDENTIALS_MISSING", method=full)]


def test_unknown_quota_project_is_refused(clock: ManualClock) -> None:
    """A call that is billed to an unknown project is refused, and the error says what to do."""
    settings = Settings(auth="strict", projects={"my-project"})
    http = create_app(settings, clock.now).test_client()
    answer = http.get("/v1beta/tunedModels", headers={**KEY, "X-Goog-User-Project": "other"})

    page = "https://console.developers.google.com/iam-admin/iam/project?project=other"
    assert api_error(answer) == (
        "PERMISSION_DENIED",
        "Caller does not have required permission to use project other. Grant the caller the "
        "roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission, "
        f"by visiting {page} and then retry. Propagation of the new permission may take a few minutes.",
    )
    links = [{"description": "Google developer console IAM admin", "url": page}]
    helping = {"@type": "type.googleapis.com/google.rpc.Help", "links": links}
    assert details(answer) == [helping, error_info("USER_PROJECT_DENIED", consumer="projects/other")]
    assert ok(http.get("/v1beta/tunedModels", headers={**KEY, "X-Goog-User-Project": "my-project"})) == {}


def test_malformed_quota_project_is_refused(guarded: FlaskClient) -> None:
    """Without a list of projects, only the form of the project is checked."""
    answers = [
        guarded.get("/v1beta/tunedModels", headers={**KEY, "X-Goog-User-Project": project})
        for project in ("any-project", "123", "No Project", "x")
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 403, 403]


SELF_SIGNED: dict[str, tuple[dict[str, Any], bool]] = {
    "for the service": ({}, True),
    "for the service, without its slash": ({"aud": API.rstrip("/")}, True),
    "with scopes": ({"aud": None, "scope": TUNING}, True),
    "without a subject": ({"sub": None}, True),
    "of a clock that is a little ahead": ({"ahead": 5}, True),
    "for another service": ({"aud": "https://pubsub.googleapis.com/"}, False),
    "for nothing": ({"aud": None}, False),
    "for a list": ({"aud": [API]}, False),
    "for somebody else": ({"sub": "alice@example.com"}, False),
    "by somebody else": ({"iss": "alice@example.com"}, False),
    "of yesterday": ({"iat": 1_700_000_000, "exp": 1_700_003_600}, False),
    "of tomorrow": ({"iat": 9_000_000_000, "exp": 9_000_003_600}, False),
    "of a clock that is far ahead": ({"ahead": 60}, False),
    "of a clock that is a little behind": ({"ahead": -5}, True),
    "stamped a minute before": ({"ahead": -60, "lasts": 3660}, True),
    "stamped two minutes before": ({"ahead": -120, "lasts": 3720}, False),
    "for more than an hour from now": ({"lasts": 3620}, False),
    "just expired": ({"ahead": -3611}, False),
    "just expired, stamped a minute before": ({"ahead": -3671, "lasts": 3660}, False),
    "for the fake": ({"aud": "http://localhost/"}, True),
    "for the fake, without its slash": ({"aud": "http://localhost"}, True),
    "for a method of the fake": ({"aud": "http://localhost/v1beta/tunedModels"}, False),
    "for another fake": ({"aud": "http://localhost:9480"}, False),
    "for a day": ({"lasts": 86_400}, False),
    "for ever": ({"exp": None}, False),
    "from words": ({"iat": "now", "exp": "later"}, False),
    "from truth": ({"iat": True, "exp": True}, False),
    "from nowhere": ({"iat": float("nan"), "exp": 10**400}, False),
}


@pytest.mark.parametrize("kind", SELF_SIGNED)
def test_self_signed_jwt_is_checked(guarded: FlaskClient, robot: dict[str, str], kind: str) -> None:
    """A JWT of a service account is accepted if our key signed it and its claims fit."""
    claims, good = SELF_SIGNED[kind]
    answer = guarded.get("/v1beta/tunedModels", headers=bearer(signed(robot, **claims)))

    if good:
        assert ok(answer) == {}
    else:
        assert api_error(answer) == BAD_TOKEN


def test_a_self_signed_jwt_has_its_own_scopes(guarded: FlaskClient, robot: dict[str, str]) -> None:
    """The scopes in a JWT apply; a JWT with an audience has all scopes."""
    answer = guarded.get("/v1beta/tunedModels", headers=bearer(signed(robot, aud=None, scope=CLOUD)))

    assert api_error(answer)[1] == "Request had insufficient authentication scopes."
    assert guarded.post("/v1beta/tunedModels", headers=bearer(signed(robot))).status_code == 400


def test_jwt_with_bad_signature_is_refused(guarded: FlaskClient, robot: dict[str, str], foreign_key: str) -> None:
    """A changed JWT, or one that another key signed under the id of our key, is a bad token."""
    head, body, signature = signed(robot).split(".")
    other = service_account_keys.service_account("other@example.com", "http://localhost/token")
    forged = signed({**robot, "private_key": foreign_key})
    swapped = signed({**other, "client_email": robot["client_email"]})
    unknown = signed({**robot, "private_key_id": "0123"})
    unsigned = signed(robot).rpartition(".")[0] + "."
    changed = f"{head}.{body[:-2]}AA.{signature}"

    for bad in (forged, swapped, unknown, unsigned, changed):
        assert api_error(guarded.get("/v1beta/tunedModels", headers=bearer(bad))) == BAD_TOKEN
    assert ok(guarded.get("/v1beta/tunedModels", headers=bearer(signed(other)))) == {}


def test_key_file_with_its_own_key_is_accepted(guarded: FlaskClient, foreign_key: str) -> None:
    """A file can have a key of its own if the id contains the public half of that key."""
    modulus = load_pem_private_key(foreign_key.encode(), None).public_key().public_numbers().n  # type: ignore[union-attr]
    own = {
        "client_email": "a@example.com",
        "private_key": foreign_key,
        "private_key_id": service_accounts.Key("a@example.com", modulus).id(),
    }

    assert ok(guarded.get("/v1beta/tunedModels", headers=bearer(signed(own)))) == {}
    assert api_error(guarded.get("/v1beta/tunedModels", headers=bearer(signed(without_id(own))))) == BAD_TOKEN


def test_self_signed_jwt_without_key_id_is_checked(
    guarded: FlaskClient, robot: dict[str, str], foreign_key: str
) -> None:
    """Google's library for Ruby sends no id. The issuer names the account, and the signature is checked."""
    ruby = without_id(robot)
    backdated = {"ahead": -60, "lasts": 3660}
    bad = [
        signed({**ruby, "private_key": foreign_key}),
        signed({**ruby, "client_email": "nobody"}),
        signed(ruby, iss=None),
        signed(ruby, aud="https://pubsub.googleapis.com/"),
    ]

    assert ok(guarded.get("/v1beta/tunedModels", headers=bearer(signed(ruby, **backdated)))) == {}
    assert [api_error(guarded.get("/v1beta/tunedModels", headers=bearer(each))) for each in bad] == [BAD_TOKEN] * 4


def test_assertion_is_not_a_bearer_token(guarded: FlaskClient, robot: dict[str, str]) -> None:
    """An assertion for the token endpoint, without scopes, does not authorize a call."""
    assert api_error(guarded.get("/v1beta/tunedModels", headers=bearer(signed(robot, aud=AUDIENCE)))) == BAD_TOKEN


@pytest.mark.parametrize("path", ["/health", "/_emulator/clock", "/$discovery/rest?version=v1beta"])
def test_own_endpoints_need_no_credentials(guarded: FlaskClient, path: str) -> None:
    """Health, the clock and the discovery document are open to every caller."""
    assert guarded.get(path).status_code == 200


def test_unknown_route_needs_no_credentials(guarded: FlaskClient) -> None:
    """The answer is the page for unknown routes, as in the default mode."""
    assert guarded.get("/v1beta/tunedModel").status_code == 404


def test_credentials_are_checked_before_the_request(guarded: FlaskClient) -> None:
    """The error does not name the mistakes in the body. A stream has the error in its own form."""
    answer = guarded.post("/v1beta/tunedModels", data=b"not JSON")
    stream = guarded.post("/v1beta/models/gemini-1.5-flash:streamGenerateContent", data=b"not JSON")

    assert answer.status_code == stream.status_code == 403
    assert isinstance(stream.json, list)


def test_route_of_an_allowance_is_checked_as_its_method(guarded: FlaskClient) -> None:
    """A call of an allowance's route under /v1 is refused as the method under /v1beta."""
    answer = guarded.get("/v1/tunedModels", headers=bearer(token(CLOUD)))

    method = "google.ai.generativelanguage.v1beta.ModelService.ListTunedModels"
    assert details(answer) == [error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", method=method)]
