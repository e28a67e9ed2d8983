"""Tests the credentials that the mock server has for tests."""

from __future__ import annotations

import pytest

from tunedmodels_mockserver import ManualClock, Settings, create_app
from tunedmodels_mockserver.testing import ALLOWANCE_IDS, API_KEY, access_token, email_address, in_world

_CENTURY = 100 * 365 * 24 * 3600


@pytest.mark.parametrize("world", ["", "w1"])
def test_access_token_does_not_expire(world: str) -> None:
    """A strict server accepts the token after a hundred years."""
    clock = ManualClock()
    http = create_app(Settings(strict=True, auth="strict"), clock.now).test_client()
    clock.advance(_CENTURY)

    headers = {"Authorization": f"Bearer {access_token('alice@example.com', world)}"}
    assert http.get("/v1beta/tunedModels", headers=headers).status_code == 200


def test_api_key_names_its_world() -> None:
    """A strict server accepts the key with the name of a world, and refuses another key."""
    http = create_app(Settings(strict=True, auth="strict")).test_client()

    assert http.get("/v1beta/models", headers={"X-Goog-Api-Key": in_world(API_KEY, "w1")}).status_code == 200
    assert http.get("/v1beta/models", headers={"X-Goog-Api-Key": in_world("other", "w1")}).status_code == 400


def test_email_address_is_checked() -> None:
    """An address comes back in lower case, and any other text is refused."""
    assert email_address("Alice@Example.com") == "alice@example.com"
    with pytest.raises(ValueError, match="not an e-mail address"):
        email_address("alice")


def test_allowance_ids() -> None:
    """The ids are the names in the header, such as that of a doubled slash."""
    assert "doubled-slashes" in ALLOWANCE_IDS
