"""Tests the metadata server in the form that google-auth reads."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver.core.callers import grants, scopes

from ..conftest import ok
from ..core.callers.test_admission import bearer

FLAVOR = {"Metadata-Flavor": "Google"}
ACCOUNT = "/computeMetadata/v1/instance/service-accounts/default"
TUNING = "https://www.googleapis.com/auth/generative-language.tuning"
TEXTS = {
    "/": "computeMetadata/\n",
    "/computeMetadata/v1/project/project-id": "tunedmodels-fake",
    "/computeMetadata/v1/universe/universe-domain": "googleapis.com",
    f"{ACCOUNT}/email": "developer@example.com",
}


@pytest.mark.parametrize("path", TEXTS)
def test_texts(guarded: FlaskClient, path: str) -> None:
    """Single values are plain text, for requests with the header of google-auth and without credentials."""
    answer = guarded.get(path, headers=FLAVOR)

    assert (answer.status_code, answer.text) == (200, TEXTS[path])
    assert answer.headers["Metadata-Flavor"] == "Google"


@pytest.mark.parametrize("path", [ACCOUNT, f"{ACCOUNT}/", ACCOUNT.replace("default", "developer@example.com") + "/"])
def test_the_account(http: FlaskClient, path: str) -> None:
    """By either name, the account of the machine is the developer, with the scopes of the tutorial."""
    answer = http.get(f"{path}?recursive=true", headers=FLAVOR)

    email, granted = "developer@example.com", list(scopes.TUNING)
    assert ok(answer) == {"aliases": ["default"], "email": email, "scopes": granted}
    assert answer.headers["Metadata-Flavor"] == "Google"


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", scopes.TUNING), (f"?scopes={TUNING}", (TUNING,)), (f"?scopes={TUNING},b", (TUNING, "b"))],
)
def test_a_token(guarded: FlaskClient, query: str, expected: tuple[str, ...]) -> None:
    """It has the requested scopes, and the API accepts it."""
    answer: Any = ok(guarded.get(f"{ACCOUNT}/token{query}", headers=FLAVOR))

    assert {name: answer[name] for name in answer if name != "access_token"} == {
        "expires_in": 3599,
        "token_type": "Bearer",
    }
    read_access = grants.read_access(answer["access_token"])
    assert read_access is not None
    assert (read_access.email, read_access.scopes) == ("developer@example.com", expected)
    assert ok(guarded.get("/v1beta/tunedModels", headers=bearer(answer["access_token"]))) == {}


def test_a_token_of_a_world(guarded: FlaskClient) -> None:
    """The request names its world as any other request does."""
    token = ok(guarded.get(f"{ACCOUNT}/token", headers={**FLAVOR, "X-Test-Id": "w1"}))["access_token"]
    refusal = guarded.get(f"{ACCOUNT}/token", headers={**FLAVOR, "X-Test-Id": "a b"})

    assert token.startswith("test-w1/")
    assert (refusal.status_code, refusal.text[:17]) == (400, "X-Test-Id must be")


@pytest.mark.parametrize("headers", [{}, {"Metadata-Flavor": "google"}])
def test_a_request_without_the_flavor_is_refused(http: FlaskClient, headers: dict[str, str]) -> None:
    """The root is a page for an unknown route, as for a browser."""
    for path in (*TEXTS, f"{ACCOUNT}/", f"{ACCOUNT}/token"):
        answer = http.get(path, headers=headers)

        assert answer.status_code == (404 if path == "/" else 403)
        assert "Metadata-Flavor" not in answer.headers


def test_other_values_are_unknown(http: FlaskClient) -> None:
    """Their paths are unknown routes."""
    assert http.get("/computeMetadata/v1/instance/zone", headers=FLAVOR).status_code == 404
    assert http.get(f"{ACCOUNT}/identity?audience=x", headers=FLAVOR).status_code == 404
