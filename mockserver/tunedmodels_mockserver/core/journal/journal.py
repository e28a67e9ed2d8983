"""The journal: what was asked of one world and what was answered, the newest requests within bounds.

It belongs to one server process and is no part of a world's state: no store keeps it and no replica shares it.
"""

from __future__ import annotations

import re
import threading
from functools import cached_property
from typing import Any

import msgspec

from ...wire.protojson.timestamps import format_timestamp
from ...wire.units import SECOND
from .answer_fields import AnswerFields, json_or_text, read_fields

ENTRIES = 1000
BYTES = 8 * 1024 * 1024

_OVERHEAD = 1000  # bytes of an entry besides its bodies, about
_NAME = re.compile(r"tunedModels/(?P<model>[^/:?]+)(?:/operations/(?P<operation>[^/:?]+))?")


class Body(msgspec.Struct, frozen=True):
    """A body as far as it is kept: masked, and cut where it was long. ``size`` is the whole's, in bytes."""

    data: bytes = b""
    size: int = 0

    @property
    def is_truncated(self) -> bool:
        """Whether some of it is missing."""
        return self.size > len(self.data)


EMPTY = Body()


class Entry(msgspec.Struct, frozen=True, dict=True):
    """One request and its answer. Secrets are masked.

    ``at`` is the moment on the world's clock (nanoseconds since the epoch; None where the request reached no world's
    clock), ``started`` and ``ended`` are readings of the machine's monotonic clock in nanoseconds. ``method`` is the
    id of the API's method, empty for a route that there is not. ``fault`` names what was injected: its id, a space,
    its effect. ``lost`` says that the connection ended before the whole answer was sent.
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
    said: AnswerFields | None = None  # where the answer is too long to be kept

    @cached_property
    def answer_fields(self) -> AnswerFields:
        """What the answer says."""
        return self.said or read_fields(self.answer.data)

    @cached_property
    def name(self) -> str:
        """The resource that is meant: what the path names, for a create what the answer does."""
        created = self.method == "tunedModels.create" and self.status == 200
        match = _NAME.search(self.answer_fields.name if created else self.path)
        return match[0] if match else ""

    @property
    def model(self) -> str:
        """The id of the tuned model that is meant, or empty."""
        match = _NAME.fullmatch(self.name)
        return match["model"] if match else ""

    @property
    def operation(self) -> str:
        """The id of the operation that is meant, or empty."""
        match = _NAME.fullmatch(self.name)
        return (match["operation"] or "") if match else ""

    @property
    def retry_delay(self) -> float | None:
        """The seconds that the answer asks the caller to wait, by RetryInfo or by Retry-After."""
        return float(self.retry_after) if self.retry_after.isdecimal() else self.answer_fields.retry_delay

    @property
    def size(self) -> int:
        """The bytes that it takes in memory, about."""
        return _OVERHEAD + len(self.request.data) + len(self.answer.data) + len(self.path) + len(self.query)

    @property
    def request_line(self) -> str:
        """The request line: ``GET /v1beta/tunedModels/x?fields=name``."""
        return f"{self.http} {self.path}{'?' if self.query else ''}{self.query}"

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
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
    """The newest entries of one world, *entries* and *size* bytes at most. Safe to share between threads.

    ``dropped`` counts the entries that had to go because they were too many.
    """

    def __init__(self, entries: int = ENTRIES, size: int = BYTES) -> None:
        self._most = entries
        self._largest = size
        self._entries: dict[int, Entry] = {}
        self._polls: dict[str, int] = {}
        self._first = self._next = 1  # the numbers of the oldest entry and of the next
        self._size = 0
        self._lock = threading.Condition(threading.Lock())
        self._closed = False
        self.dropped = 0

    def add(self, entry: Entry, looked_at: str = "") -> Entry:
        """Number *entry*, keep it and return it; a look at the run of the model *looked_at* is counted."""
        with self._lock:
            poll = self._look(looked_at) if looked_at else None
            entry = msgspec.structs.replace(entry, number=self._next, poll=poll)
            self._entries[self._next] = entry
            self._next += 1
            self._bound(entry.size)
            self._lock.notify_all()
        return entry

    def amend(self, number: int, **changes: Any) -> None:
        """Change an entry, such as that of a stream that came to its end; one that is gone stays so."""
        with self._lock:
            old = self._entries.get(number)
            if old is not None:
                self._entries[number] = new = msgspec.structs.replace(old, **changes)
                self._bound(new.size - old.size)

    def entries(self) -> list[Entry]:
        """Return what is kept, the oldest first."""
        with self._lock:
            return list(self._entries.values())

    def clear(self) -> int:
        """Forget all entries and return how many that were; the numbers go on."""
        with self._lock:
            gone = len(self._entries)
            self._entries.clear()
            self._polls.clear()
            self._first, self._size = self._next, 0
        return gone

    def wait(self, number: int, seconds: float) -> list[Entry]:
        """Return the entries after *number*; where there are none wait for one, so many *seconds* at most."""
        with self._lock:
            self._lock.wait_for(lambda: self._closed or self._next > number + 1, seconds)
            return [entry for kept, entry in self._entries.items() if kept > number]

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()

    @property
    def size(self) -> int:
        """How many bytes it holds, about."""
        return self._size

    @property
    def is_open(self) -> bool:
        """Whether there is something to wait for."""
        return not self._closed

    @property
    def newest_number(self) -> int:
        """The number of the newest entry; so many requests were kept in all."""
        return self._next - 1

    def _look(self, model: str) -> int:
        self._polls[model] = count = self._polls.pop(model, 0) + 1
        if len(self._polls) > self._most:
            del self._polls[next(iter(self._polls))]
        return count

    def _bound(self, more: int) -> None:
        self._size += more
        # The newest stays, whatever its size.
        while len(self._entries) > self._most or (self._size > self._largest and len(self._entries) > 1):
            self._size -= self._entries.pop(self._first).size
            self._first += 1
            self.dropped += 1
