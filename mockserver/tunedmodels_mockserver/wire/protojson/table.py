"""Defines a list of messages that only grows, and the text of its first messages, which a writer keeps for next time.

A tuning run shows all its snapshots at each poll, and what a snapshot says never changes. So a writer renders each
snapshot once: it asks the table for the text of the rows that it has written before, and adds the new ones.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class TableText:
    """The text of the first rows of a table, with a separator between them, and the place where each row ends."""

    text: str = ""
    ends: array[int] = field(default_factory=lambda: array("Q"))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.ends)

    @property
    def size(self) -> int:
        """The bytes that it takes. JSON of the API is nearly always ASCII, which takes a byte for each character."""
        return len(self.text) + len(self.ends) * self.ends.itemsize

    def head(self, count: int) -> str:
        """Return the text of the first *count* rows, and of all of them if there are fewer."""
        if count >= len(self.ends):
            return self.text
        return self.text[: self.ends[count - 1]] if count else ""

    def with_head(self, count: int) -> TableText:
        """Return the first *count* rows."""
        return TableText(self.head(count), self.ends[:count])

    def with_rows(self, blocks: Iterable[Sequence[str]], separator: str) -> TableText:
        """Return the text with more rows at its end, which come in *blocks*."""
        texts, ends = [self.text] if self.ends else [], self.ends[:]
        skip = len(separator)
        place = len(self.text) if self.ends else -skip  # no separator comes before the first row
        for rows in blocks:
            texts.append(separator.join(rows))
            ends.extend([place := place + skip + len(row) for row in rows])
        return TableText(separator.join(texts), ends)


class Table:
    """A list of messages of one type. A later table of the same list has the same rows, and perhaps more.

    The value of a repeated field can be a table. It has a place for the texts of its rows, one for each *form*: any
    value that stands for the message, its version and its layout.
    """

    __slots__ = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        raise NotImplementedError

    def blocks(self, start: int) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Yield the rows from *start* (from 0) in blocks: of each, the values of each field by its proto name."""
        raise NotImplementedError

    def text(self, form: Hashable) -> TableText:
        """Return the text in *form* of as many rows as the table remembers, possibly more than it has."""
        raise NotImplementedError

    def keep(self, form: Hashable, text: TableText) -> None:
        """Remember *text*, the text of all rows in *form*, if there is room."""
        raise NotImplementedError
