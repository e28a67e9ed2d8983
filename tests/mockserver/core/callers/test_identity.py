"""Tests which caller a request's credentials name."""

from __future__ import annotations

import base64
import json

import pytest

from tunedmodels_mockserver.core.callers.grants import AccessGrant, RefreshGrant
from tunedmodels_mockserver.core.callers.identity import DEVELOPER, Caller, caller


def jwt(**claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{body}.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("token", "key", "expected"),
    [
        (None, None, DEVELOPER),
        ("ya29.opaque", "AIza-key", DEVELOPER),
        ("alice@example.com", None, "alice@example.com"),
        ("test-w1/ALICE@Example.com", None, "alice@example.com"),
        (None, "test-w1/bob@example.com", "bob@example.com"),
        ("alice@example.com", "bob@example.com", "alice@example.com"),
        ("ya29.opaque", "bob@example.com", "bob@example.com"),
        (jwt(sub="svc@project.iam.gserviceaccount.com"), None, "svc@project.iam.gserviceaccount.com"),
        (jwt(sub="107"), "bob@example.com", "107"),
        (AccessGrant("alice@example.com", (), 0, "1").token(), "bob@example.com", "alice@example.com"),
        (f"test-w1/{RefreshGrant('alice@example.com', (), '1').token()}", None, "alice@example.com"),
        (AccessGrant("alice@example.com", (), 0, "1").token() + "x", "bob@example.com", "bob@example.com"),
        (jwt(iss="nobody"), None, DEVELOPER),
        ("a.b.c", None, DEVELOPER),
        ("a.W10.c", None, DEVELOPER),
        (jwt(sub=107), None, DEVELOPER),
        (jwt(sub=""), None, DEVELOPER),
        (jwt(sub="\ud800"), None, DEVELOPER),
        (jwt(sub="a\nb"), None, DEVELOPER),
        (jwt(sub="七"), None, DEVELOPER),
        (jwt(sub="x" * 400), None, "x" * 400),
        (jwt(sub="x" * 401), None, DEVELOPER),
        (jwt(sub="107", more="x" * 20_000), None, DEVELOPER),
    ],
)
def test_credential_identifies_the_caller(token: str | None, key: str | None, expected: str) -> None:
    """A token of the server, an address or a subject of a JWT names a caller; tokens win. Others mean the developer."""
    assert caller(token, key, None) == Caller(expected)


@pytest.mark.parametrize(
    ("header", "expected"), [("123456", 123456), ("my-project", None), (None, None), ("１２", None)]
)
def test_project_must_be_a_number(header: str | None, expected: int | None) -> None:
    """Only a project that is a number can be among a model's reader projects."""
    assert caller(None, None, header).project == expected
