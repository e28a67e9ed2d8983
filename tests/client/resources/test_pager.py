"""A pager requests a page when it needs it, and a list always ends."""

from __future__ import annotations

from typing import Any

import pytest

from tunedmodels import Pager, TransportError


class Service:
    """Answers each token with its page, and records the tokens."""

    def __init__(self, pages: dict[str, dict[str, Any]]) -> None:
        self.pages = pages
        self.tokens: list[str] = []

    def __call__(self, token: str) -> dict[str, Any]:
        self.tokens.append(token)
        assert len(self.tokens) < 20, "the list has no end"
        return self.pages[token]


def pager(service: Service, token: str = "") -> Pager[str]:
    return Pager(service, lambda page: tuple(page.get("items", ())), token)


def three() -> Service:
    return Service(
        {
            "": {"items": ["a", "b"], "nextPageToken": "two"},
            "two": {"items": ["c"], "nextPageToken": "three"},
            "three": {"items": ["d"]},
        }
    )


def test_pages_are_requested_when_they_are_needed() -> None:
    """The first page is requested for its first item, the second page for its own."""
    service = three()
    items = iter(pager(service))
    assert service.tokens == []

    assert [next(items), next(items)] == ["a", "b"]
    assert service.tokens == [""]

    assert next(items) == "c"
    assert service.tokens == ["", "two"]


def test_pages() -> None:
    """Each page is a tuple of its items, and next_page_token is the token of the next page."""
    items = pager(three())
    assert items.next_page_token == ""

    pages = [(page, items.next_page_token) for page in items.pages]

    assert pages == [(("a", "b"), "two"), (("c",), "three"), (("d",), "")]


def test_each_iteration_begins_anew() -> None:
    """A list can be read twice, and partly."""
    items = pager(three())

    assert next(iter(items)) == "a"
    assert list(items) == list(items) == ["a", "b", "c", "d"]


def test_pager_continues_at_a_token() -> None:
    """Another pager can continue at the token of the first one."""
    service = three()
    first = pager(service)
    next(first.pages)
    rest = pager(service, first.next_page_token)
    assert rest.next_page_token == "two"

    assert list(rest) == ["c", "d"]
    assert service.tokens == ["", "two", "three"]


@pytest.mark.parametrize("empty", [{}, {"items": []}], ids=["no member", "empty"])
def test_empty_page_in_between(empty: dict[str, Any]) -> None:
    """A page without items has a next page if it has a token."""
    service = Service({"": {**empty, "nextPageToken": "more"}, "more": {"items": ["a"]}})

    assert list(pager(service)) == ["a"]
    assert list(pager(service).pages) == [(), ("a",)]


@pytest.mark.parametrize("last", [{}, {"nextPageToken": ""}, {"nextPageToken": None}], ids=repr)
def test_empty_list(last: dict[str, Any]) -> None:
    """A list of nothing is one empty page."""
    service = Service({"": last})

    assert list(pager(service).pages) == [()]
    assert service.tokens == [""]


@pytest.mark.parametrize(
    ("following", "tokens"),
    [
        ({"": "a", "a": "a"}, ["", "a"]),
        ({"": "a", "a": "b", "b": "a"}, ["", "a", "b"]),
        ({"a": "b", "b": "a"}, ["a", "b"]),
    ],
    ids=["itself", "one before", "the first"],
)
def test_token_that_comes_twice(following: dict[str, str], tokens: list[str]) -> None:
    """A token that leads back to an earlier page is an error, so the list ends."""
    service = Service({token: {"nextPageToken": after} for token, after in following.items()})

    with pytest.raises(TransportError, match="the list would never end"):
        list(pager(service, tokens[0]))

    assert service.tokens == tokens


@pytest.mark.parametrize("token", [5, ["a"], {"a": 1}], ids=repr)
def test_token_that_is_no_string(token: Any) -> None:
    """A token that is not a string is a TransportError."""
    with pytest.raises(TransportError, match="has a token that is not a string"):
        list(pager(Service({"": {"nextPageToken": token}})))
