"""The form of a metadata server that google-auth reads."""

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
    """What is one word is answered as text, to who asks as google-auth does, without credentials."""
    answer = guarded.get(path, headers=FLAVOR)

    assert (answer.status_code, answer.text) == (200, TEXTS[path])
    assert answer.headers["Metadata-Flavor"] == "Google"


@pytest.mark.parametrize("path", [ACCOUNT, f"{ACCOUNT}/", ACCOUNT.replace("default", "developer@example.com") + "/"])
def test_the_account(http: FlaskClient, path: str) -> None:
    """The machine's account is the developer, by either name, with the tutorial's scopes."""
    answer = http.get(f"{path}?recursive=true", headers=FLAVOR)

    email, granted = "developer@example.com", list(scopes.TUNING)
    assert ok(answer) == {"aliases": ["default"], "email": email, "scopes": granted}
    assert answer.headers["Metadata-Flavor"] == "Google"


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", scopes.TUNING), (f"?scopes={TUNING}", (TUNING,)), (f"?scopes={TUNING},b", (TUNING, "b"))],
)
def test_a_token(guarded: FlaskClient, query: str, expected: tuple[str, ...]) -> None:
    """It has the scopes that were asked for, and opens the API."""
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
    """The world is found as by any request."""
    token = ok(guarded.get(f"{ACCOUNT}/token", headers={**FLAVOR, "X-Test-Id": "w1"}))["access_token"]
    refused = guarded.get(f"{ACCOUNT}/token", headers={**FLAVOR, "X-Test-Id": "a b"})

    assert token.startswith("test-w1/")
    assert (refused.status_code, refused.text[:17]) == (400, "X-Test-Id must be")


@pytest.mark.parametrize("headers", [{}, {"Metadata-Flavor": "google"}])
def test_who_does_not_say_the_flavor(http: FlaskClient, headers: dict[str, str]) -> None:
    """Is refused; the root stays what it is to a browser, a page for an unknown route."""
    for path in (*TEXTS, f"{ACCOUNT}/", f"{ACCOUNT}/token"):
        answer = http.get(path, headers=headers)

        assert answer.status_code == (404 if path == "/" else 403)
        assert "Metadata-Flavor" not in answer.headers


def test_what_else_a_machine_knows(http: FlaskClient) -> None:
    """Is an unknown route."""
    assert http.get("/computeMetadata/v1/instance/zone", headers=FLAVOR).status_code == 404
    assert http.get(f"{ACCOUNT}/identity?audience=x", headers=FLAVOR).status_code == 404
