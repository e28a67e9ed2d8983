"""Records the newest requests to one world with their answers, up to a limit of entries and bytes.

A journal belongs to one server process and is not part of a world's state: no store saves it, and processes that share
a store do not share it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any

import msgspec

from ...wire.protojson.timestamps import format_timestamp
from ...wire.units import SECOND
from .answer_fields import AnswerFields, json_or_text, read_fields

ENTRIES = 1000
BYTES = 8 * 1024 * 1024

_OVERHEAD = 1000  # approximate bytes of an entry without its bodies
_NAME = re.compile(r"tunedModels/(?P<model>[^/:?]+)(?:/operations/(?P<operation>[^/:?]+))?")


class Body(msgspec.Struct, frozen=True):
    """A body with its secrets masked, truncated if it was long. ``size`` is the number of bytes of the whole body."""

    data: bytes = b""
    size: int = 0

    @property
    def is_truncated(self) -> bool:
        """Whether a part of the body is missing."""
        return self.size > len(self.data)


EMPTY = Body()


class Entry(msgspec.Struct, frozen=True, dict=True):
    """One request and its answer. Secrets are masked.

    ``at`` is the time of the world's clock in nanoseconds since the epoch; it is None if the request did not reach a
    world's clock. ``started`` and ``ended`` are times of the machine's monotonic clock in nanoseconds. ``method`` is
    the id of the API's method; it is empty if no route matched. ``fault`` is the id of the fault that fired, a space,
    and its effect. ``lost`` is true if the connection ended before the whole answer was sent. ``poll`` counts the
    polls of a run; it is None if the request does not poll one. ``long_answer_fields`` has the fields of an answer that
    is too long to store whole.
    """

    http: str
    path: str
    status: int
    started: int
    ended: int
    number: int = 0
    at: int | None = None
    method: str = ""
    caller: str = ""
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    request: Body = EMPTY
    answer: Body = EMPTY
    retry_after: str = ""
    note: str = ""
    fault: str = ""
    allowances: tuple[str, ...] = ()
    lost: bool = False
    poll: int | None = None
    long_answer_fields: AnswerFields | None = None

    @cached_property
    def answer_fields(self) -> AnswerFields:
        """The members of the answer that decide what a client does next."""
        return self.long_answer_fields or read_fields(self.answer.data)

    @cached_property
    def name(self) -> str:
        """The name of the model or operation in the path, or empty; for a successful create, the name in the answer."""
        created = self.method == "tunedModels.create" and self.status == 200
        match = _NAME.search(self.answer_fields.name if created else self.path)
        return match[0] if match else ""

    @property
    def model(self) -> str:
        """The id of the tuned model in ``name``, or empty."""
        match = _NAME.fullmatch(self.name)
        return match["model"] if match else ""

    @property
    def operation(self) -> str:
        """The id of the operation in ``name``, or empty."""
        match = _NAME.fullmatch(self.name)
        return (match["operation"] or "") if match else ""

    @property
    def retry_delay(self) -> float | None:
        """The seconds that the answer asks the caller to wait, by Retry-After or else by RetryInfo, or None."""
        return float(self.retry_after) if self.retry_after.isdecimal() else self.answer_fields.retry_delay

    @property
    def size(self) -> int:
        """The approximate number of bytes that the entry takes in memory."""
        return _OVERHEAD + len(self.request.data) + len(self.answer.data) + len(self.path) + len(self.query)

    @property
    def request_line(self) -> str:
        """The request line, such as ``GET /v1beta/tunedModels/x?fields=name``."""
        return f"{self.http} {self.path}{'?' if self.query else ''}{self.query}"

    def document(self) -> dict[str, Any]:
        """Return the entry as plain JSON."""
        return {
            "number": self.number,
            "time": None if self.at is None else format_timestamp(self.at, 9),
            "monotonic": round(self.started / SECOND, 6),
            "duration": round((self.ended - self.started) / SECOND, 6),
            "http": self.http,
            "path": self.path,
            "query": self.query,
            "method": self.method or None,
            "caller": self.caller or None,
            "model": self.model or None,
            "operation": self.operation or None,
            "poll": self.poll,
            "headers": dict(self.headers),
            "request": _body_document(self.request),
            "status": self.status,
            "answer": _body_document(self.answer),
            "note": self.note or None,
            "fault": self.fault or None,
            "allowances": list(self.allowances),
            "lost": self.lost,
        }


def _body_document(body: Body) -> dict[str, Any] | None:
    if not body.size:
        return None
    content = body.data.decode("utf-8", "replace") if body.is_truncated else json_or_text(body.data)
    return {"content": content, "size": body.size, "cut": body.is_truncated}


class Journal:
    """The newest entries of one world: at most *entries* of them, and at most *size* bytes. Threads can share it.

    ``dropped`` counts the entries that the journal removed because of these limits.
    """

    def __init__(self, entries: int = ENTRIES, size: int = BYTES) -> None:
        self._max_entries = entries
        self._max_bytes = size
        self._entries: dict[int, Entry] = {}
        self._polls: dict[str, int] = {}
        self._first = self._next = 1  # the numbers of the oldest entry and of the next
        self._size = 0
        self._lock = threading.Lock()
        self._subscribers: dict[object, Callable[[], None]] = {}
        self._closed = False
        self.dropped = 0

    def add(self, entry: Entry, polled_model: str = "") -> Entry:
        """Give *entry* the next number, add it and return it.

        *polled_model* is the name of the model if the request polls its run, or empty. The entry gets the number of the
        poll.
        """
        with self._lock:
            poll = self._count_poll(polled_model) if polled_model else None
            entry = msgspec.structs.replace(entry, number=self._next, poll=poll)
            self._entries[self._next] = entry
            self._next += 1
            self._trim(entry.size)
            self._wake_subscribers()
        return entry

    def amend(self, number: int, **changes: Any) -> None:
        """Change the entry with this *number*, for example at the end of a stream. Ignore a removed entry."""
        with self._lock:
            old = self._entries.get(number)
            if old is not None:
                self._entries[number] = new = msgspec.structs.replace(old, **changes)
                self._trim(new.size - old.size)

    def entries(self) -> list[Entry]:
        """Return the entries, the oldest first."""
        with self._lock:
            return list(self._entries.values())

    def clear(self) -> int:
        """Remove all entries and return their number. New entries continue the numbering."""
        with self._lock:
            count = len(self._entries)
            self._entries.clear()
            self._polls.clear()
            self._first, self._size = self._next, 0
        return count

    def entries_after(self, number: int) -> list[Entry]:
        """Return the entries after *number*, the oldest first."""
        with self._lock:
            return [entry for entry_number, entry in self._entries.items() if entry_number > number]

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
