"""Tests page sizes, and page tokens that are valid for one list only."""

from __future__ import annotations

import base64

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tunedmodels_mockserver.wire.pages import page_size, page_start, page_token
from tunedmodels_mockserver.wire.status import Code, StatusError

parameters = st.lists(st.text(), max_size=3).map(tuple)


@pytest.mark.parametrize(
    ("requested", "size"), [(0, 10), (1, 1), (10, 10), (1000, 1000), (1001, 1000), (2**31 - 1, 1000)]
)
def test_page_sizes(requested: int, size: int) -> None:
    """Zero means the default, and more than a thousand means a thousand."""
    assert page_size(requested, 10) == size


@pytest.mark.parametrize("requested", [-1, -(2**31)])
def test_negative_page_sizes(requested: int) -> None:
    """A negative size is refused."""
    with pytest.raises(StatusError) as refusal:
        page_size(requested, 10)

    assert refusal.value.status.code is Code.INVALID_ARGUMENT


@given(st.integers(0, 2**64 - 1), parameters)
def test_tokens_read_back(position: int, of_list: tuple[str, ...]) -> None:
    """A token contains its place, has URL characters, and begins like a token of the service."""
    token = page_token(position, *of_list)

    assert page_start(token, *of_list) == position
    assert token.startswith("Ghdl")
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")


def test_empty_token_is_the_first_page() -> None:
    """An empty token means the beginning of any list."""
    assert page_start("", "tunedModels", "owner:me") == 0


@given(parameters, parameters)
def test_token_of_another_list_is_refused(mine: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    """Any other parameter of the call may differ."""
    assume("\x1f".join(mine) != "\x1f".join(theirs))
    token = page_token(7, *mine)

    with pytest.raises(StatusError) as refusal:
        page_start(token, *theirs)

    assert refusal.value.status.message == f"Invalid page token: {token}"


@given(st.text(min_size=1) | st.binary(min_size=1).map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_foreign_token_is_refused(text: str) -> None:
    """The message repeats at most a hundred characters of it."""
    with pytest.raises(StatusError) as refusal:
        page_start(text, "tunedModels")

    assert refusal.value.status.code is Code.INVALID_ARGUMENT
    assert refusal.value.status.message == f"Invalid page token: {text[:100]}"


@pytest.mark.parametrize("junk", ["x", "!", "\n", " ", "=", "====", "\0", "é", "AAAA", "%0A"])
def test_changed_token_is_refused(junk: str) -> None:
    """Text before, after or inside a token makes it invalid, also white space and characters outside base64."""
    token = page_token(7, "tunedModels")

    for text in (junk + token, token + junk, token[:12] + junk + token[12:]):
        with pytest.raises(StatusError, match="Invalid page token"):
            page_start(text, "tunedModels")
