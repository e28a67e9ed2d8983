"""Lists that come in pages. The client requests each page when an iteration needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from ..errors import TransportError

T = TypeVar("T")


class Pager(Generic[T]):
    """A list that comes in pages. Iterate over it to get its items; each page is requested when it is needed.

    Each iteration starts again at the first page. ``next_page_token`` is the token after the last page that was
    requested. To continue there, also in another process, pass it to the same method as *page_token*.
    """

    def __init__(
        self, fetch: Callable[[str], dict[str, Any]], items: Callable[[dict[str, Any]], tuple[T, ...]], token: str
    ) -> None:
        self._fetch = fetch
        self._items = items
        self._token = token
        self._iterator: Iterator[T] | None = None
        #: The token of the next page. It is empty after the last page.
        self.next_page_token: str = token

    @property
    def pages(self) -> Iterator[tuple[T, ...]]:
        """Yield the pages, each as a tuple of its items. A page can be empty and still have a next page."""
        token = self._token
        earlier_tokens = {token}
        while True:
            page = self._fetch(token)
            next_token = page.get("nextPageToken") or ""
            if not isinstance(next_token, str):
                raise TransportError(f"The page after {token!r} has a token that is not a string: {next_token!r:.99}")
            if next_token and next_token in earlier_tokens:
                raise TransportError(
                    f"The page after {token!r} leads back to {next_token!r}: the list would never end."
                )
            earlier_tokens.add(next_token)
            self.next_page_token = token = next_token
            yield self._items(page)
            if not token:
                return

    def __next__(self) -> T:
        """Return the next item, starting with the first. Iterations with ``iter`` do not change the position."""
        if self._iterator is None:
            self._iterator = iter(self)
        return next(self._iterator)

    def __repr__(self) -> str:
        """Show that this is a list that comes in pages."""
        return "<Pager: iterate over it, or over its pages; list() fetches all>"

    def __iter__(self) -> Iterator[T]:
        """Yield the items of all pages."""
        for page in self.pages:
            yield from page
