"""These clauses check which credentials the service accepts, and how it refuses the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from google.oauth2.credentials import Credentials

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.targets.target import Target

JUDGED = [Need.CREDENTIALS_JUDGED]
DENIED, INVALID, UNAUTHENTICATED = "403 PERMISSION_DENIED", "400 INVALID_ARGUMENT", "401 UNAUTHENTICATED"
MODEL = "v1beta/tunedModels/contracts-none"

# Methods that accept an API key; then methods that accept only OAuth, with their names in the protos.
OPEN: dict[str, tuple[str, str]] = {
    "tunedModels.create": ("POST", "v1beta/tunedModels"),
    "tunedModels.list": ("GET", "v1beta/tunedModels"),
    "tunedModels.get": ("GET", MODEL),
    "tunedModels.patch": ("PATCH", MODEL),
    "tunedModels.delete": ("DELETE", MODEL),
    "tunedModels.generateContent": ("POST", f"{MODEL}:generateContent"),
    "tunedModels.streamGenerateContent": ("POST", f"{MODEL}:streamGenerateContent"),
    "tunedModels.operations.get": ("GET", f"{MODEL}/operations/abcdefghijkl"),
    "tunedModels.operations.list": ("GET", f"{MODEL}/operations"),
    "tunedModels.operations.cancel": ("POST", "v1/tunedModels/contracts-none/operations/abcdefghijkl:cancel"),
    "operations.list": ("GET", "v1/operations"),
    "operations.delete": ("DELETE", "v1/operations/abcdefghijkl"),
    "models.get": ("GET", "v1beta/models/contracts-none"),
    "models.list": ("GET", "v1beta/models"),
    "models.generateContent": ("POST", "v1beta/models/contracts-none:generateContent"),
}
OAUTH_ONLY: dict[str, tuple[str, str, str]] = {
    "tunedModels.permissions.create": ("POST", f"{MODEL}/permissions", "CreatePermission"),
    "tunedModels.permissions.list": ("GET", f"{MODEL}/permissions", "ListPermissions"),
    "tunedModels.permissions.get": ("GET", f"{MODEL}/permissions/1", "GetPermission"),
    "tunedModels.permissions.patch": ("PATCH", f"{MODEL}/permissions/1", "UpdatePermission"),
    "tunedModels.permissions.delete": ("DELETE", f"{MODEL}/permissions/1", "DeletePermission"),
    "tunedModels.transferOwnership": ("POST", f"{MODEL}:transferOwnership", "TransferOwnership"),
}

LIST = "tunedModels.permissions.list"


def _ask(api: Api, http: str, path: str, **parameters: str) -> Answer:
    return api.ask(http, path, parameters or None, json={} if http in ("POST", "PATCH") else None)


# -- No credentials --------------------------------------------------------------------------------------------


@clause("credentials/none", *OPEN, outcome=DENIED, cost=Cost.FREE, needs=JUDGED)
@pytest.mark.parametrize("method", OPEN)
def test_none(anonymous_api: Api, method: str) -> None:
    """A request without credentials is refused, with a fixed message and without details. Observed."""
    error = _ask(anonymous_api, *OPEN[method]).assert_error(403, "PERMISSION_DENIED")

    assert error.message == (
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API."
    )
    assert error.details == ()


@clause("credentials/none-where-oauth-is-needed", LIST, outcome=UNAUTHENTICATED, cost=Cost.FREE, needs=JUDGED)
def test_none_where_oauth_is_needed(anonymous_api: Api) -> None:
    """Listing permissions without credentials gives 401, not 403, because the method accepts only OAuth. Observed in
    2025.
    """
    anonymous_api.get(f"{MODEL}/permissions").assert_error(401, "UNAUTHENTICATED")


@clause(
    "credentials/none-for-other-methods-that-need-oauth",
    *(method for method in OAUTH_ONLY if method != LIST),
    outcome=UNAUTHENTICATED,
    level=Level.RECOMMENDED,
    cost=Cost.FREE,
    needs=JUDGED,
)
@pytest.mark.parametrize("method", [method for method in OAUTH_ONLY if method != LIST])
def test_none_for_other_methods_that_need_oauth(anonymous_api: Api, method: str) -> None:
    """A method that accepts only OAuth answers 401, not 403, without credentials. Inferred from the list of
    permissions.
    """
    http, path, _ = OAUTH_ONLY[method]

    _ask(anonymous_api, http, path).assert_error(401, "UNAUTHENTICATED")


# -- API keys --------------------------------------------------------------------------------------------------


@clause("credentials/keys", "tunedModels.list", level=Level.OPTIONAL)
def test_keys(key_api: Api) -> None:
    """An API key is enough for tuning. Documented since September 2024; before that OAuth was needed."""
    key_api.get("v1beta/tunedModels").ok()


@clause("credentials/places-of-a-key", "models.list", outcome=INVALID, cost=Cost.FREE, needs=JUDGED)
@pytest.mark.parametrize("place", ["key", "$key", "x-goog-api-key"])
def test_places_of_a_key(anonymous_api: Api, place: str) -> None:
    """An API key can be in a parameter or a header, and an unknown key is not valid, with a fixed message. Observed."""
    key = "no-key-of-anybody"
    error = anonymous_api.get(
        "v1beta/models",
        None if "-" in place else {place: key},
        headers={place: key} if "-" in place else None,
    ).assert_error(400, "INVALID_ARGUMENT")

    assert error.message == "API key not valid. Please pass a valid API key."
    assert error.details[0] == {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }


@clause("credentials/unknown-key", *OPEN, outcome=INVALID, cost=Cost.FREE, needs=JUDGED)
@pytest.mark.parametrize("method", OPEN)
def test_unknown_key(anonymous_api: Api, method: str) -> None:
    """An unknown API key is not valid for any method that accepts keys. Observed."""
    answer = _ask(anonymous_api, *OPEN[method], key="no-key-of-anybody")

    assert answer.assert_error(400, "INVALID_ARGUMENT").message == ("API key not valid. Please pass a valid API key.")


@clause(
    "credentials/localized-message", "models.list", outcome=INVALID, level=Level.OPTIONAL, cost=Cost.FREE, needs=JUDGED
)
def test_localized_message(anonymous_api: Api) -> None:
    """The error for an unknown API key has its message a second time, with the language. Seen since 2025."""
    details = (
        anonymous_api.get("v1beta/models", {"key": "no-key-of-anybody"}).assert_error(400, "INVALID_ARGUMENT").details
    )

    assert details[1:] == (
        {
            "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
            "locale": "en-US",
            "message": "API key not valid. Please pass a valid API key.",
        },
    )


@clause("credentials/keys-where-oauth-is-needed", *OAUTH_ONLY, outcome=UNAUTHENTICATED, cost=Cost.FREE, needs=JUDGED)
@pytest.mark.parametrize("method", OAUTH_ONLY)
def test_keys_where_oauth_is_needed(key_api: Api, method: str) -> None:
    """The methods for permissions and ownership refuse API keys, with a fixed message and the name of the method.
    Observed in 2025.
    """
    http, path, rpc = OAUTH_ONLY[method]
    error = _ask(key_api, http, path).assert_error(401, "UNAUTHENTICATED")

    assert error.message == (
        "API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials "
        "that assert a principal. See https://cloud.google.com/docs/authentication"
    )
    assert error.details == (
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "CREDENTIALS_MISSING",
            "domain": "googleapis.com",
            "metadata": {
                "service": "generativelanguage.googleapis.com",
                "method": f"google.ai.generativelanguage.v1beta.PermissionService.{rpc}",
            },
        },
    )


@clause(
    "credentials/unknown-key-where-oauth-is-needed",
    LIST,
    outcome=UNAUTHENTICATED,
    cost=Cost.FREE,
    needs=JUDGED,
)
def test_unknown_key_where_oauth_is_needed(anonymous_api: Api) -> None:
    """A method that accepts only OAuth answers 401, not 400, to an unknown API key. Observed in 2025."""
    anonymous_api.get(f"{MODEL}/permissions", {"key": "no-key-of-anybody"}).assert_error(401, "UNAUTHENTICATED")


# -- Tokens ----------------------------------------------------------------------------------------------------


@clause("credentials/unknown-token", *OPEN, *OAUTH_ONLY, outcome=UNAUTHENTICATED, cost=Cost.FREE, needs=JUDGED)
@pytest.mark.parametrize("method", [*OPEN, *OAUTH_ONLY])
def test_unknown_token(api: Api, method: str) -> None:
    """An unknown token is refused, with a fixed message. Observed in 2024."""
    http, path, *_ = OPEN.get(method) or OAUTH_ONLY[method]
    error = _ask(api.by(Credentials(token="no-token-of-anybody")), http, path).assert_error(401, "UNAUTHENTICATED")

    assert error.message == (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
    )


@clause("credentials/places-of-a-token", "tunedModels.list", outcome=UNAUTHENTICATED, cost=Cost.FREE, needs=JUDGED)
@pytest.mark.parametrize("place", ["access_token", "oauth_token"])
def test_places_of_a_token(anonymous_api: Api, place: str) -> None:
    """A token can be in a parameter. Documented."""
    anonymous_api.get("v1beta/tunedModels", {place: "no-token-of-anybody"}).assert_error(401, "UNAUTHENTICATED")


@clause(
    "credentials/checked-first",
    "tunedModels.create",
    outcome=DENIED,
    level=Level.RECOMMENDED,
    cost=Cost.FREE,
    needs=JUDGED,
)
def test_checked_first(anonymous_api: Api) -> None:
    """The service checks the credentials before it reads the request. Inferred: the front end does it, within
    milliseconds.
    """
    anonymous_api.post("v1beta/tunedModels", data="{").assert_error(403, "PERMISSION_DENIED")


@clause("credentials/tokens-of-two-users", "tunedModels.get", cost=Cost.TUNING, needs=[*JUDGED, Need.SECOND_CALLER])
def test_tokens_of_two_users(api: Api, other_api: Api, foreign_model: str, target: Target) -> None:
    """A token identifies the user: the model that is forbidden for one user belongs to the other. Observed in 2024."""
    assert target.caller is not target.other
    assert other_api.get(f"v1beta/{foreign_model}").ok()["name"] == foreign_model
    api.get(f"v1beta/{foreign_model}").assert_error(403, "PERMISSION_DENIED")


Create = Callable[..., Answer]


@clause(
    "credentials/keys-start-runs", "tunedModels.create", "tunedModels.delete", level=Level.OPTIONAL, cost=Cost.TUNING
)
def test_keys_start_runs(key_api: Api, create: Create) -> None:
    """An API key is enough to tune a model, to follow its run and to delete it. Seen from September 2024."""
    operation = create(by=key_api).ok()

    assert key_api.get(f"v1beta/{operation['name']}").ok()["name"] == operation["name"]
    assert key_api.get(f"v1beta/{operation['metadata']['tunedModel']}").ok()["state"] in ("CREATING", "ACTIVE")
    assert key_api.delete(f"v1beta/{operation['metadata']['tunedModel']}").ok() == {}
