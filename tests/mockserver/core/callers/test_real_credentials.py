"""Credentials that look real."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.callers import real_credentials

from ...conftest import ok, refused

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
def test_what_looks_real(credential: str) -> None:
    """Google's forms of keys and tokens are told by what they are, alone or in a world."""
    assert real_credentials.kind(["something", f" {credential} "]) == REAL[credential]


@pytest.mark.parametrize(
    ("key_id", "kind"),
    [
        ("0123456789abcdef" * 2 + "01234567", "token signed by a service account"),
        ("1", None),
        ("tunedmodels-key~x", None),
    ],
    ids=["google's", "a test's", "the fake's"],
)
def test_what_a_service_account_signed(key_id: str, kind: str | None) -> None:
    """A JWT is real by the form of the id of its key; one that a test signs itself is let through."""
    header, claims = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "RS256", "kid": key_id}, {"iss": "robot@my-project.iam.gserviceaccount.com"})
    )

    assert real_credentials.kind([f"{header}.{claims}.c2ln"]) == kind


@pytest.mark.parametrize("credential", UNREAL)
def test_what_does_not_look_real(credential: str) -> None:
    """Stand-ins of tests and examples, and whatever else has another form, are let through."""
    assert real_credentials.kind([credential]) is None


@pytest.mark.parametrize("auth", ["any", "strict"])
@pytest.mark.parametrize("credential", REAL)
@pytest.mark.parametrize(("query", "headers"), PLACES)
def test_a_real_credential_is_refused(
    caplog: pytest.LogCaptureFixture, auth: Any, credential: str, query: str, headers: dict[str, str]
) -> None:
    """In both modes and every place, with a sentence; the value is neither in the answer nor in the log."""
    caplog.set_level(logging.DEBUG)
    http = create_app(Settings(auth=auth)).test_client()
    sent = {name: text.format(credential) for name, text in headers.items()}
    answer = http.get(f"/v1beta/tunedModels{query.format(credential)}", headers=sent)

    status, message = refused(answer)
    assert status == "PERMISSION_DENIED"
    assert message.startswith("A secret nearly went to a fake: ")
    assert f"what looks like a real {REAL[credential]}." in message
    told = f"{answer.text} {answer.headers} {caplog.text}"
    assert credential.removeprefix("test-w1/") not in told
    assert (
        f"GET /v1beta/tunedModels: refused, because it has a credential that looks like a real {REAL[credential]}"
        in caplog.text
    )


def test_real_credentials_can_be_allowed() -> None:
    """Who allows them is served by them: nobody in the default mode, and an unknown key in the strict one."""
    http = create_app(Settings(allow_real_credentials=True)).test_client()
    strict = create_app(Settings(allow_real_credentials=True, auth="strict")).test_client()

    assert ok(http.get("/v1beta/tunedModels", headers={"X-Goog-Api-Key": KEY})) == {}
    assert refused(strict.get(f"/v1beta/tunedModels?key={KEY}"))[1].startswith("API key not valid.")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/token", {"grant_type": "refresh_token", "refresh_token": "{}"}),
        ("/token", {"grant_type": "{}"}),
        ("/token?key={}", {"grant_type": "x"}),
        ("/revoke", {"token": "{}"}),
        ("/revoke?token={}", {}),
    ],
)
@pytest.mark.parametrize("credential", REAL)
def test_the_token_endpoint_refuses_them_too(
    caplog: pytest.LogCaptureFixture, credential: str, path: str, form: dict[str, str]
) -> None:
    """There in the form of OAuth, and as silent about the value."""
    caplog.set_level(logging.DEBUG)
    data = {name: text.format(credential) for name, text in form.items()}
    answer = create_app().test_client().post(path.format(credential), data=data)

    assert answer.json is not None
    assert (answer.status_code, answer.json["error"]) == (403, "access_denied")
    assert answer.json["error_description"].startswith("A secret nearly went to a fake: ")
    assert credential.removeprefix("test-w1/") not in f"{answer.text} {caplog.text}"


def test_an_unknown_route_and_the_log_of_requests_keep_silent_too(caplog: pytest.LogCaptureFixture) -> None:
    """A page for an unknown route shows the path alone, and so does the line for each request."""
    caplog.set_level(logging.DEBUG)
    answer = create_app().test_client().get(f"/v9/x?key={KEY}", headers={"Authorization": f"Bearer {KEY}"})

    assert answer.status_code == 404
    assert "GET /v9/x" in caplog.text
    assert KEY not in f"{answer.text} {answer.headers} {caplog.text}"


@pytest.mark.parametrize("path", [f"/v9/{KEY}", f"/v1beta/tunedModels&key={KEY}", "/v9/x&access_token=opaque-one"])
def test_a_credential_in_the_path_is_not_logged(caplog: pytest.LogCaptureFixture, path: str) -> None:
    """As where somebody wrote & for the question mark."""
    caplog.set_level(logging.DEBUG)
    create_app().test_client().get(path)

    assert "***" in caplog.text
    assert KEY not in caplog.text
    assert "opaque-one" not in caplog.text


def test_a_refused_credential_makes_no_world() -> None:
    """Nothing of it is kept: not even the world that it would have named."""
    app = create_app()
    app.test_client().get(f"/v1beta/tunedModels?key=test-w1/{KEY}")

    assert app.extensions["tunedmodels"].names() == []
