"""Tests credentials that look real."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.callers import real_credentials

from ...conftest import api_error, ok

KEY = "AIza" + "SyB0123456789-abcdefghijklmnop_QRST"
REAL = {
    KEY: "API key",
    f"test-w1/{KEY}": "API key",
    "AQ." + "Ab8RN6-0123456789_abc": "API key",
    "ya29." + "a0Af_0123456789-abcdef": "access token",
    "1//" + "0g0123456789-abcdefghij_k": "refresh token",
    "GOCSPX-" + "0123456789abcdefghij": "client secret",
}
UNREAL = ["AIza", "AIzaSyA-some-key", KEY[:-1], "my" + KEY, "ya29.some-token", "AQ.short", "1//x", "alice@example.com"]
PLACES: list[tuple[str, dict[str, str]]] = [
    ("", {"Authorization": "Bearer {}"}),
    ("", {"Authorization": "{}"}),
    ("", {"X-Goog-Api-Key": "{}"}),
    ("?key={}", {}),
    ("?access_token={}", {"Authorization": "Bearer alice@example.com"}),
    ("?oauth_token={}&key=test-w1", {}),
]


@pytest.mark.parametrize("credential", REAL)
def test_real_forms_are_recognized(credential: str) -> None:
    """Each form of Google's keys and tokens is recognized, with and without a world."""
    assert (
        real_credentials.kind(
            (
                "something",
                f" {credential} ",
            )
        )
        == REAL[credential]
    )


@pytest.mark.parametrize(
    ("key_id", "kind"),
    [
        ("0123456789abcdef" * 2 + "01234567", "token signed by a service account"),
        ("1", None),
        ("tunedmodels-key~x", None),
    ],
    ids=["google's", "a test's", "the fake's"],
)
def test_jwt_of_a_real_service_account_is_recognized(key_id: str, kind: str | None) -> None:
    """The form of the key's id decides; a JWT that a test signs is accepted."""
    header, claims = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "RS256", "kid": key_id}, {"iss": "robot@my-project.iam.gserviceaccount.com"})
    )

    assert real_credentials.kind((f"{header}.{claims}.c2ln",)) == kind


@pytest.mark.parametrize("credential", UNREAL)
def test_other_forms_are_accepted(credential: str) -> None:
    """Dummy credentials of tests and examples, and all other forms, are accepted."""
    assert real_credentials.kind((credential,)) is None


@pytest.mark.parametrize("auth", ["any", "strict"])
@pytest.mark.parametrize(("credential", "place"), list(zip(REAL, PLACES, strict=True)))
def test_a_real_credential_is_refused(
    caplog: pytest.LogCaptureFixture, auth: Any, credential: str, place: tuple[str, dict[str, str]]
) -> None:
    """The server refuses it in both modes and in every place; neither the answer nor the log has its value."""
    caplog.set_level(logging.DEBUG)
    query, texts = place
    headers = {name: text.format(credential) for name, text in texts.items()}
    http = create_app(Settings(auth=auth)).test_client()
    answer = http.get(f"/v1beta/tunedModels{query.format(credential)}", headers=headers)

    status, message = api_error(answer)
    assert status == "PERMISSION_DENIED"
    assert message.startswith(
        f"The request has a credential that looks like a real {REAL[credential]}, but this is a mock server"
    )
    assert credential.removeprefix("test-w1/") not in f"{answer.text} {answer.headers} {caplog.text}"
    assert (
        f"GET /v1beta/tunedModels: refused, because it has a credential that looks like a real {REAL[credential]}"
        in caplog.text
    )


def test_real_credentials_can_be_allowed() -> None:
    """If they are allowed, they name no caller in the default mode, and are unknown keys in the strict mode."""
    http = create_app(Settings(allow_real_credentials=True)).test_client()
    strict = create_app(Settings(allow_real_credentials=True, auth="strict")).test_client()

    assert ok(http.get("/v1beta/tunedModels", headers={"X-Goog-Api-Key": KEY})) == {}
    assert api_error(strict.get(f"/v1beta/tunedModels?key={KEY}"))[1].startswith("API key not valid.")


@pytest.mark.parametrize(
    ("credential", "path", "form"),
    [
        ("ya29.a0Af_0123456789-abcdef", "/token", {"grant_type": "refresh_token", "refresh_token": "{}"}),
        (KEY, "/token", {"grant_type": "{}"}),
        (f"test-w1/{KEY}", "/token?key={}", {"grant_type": "x"}),
        ("1//0g0123456789-abcdefghij_k", "/revoke", {"token": "{}"}),
        ("GOCSPX-0123456789abcdefghij", "/revoke?token={}", {}),
    ],
)
def test_token_endpoint_refuses_real_credentials(
    caplog: pytest.LogCaptureFixture, credential: str, path: str, form: dict[str, str]
) -> None:
    """The error has the form of OAuth and does not show the value."""
    caplog.set_level(logging.DEBUG)
    data = {name: text.format(credential) for name, text in form.items()}
    answer = create_app().test_client().post(path.format(credential), data=data)

    assert answer.json is not None
    assert (answer.status_code, answer.json["error"]) == (403, "access_denied")
    assert answer.json["error_description"].startswith("The request has a credential that looks like a real ")
    assert credential.removeprefix("test-w1/") not in f"{answer.text} {caplog.text}"


def test_unknown_route_and_log_do_not_show_the_credential(caplog: pytest.LogCaptureFixture) -> None:
    """The page for an unknown route shows only the path, and so does the log line of each request."""
    caplog.set_level(logging.DEBUG)
    answer = create_app().test_client().get(f"/v9/x?key={KEY}", headers={"Authorization": f"Bearer {KEY}"})

    assert answer.status_code == 404
    assert "GET /v9/x" in caplog.text
    assert KEY not in f"{answer.text} {answer.headers} {caplog.text}"


@pytest.mark.parametrize("path", [f"/v9/{KEY}", f"/v1beta/tunedModels&key={KEY}", "/v9/x&access_token=opaque-one"])
def test_a_credential_in_the_path_is_not_logged(caplog: pytest.LogCaptureFixture, path: str) -> None:
    """A user may type & instead of the question mark."""
    caplog.set_level(logging.DEBUG)
    create_app().test_client().get(path)

    assert "***" in caplog.text
    assert KEY not in caplog.text
    assert "opaque-one" not in caplog.text


def test_refused_credential_creates_no_world() -> None:
    """The world that the credential names is not created."""
    app = create_app()
    app.test_client().get(f"/v1beta/tunedModels?key=test-w1/{KEY}")

    assert app.extensions["tunedmodels"].names() == []
