"""Tests the world that a request names, and credentials with and without a world."""

from __future__ import annotations

import pytest

from tunedmodels_mockserver.core.world_names import DEFAULT_WORLD, without_world, world_name


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
        (None, (None, "test-"), DEFAULT_WORLD),
        (None, (None, f"test-{'x' * 101}"), "x" * 100),
        ("", ("test-token", None), "token"),
    ],
)
def test_a_world_is_named_by_header_token_or_key(
    test_id: str | None, credentials: tuple[str | None, str | None], expected: str
) -> None:
    """The header wins, then a token and then a key that begin with ``test-``."""
    assert world_name(test_id, *credentials) == expected


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        ("test-w1/key", "key"),
        ("test-w1", "test-w1"),
        ("key", "key"),
        ("test-w1/test-w2/key", "test-w2/key"),
        ("my-test-w1/key", "my-test-w1/key"),
        (f"test-{'x' * 101}/key", f"test-{'x' * 101}/key"),
    ],
)
def test_a_credential_without_its_world(credential: str, expected: str) -> None:
    """Only a world at the beginning is removed, with its slash."""
    assert without_world(credential) == expected
