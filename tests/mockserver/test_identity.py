"""Who calls, and in which world."""

from __future__ import annotations

import base64
import json

import pytest

from tunedmodels_mockserver.core.identity import DEFAULT_WORLD, DEVELOPER, Caller, caller, world_name


def jwt(**claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{body}.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("test_id", "credentials", "expected"),
    [
        (None, (None, None), DEFAULT_WORLD),
        (None, (None, "AIza-anything"), DEFAULT_WORLD),
        (None, (None, "test-w1"), "w1"),
        (None, ("test-w1/alice@example.com", None), "w1"),
        (None, ("test-token", "test-key"), "token"),
        (None, ("ya29.else", "test-key"), "key"),
        ("header", ("test-token", "test-key"), "header"),
        (None, (None, "my-test-w1"), DEFAULT_WORLD),
    ],
)
def test_a_world_is_named_by_header_token_or_key(
    test_id: str | None, credentials: tuple[str | None, str | None], expected: str
) -> None:
    """The header wins, then a token and then a key that begin with ``test-``."""
    assert world_name(test_id, *credentials) == expected


@pytest.mark.parametrize(
    ("token", "key", "expected"),
    [
        (None, None, DEVELOPER),
        ("ya29.opaque", "AIza-key", DEVELOPER),
        ("alice@example.com", None, "alice@example.com"),
        ("test-w1/Alice@Example.com", None, "alice@example.com"),
        (None, "test-w1/bob@example.com", "bob@example.com"),
        ("alice@example.com", "bob@example.com", "alice@example.com"),
        ("ya29.opaque", "bob@example.com", "bob@example.com"),
        (jwt(sub="svc@project.iam.gserviceaccount.com"), None, "svc@project.iam.gserviceaccount.com"),
        (jwt(sub="107"), "bob@example.com", "107"),
        (jwt(iss="nobody"), None, DEVELOPER),
        ("a.b.c", None, DEVELOPER),
        ("a.W10.c", None, DEVELOPER),
    ],
)
def test_a_caller_is_named_by_a_credential(token: str | None, key: str | None, expected: str) -> None:
    """An address or a JWT's subject names somebody, a token before a key; all else is one developer."""
    assert caller(token, key, None) == Caller(expected)


@pytest.mark.parametrize(
    ("header", "expected"), [("123456", 123456), ("my-project", None), (None, None), ("１２", None)]
)
def test_a_project_counts_by_its_number(header: str | None, expected: int | None) -> None:
    """Only a project given as a number can be among a model's reader projects."""
    assert caller(None, None, header).project == expected
