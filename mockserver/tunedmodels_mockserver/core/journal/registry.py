"""Holds the journals of a server, one for each world, and limits their number and their size."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from .journal import Journal

WORLDS = 1000
BYTES = 256 * 1024 * 1024  # approximate, of all journals

_SIZE_CHECK_INTERVAL = 64  # the sum of all bytes is checked once in this many requests


class Journals:
    """The journals of one server's worlds. A journal is created on first use.

    Beyond *worlds* journals, or *size* bytes in all, the least recently used journals are removed. ``closed`` is true
    once the server stops.
    """

    def __init__(self, worlds: int = WORLDS, size: int = BYTES) -> None:
        self.closed = False
        self._max_journals = worlds
        self._max_bytes = size
        self._requests = 0
        self._journals: dict[str, Journal] = {}
        self._lock = threading.Lock()

    def of(self, world: str) -> Journal:
        """Return the journal of the world called *world*."""
        with self._lock:
            journal = self._journals.pop(world, None) or Journal()
            self._journals[world] = journal
            self._requests += 1
            while len(self._journals) > self._max_journals or (
                self._requests % _SIZE_CHECK_INTERVAL == 0 and self._is_too_large()
            ):
                self._journals.pop(next(iter(self._journals))).close()
        return journal

    def drop(self, world: str) -> None:
        """Remove the journal of the world called *world*."""
        with self._lock:
            journal = self._journals.pop(world, None)
        if journal:
            journal.close()

    def all(self) -> Mapping[str, Journal]:
        """Return the existing journals by the names of their worlds."""
        with self._lock:
            return dict(self._journals)

    def close(self) -> None:
        """End every wait for an entry, because the server stops."""
        self.closed = True
        for journal in self.all().values():
            journal.close()

    def _is_too_large(self) -> bool:
        return len(self._journals) > 1 and sum(journal.size for journal in self._journals.values()) > self._max_bytes
