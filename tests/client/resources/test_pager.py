"""Pages: asked for when they are reached, and never without an end."""

from __future__ import annotations

from typing import Any

import pytest

from tunedmodels import Pager, TransportError


class Service:
    """Answers each token with the page that it stands for, and remembers what it was asked."""

    def __init__(self, pages: dict[str, dict[str, Any]]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    def __call__(self, token: str) -> dict[str, Any]:
        self.asked.append(token)
        assert len(self.asked) < 20, "the list has no end"
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


def test_items_of_all_pages() -> None:
    """A list of pages is one list."""
    assert list(pager(three())) == ["a", "b", "c", "d"]


def test_pages_are_requested_when_they_are_needed() -> None:
    """The first page is requested for its first item, the second page for its own."""
    service = three()
    items = iter(pager(service))
    assert service.asked == []

    assert [next(items), next(items)] == ["a", "b"]
    assert service.asked == [""]

    assert next(items) == "c"
    assert service.asked == ["", "two"]


def test_pages() -> None:
    """Each page is a tuple of its items; next_page_token is where it ends."""
    listed = pager(three())
    assert listed.next_page_token == ""

    seen = [(page, listed.next_page_token) for page in listed.pages]

    assert seen == [(("a", "b"), "two"), (("c",), "three"), (("d",), "")]


def test_each_iteration_begins_anew() -> None:
    """A list can be read twice, and partly."""
    listed = pager(three())

    assert next(iter(listed)) == "a"
    assert list(listed) == list(listed) == ["a", "b", "c", "d"]


def test_going_on_from_a_token() -> None:
    """Another pager goes on where one stopped."""
    service = three()
    first = pager(service)
    next(first.pages)
    rest = pager(service, first.next_page_token)
    assert rest.next_page_token == "two"

    assert list(rest) == ["c", "d"]
    assert service.asked == ["", "two", "three"]


@pytest.mark.parametrize("empty", [{}, {"items": []}], ids=["no member", "empty"])
def test_empty_page_in_between(empty: dict[str, Any]) -> None:
    """A page without items has a successor if it says so."""
    service = Service({"": {**empty, "nextPageToken": "more"}, "more": {"items": ["a"]}})

    assert list(pager(service)) == ["a"]
    assert list(pager(service).pages) == [(), ("a",)]


@pytest.mark.parametrize("last", [{}, {"nextPageToken": ""}, {"nextPageToken": None}], ids=repr)
def test_empty_list(last: dict[str, Any]) -> None:
    """A list of nothing is one empty page."""
    service = Service({"": last})

    assert list(pager(service).pages) == [()]
    assert service.asked == [""]


@pytest.mark.parametrize(
    ("pages", "asked"),
    [
        pytest.param({"": {"nextPageToken": "a"}, "a": {"nextPageToken": "a"}}, ["", "a"], id="itself"),
        pytest.param(
            {"": {"nextPageToken": "a"}, "a": {"nextPageToken": "b"}, "b": {"nextPageToken": "a"}},
            ["", "a", "b"],
            id="one before",
        ),
    ],
)
def test_token_that_comes_twice(pages: dict[str, Any], asked: list[str]) -> None:
    """A page that leads back to one that was read is an error, and not a list without end."""
    service = Service(pages)

    with pytest.raises(TransportError, match="the list would never end"):
        list(pager(service))

    assert service.asked == asked


def test_token_that_comes_twice_after_going_on() -> None:
    """The token that the reading began with counts too."""
    service = Service({"a": {"nextPageToken": "b"}, "b": {"nextPageToken": "a"}})

    with pytest.raises(TransportError, match="the list would never end"):
        list(pager(service, "a"))

    assert service.asked == ["a", "b"]


@pytest.mark.parametrize("token", [5, ["a"], {"a": 1}], ids=repr)
def test_token_that_is_no_string(token: Any) -> None:
    """A token of another type is an answer that is not the API's."""
    with pytest.raises(TransportError, match="has a token that is not a string"):
        list(pager(Service({"": {"nextPageToken": token}})))
