"""Tests the tokens that the mock server issues."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_mockserver.core.callers import grants, jwt, real_credentials, signing
from tunedmodels_mockserver.core.callers.grants import AccessGrant, RefreshGrant
from tunedmodels_mockserver.core.world_names import with_world, world_name

ACCESS = AccessGrant("alice@example.com", ("a", "b"), 1_710_413_130, "0123", "4567")
REFRESH = RefreshGrant("alice@example.com", ("a", "b"), "4567")


@pytest.mark.parametrize("world", ["", "w1", "a.b.c", "-"])
def test_token_contains_its_grant(world: str) -> None:
    """A token reads back as the same grant, with any world before it, and only as its own kind."""
    access, refresh = with_world(ACCESS.token(), world), with_world(REFRESH.token(), world)

    assert grants.read_access(access) == ACCESS
    assert grants.read_refresh(refresh) == REFRESH
    assert grants.read_access(refresh) is None
    assert grants.read_refresh(access) is None
    assert world_name(None, access) == world


@pytest.mark.parametrize("token", [ACCESS.token(), REFRESH.token(), with_world(ACCESS.token(), "a.b.c")])
def test_token_is_valid_in_a_header(token: str) -> None:
    """It has the characters of RFC 6750, and looks like neither a JWT nor a token of Google's."""
    assert re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", token)
    assert jwt.read(token) is None
    assert real_credentials.kind((token,)) is None


def test_another_process_recognizes_a_token() -> None:
    """A token is valid after a restart, because only a constant of the project goes into its signature."""
    token = "tunedmodels-refresh~WyJhbGljZUBleGFtcGxlLmNvbSIsImEgYiIsIjQ1NjciXQ~dOCKdU-c-8Dnwdjo"

    assert REFRESH.token() == token
    assert grants.read_refresh(token) == REFRESH


def test_changed_token_is_invalid() -> None:
    """One character more, fewer or different makes the token unknown."""
    token = ACCESS.token()
    others = [token[:place] + "A" + token[place + 1 :] for place in range(len(token)) if token[place] != "A"]

    assert [other for other in [*others, token + "A", token[:-1], ""] if grants.read_access(other)] == []


@given(st.text(), st.sampled_from(["access", "refresh", "key"]))
def test_any_text_can_be_read(text: str, kind: str) -> None:
    """Any text that the server did not issue gives None and no error."""
    assert signing.unsign(kind, text) is None
    assert signing.unsign(kind, f"tunedmodels-{kind}~{text}~{text}") is None
