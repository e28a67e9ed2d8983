"""Serves ``/journal/events``, which sends the entries of a growing journal as server-sent events."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import msgspec
from flask import Response, request

from ...core.journal import search
from ...core.journal.journal import Journal
from ...core.journal.registry import Journals
from ...core.journal.search import JournalQuery
from ...core.state.worlds import World
from ...core.strict_input import BadInput
from .. import responses
from ..timed_body import InterruptiblePause, Part, TimedBody, TimedResponse
from .endpoints import EVENTS, AdminEndpoints
from .journal import query_parameters

STREAMS = 100  # at the same time; each of them makes every request write one entry more
HEARTBEAT = 10  # seconds


class JournalEventsQuery(JournalQuery, frozen=True, forbid_unknown_fields=True):
    """The entries to send. After ``heartbeat`` seconds (1 to 60) without one, the server sends a comment."""

    heartbeat: int = HEARTBEAT


def add(endpoints: AdminEndpoints, world: Callable[[], World], journals: Journals) -> None:
    """Add the route ``/journal/events``. *world* returns the world of the present request."""
    free = threading.BoundedSemaphore(STREAMS)

    @endpoints.add("GET", "/journal/events", "Follow the journal.", query=JournalEventsQuery, content_types=(EVENTS,))
    def journal_events() -> Response:
        journal = journals.of(world().name)
        query: JournalEventsQuery = query_parameters(JournalEventsQuery, ("since", "heartbeat"))
        search.check(query)
        if not 1 <= query.heartbeat <= 60:
            raise BadInput(f"heartbeat must be from 1 to 60 seconds, got {query.heartbeat}.")
        last = request.headers.get("Last-Event-ID", "")
        start = int(last) if last.isascii() and last.isdecimal() and len(last) < 16 else query.since
        if not free.acquire(blocking=False):
            text = f"{STREAMS} readers already follow journals; close one first."
            return responses.document({"error": text}, 503)
        events = _Events(journal, journals, query, journal.newest_number if start is None else start, free.release)
        response = TimedResponse(TimedBody(events, time.sleep), content_type=EVENTS)
        response.headers["Cache-Control"] = "no-store"
        return response


class _Events:
    """The events for one reader. Closing them calls *on_close* once."""

    def __init__(
        self, journal: Journal, journals: Journals, query: JournalEventsQuery, start: int, on_close: Callable[[], None]
    ) -> None:
        self._journal = journal
        self._journals = journals
        self._query: JournalQuery = msgspec.structs.replace(query, since=None)
        self._number = start
        self._heartbeat = query.heartbeat
        self._on_close: Callable[[], None] | None = on_close

    def __iter__(self) -> Iterator[Part]:
        yield b": the journal as it grows\n\n"
        deadline = time.monotonic() + self._heartbeat
        while not self._journals.closed and self._journal.is_open:
            seconds = max(deadline - time.monotonic(), 0)
            yield InterruptiblePause(seconds, partial(self._journal.subscribe, self._number))
            entries = self._journal.entries_after(self._number)
            for entry in search.matching_entries(entries, self._query):
                text = json.dumps(entry.document(), ensure_ascii=False)
                yield f"id: {entry.number}\nevent: request\ndata: {text}\n\n".encode("utf-8", "replace")
                deadline = time.monotonic() + self._heartbeat
            self._number = entries[-1].number if entries else self._number
            # A filter can exclude all entries that come, so do not wait for a time without any.
            if time.monotonic() >= deadline:
                yield b": still here\n\n"
                deadline = time.monotonic() + self._heartbeat

    def close(self) -> None:
        """Call *on_close*, so that another reader can follow."""
        on_close, self._on_close = self._on_close, None
        if on_close:
            on_close()
