"""Records the newest requests to one world with their answers, up to a limit of entries and bytes.

A journal keeps what a request brings as it is, and masks its secrets when somebody reads the entry. It belongs to one
server process and is not part of a world's state: no store saves it, and processes that share a store do not share it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from .entry import Entry
from .raw_entry import RawEntry

ENTRIES = 1000
BYTES = 8 * 1024 * 1024


class Journal:
    """The newest entries of one world: at most *entries* of them, and at most *size* bytes. Threads can share it.

    ``dropped`` counts the entries that the journal removed because of these limits.
    """

    def __init__(self, entries: int = ENTRIES, size: int = BYTES) -> None:
        self._max_entries = entries
        self._max_bytes = size
        self._entries: dict[int, Entry | RawEntry] = {}
        self._polls: dict[str, int] = {}
        self._first = self._next = 1  # the numbers of the oldest entry and of the next
        self._size = 0
        self._lock = threading.Lock()
        self._subscribers: dict[object, Callable[[], None]] = {}
        self._closed = False
        self.dropped = 0

    def add(self, raw: RawEntry) -> None:
        """Add *raw* as the newest entry, with the next number. If it polls a run, give it the number of the poll."""
        with self._lock:
            if raw.polled_model:
                raw.poll = self._count_poll(raw.polled_model)
            raw.number = self._next
            self._entries[self._next] = raw
            self._next += 1
            self._trim(raw.size)
            self._wake_subscribers()

    def amend(self, raw: RawEntry, answer: bytes, ended: int, *, lost: bool) -> RawEntry:
        """Complete the entry of *raw* at the end of its stream, and return it. Ignore an entry that was removed."""
        whole = msgspec.structs.replace(raw, ended=ended, lost=lost)
        whole.set_answer(answer)
        with self._lock:
            old = self._entries.get(raw.number)
            if old is not None and old.started == raw.started:
                self._entries[raw.number] = whole
                self._trim(whole.size - old.size)
        return whole

    def entries(self) -> list[Entry]:
        """Return the entries, the oldest first."""
        return self.entries_after(0)

    def entries_after(self, number: int) -> list[Entry]:
        """Return the entries after *number*, the oldest first."""
        with self._lock:
            items = [item for item_number, item in self._entries.items() if item_number > number]
        return [self._mask(item) if isinstance(item, RawEntry) else item for item in items]

    def clear(self) -> int:
        """Remove all entries and return their number. New entries continue the numbering."""
        with self._lock:
            count = len(self._entries)
            self._entries.clear()
            self._polls.clear()
            self._first, self._size = self._next, 0
        return count

    def subscribe(self, number: int, wake: Callable[[], None]) -> Callable[[], None]:
        """Call *wake* when there is an entry after *number*, and when the journal is closed; at once if that is so.

        Return a function that ends the subscription. *wake* must return at once. Any thread may call it, and more
        often than once.
        """
        with self._lock:
            key = object()
            self._subscribers[key] = wake
            if self._closed or self._next > number + 1:
                wake()
        return lambda: self._unsubscribe(key)

    def close(self) -> None:
        """Call all subscribers, now and later: no entry is worth waiting for."""
        with self._lock:
            self._closed = True
            self._wake_subscribers()

    @property
    def size(self) -> int:
        """The approximate number of bytes of all entries."""
        return self._size

    @property
    def is_open(self) -> bool:
        """Whether the journal can get new entries that a caller can wait for."""
        return not self._closed

    @property
    def newest_number(self) -> int:
        """The number of the newest entry, which is also the number of requests recorded so far."""
        return self._next - 1

    def _mask(self, raw: RawEntry) -> Entry:
        """Return the entry of *raw*, and keep it in the place of *raw*."""
        entry = raw.mask()
        with self._lock:
            if self._entries.get(raw.number) is raw:
                self._entries[raw.number] = entry
                self._size += entry.size - raw.size
        return entry

    def _unsubscribe(self, key: object) -> None:
        with self._lock:
            self._subscribers.pop(key, None)

    def _wake_subscribers(self) -> None:
        for wake in self._subscribers.values():
            wake()

    def _count_poll(self, model: str) -> int:
        self._polls[model] = count = self._polls.pop(model, 0) + 1
        if len(self._polls) > self._max_entries:
            del self._polls[next(iter(self._polls))]
        return count

    def _trim(self, added_bytes: int) -> None:
        self._size += added_bytes
        # The newest entry stays, even if it alone is larger than the limit.
        while len(self._entries) > self._max_entries or (self._size > self._max_bytes and len(self._entries) > 1):
            self._size -= self._entries.pop(self._first).size
            self._first += 1
            self.dropped += 1
