"""Tests page sizes, and page tokens that are valid for one list only."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tunedmodels_mockserver.wire.pages import page_size, page_start, page_token
from tunedmodels_mockserver.wire.status import Code, StatusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

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
    made = page_token(position, *of_list)

    assert page_start(made, *of_list) == position
    assert made.startswith("Ghdl")
    assert set(made) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")


def test_empty_token_is_the_first_page() -> None:
    """An empty token means the beginning of any list."""
    assert page_start("", "tunedModels", "owner:me") == 0


@given(parameters, parameters)
def test_token_of_another_list_is_refused(mine: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    """If any other parameter of the call differs."""
    assume("\x1f".join(mine) != "\x1f".join(theirs))
    made = page_token(7, *mine)

    with pytest.raises(StatusError) as refusal:
        page_start(made, *theirs)

    assert refusal.value.status.message == f"Invalid page token: {made}"


@given(st.text(min_size=1) | st.binary(min_size=1).map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_foreign_token_is_refused(text: str) -> None:
    """The message repeats at most a hundred characters of it."""
    with pytest.raises(StatusError) as refusal:
        page_start(text, "tunedModels")

    assert refusal.value.status.code is Code.INVALID_ARGUMENT
    assert refusal.value.status.message == f"Invalid page token: {text[:100]}"


@pytest.mark.parametrize("junk", ["x", "!", "\n", " ", "=", "====", "\0", "é", "AAAA", "%0A"])
def test_changed_token_is_refused(junk: str) -> None:
    """With anything before, after or inside, white space and characters outside base64 included."""
    made = page_token(7, "tunedModels")

    for text in (junk + made, made + junk, made[:12] + junk + made[12:]):
        with pytest.raises(StatusError, match="Invalid page token"):
            page_start(text, "tunedModels")


def test_pages_are_consecutive(http: FlaskClient, create: Callable[[FlaskClient], str]) -> None:
    """The size can change from page to page, the filter cannot, and the last page has no token."""
    names = [create(http) for _ in range(4)]
    first = http.get("/v1beta/tunedModels?page_size=1").get_json()
    rest = http.get(f"/v1beta/tunedModels?pageToken={first['nextPageToken']}&pageSize=3").get_json()
    other = http.get(f"/v1beta/tunedModels?pageToken={first['nextPageToken']}&filter=owner:me")

    assert [model["name"] for page in (first, rest) for model in page["tunedModels"]] == names
    assert "nextPageToken" not in rest
    assert other.status_code == 400
