"""The fake's own tokens."""

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
def test_a_token_says_what_it_grants(world: str) -> None:
    """What was sealed is read again, whatever world stands before it, and is of its own kind alone."""
    access, refresh = with_world(ACCESS.token(), world), with_world(REFRESH.token(), world)

    assert grants.read_access(access) == ACCESS
    assert grants.read_refresh(refresh) == REFRESH
    assert grants.read_access(refresh) is None
    assert grants.read_refresh(access) is None
    assert world_name(None, access) == world


@pytest.mark.parametrize("token", [ACCESS.token(), REFRESH.token(), with_world(ACCESS.token(), "a.b.c")])
def test_a_token_can_stand_in_a_header(token: str) -> None:
    """RFC 6750 allows its characters; it is taken neither for a JWT nor for a token of Google's."""
    assert re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", token)
    assert jwt.read(token) is None
    assert real_credentials.kind([token]) is None


def test_another_process_makes_the_same() -> None:
    """A token is known again after a restart: nothing but the project's own constant goes into its seal."""
    token = "tunedmodels-refresh~WyJhbGljZUBleGFtcGxlLmNvbSIsImEgYiIsIjQ1NjciXQ~dOCKdU-c-8Dnwdjo"

    assert REFRESH.token() == token
    assert grants.read_refresh(token) == REFRESH


def test_a_changed_token_is_none() -> None:
    """One character more, less or other makes it a token that the fake does not know."""
    token = ACCESS.token()
    others = [token[:place] + "A" + token[place + 1 :] for place in range(len(token)) if token[place] != "A"]

    assert [other for other in [*others, token + "A", token[:-1], ""] if grants.read_access(other)] == []


@given(st.text(), st.sampled_from(["access", "refresh", "key"]))
def test_any_text_is_read(text: str, kind: str) -> None:
    """What the fake did not make is nothing, and no error."""
    assert signing.unsign(kind, text) is None
    assert signing.unsign(kind, f"tunedmodels-{kind}~{text}~{text}") is None
