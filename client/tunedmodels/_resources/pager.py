"""Pages of a list, asked for when they are reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from ..errors import TransportError

T = TypeVar("T")


class Pager(Generic[T]):
    """A list that comes in pages. Iterating yields its items, and asks for a page when it is reached.

    Each iteration begins anew. ``next_page_token`` is where the last page that was asked for ends: hand it to the
    same method as *page_token*, in another process perhaps, to go on from there.
    """

    def __init__(
        self, fetch: Callable[[str], dict[str, Any]], items: Callable[[dict[str, Any]], tuple[T, ...]], token: str
    ) -> None:
        self._fetch = fetch
        self._items = items
        self._token = token
        self._iterator: Iterator[T] | None = None
        #: Where the next page begins; empty after the last one.
        self.next_page_token: str = token

    @property
    def pages(self) -> Iterator[tuple[T, ...]]:
        """The pages, each as a tuple of its items; one may be empty and have others after it."""
        token = self._token
        seen_tokens = {token}
        while True:
            page = self._fetch(token)
            next_token = page.get("nextPageToken") or ""
            if not isinstance(next_token, str):
                raise TransportError(f"The page after {token!r} has a token that is no string: {next_token!r:.99}")
            if next_token and next_token in seen_tokens:
                raise TransportError(
                    f"The page after {token!r} leads back to {next_token!r}: the list would never end."
                )
            seen_tokens.add(next_token)
            self.next_page_token = token = next_token
            yield self._items(page)
            if not token:
                return

    def __next__(self) -> T:
        """Return the next item, the first at first, whatever iterations there were besides."""
        if self._iterator is None:
            self._iterator = iter(self)
        return next(self._iterator)

    def __repr__(self) -> str:
        """Say that it is a list which comes in pages."""
        return "<Pager: iterate over it, or over its pages; list() fetches all>"

    def __iter__(self) -> Iterator[T]:
        """Yield the items of all pages."""
        for page in self.pages:
            yield from page
