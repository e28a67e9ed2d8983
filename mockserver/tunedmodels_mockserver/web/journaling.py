"""Records each request to the API, with its answer, in the journal of its world.

The outermost layer of the application begins the draft of an entry and makes the entry from it. The layers inside
fill in the draft.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import msgspec
from flask import Request
from werkzeug.exceptions import HTTPException

from ..core.answers import Pause
from ..core.journal.raw_entry import HEADER_KEYS, READ_LIMIT, RawEntry
from ..core.journal.registry import Journals
from ..core.verdict.outcome_coverage import OutcomeCoverage
from ..core.world_names import DEFAULT_WORLD, WORLD_NAME, world_name
from ..wire.protojson.reading import query_pairs
from . import system_parameters
from .api_response import NOTE, ApiResponse
from .home import is_browser_navigation
from .request_body import received_body
from .request_metrics import RequestMetrics
from .timed_body import Part, TimedBody

_ENVIRON_KEY = "tunedmodels.draft"
_POLL_METHODS = frozenset({"tunedModels.get", "tunedModels.operations.get"})
_EXCLUDED_PATHS = ("/health", "/favicon.ico")
_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class EntryDraft(msgspec.Struct, eq=False):
    """The facts about the present request, which the layers of the application add while they answer it.

    ``world`` is the name of its world, or None if it reached no world. ``request`` is the Flask request that has
    read the body, if one did. ``at`` is the time of the world's clock in nanoseconds. ``resource`` is the name in the
    path. ``answer`` is the whole body of the answer before compression, or None if it is not known.
    """

    world: str | None = None
    request: Request | None = None
    at: int | None = None
    method: str = ""
    resource: str = ""
    caller: str = ""
    answer: bytes | None = None
    fault: str = ""
    allowances: tuple[str, ...] = ()
    lost: bool = False

    def set_answer(self, response: ApiResponse) -> None:
        """Set the answer to the body of *response*. Do nothing for a stream: its body is observed when it is sent."""
        if isinstance(response.body, bytes):
            self.answer = response.body


def entry_draft(environ: dict[str, Any]) -> EntryDraft:
    """Return the draft of a request. If the request is not for the API, return a new draft that nothing reads."""
    draft: EntryDraft | None = environ.get(_ENVIRON_KEY)
    return draft or EntryDraft()


def journal_requests(
    application: _Application, journals: Journals, outcome_coverage: OutcomeCoverage, request_metrics: RequestMetrics
) -> _Application:
    """Return *application* wrapped so that each request to the API gets an entry in a journal.

    *outcome_coverage* and *request_metrics* get each entry, too. The journals leave out ``/health``, ``/_emulator``
    and requests that only a browser sends.
    """

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path in _EXCLUDED_PATHS or path.startswith("/_emulator") or is_browser_navigation(environ):
            return application(environ, start_response)
        http, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
        draft = environ[_ENVIRON_KEY] = EntryDraft()
        status_and_headers: list[Any] = [0, ()]

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            status_and_headers[:] = int(status[:3]), headers
            return start_response(status, headers, *rest)

        def journal_name() -> str:
            return draft.world if draft.world is not None else _world_name(environ)

        def add_entry(answer: bytes) -> RawEntry:
            """Add the request with the body *answer* to its journal."""
            status, headers = status_and_headers
            raw = RawEntry(
                http, path, query, tuple(map(environ.get, HEADER_KEYS)), started, time.monotonic_ns(), status
            )
            raw.at, raw.method, raw.caller = draft.at, draft.method, draft.caller
            raw.fault, raw.allowances, raw.lost = draft.fault, draft.allowances, draft.lost
            if draft.method in _POLL_METHODS:
                raw.polled_model = draft.resource.partition("/operations/")[0]
            raw.note, raw.retry_after = _header_values(headers)
            length = environ.get("CONTENT_LENGTH")
            if length and length != "0":
                raw.set_request(_request_body(environ, draft.request), _content_length(length))
            raw.set_answer(answer)
            name = journal_name()
            journals.of(name).add(raw)
            outcome_coverage.record(name, raw, answer)
            request_metrics.count(raw)
            return raw

        def amend_stream(raw: RawEntry, answer: bytes, whole: bool) -> None:
            """Complete the entry of a stream after its end. *whole* says whether all of it was sent."""
            name = journal_name()
            amended = journals.of(name).amend(raw, answer, time.monotonic_ns(), lost=draft.lost or not whole)
            outcome_coverage.record(name, amended, answer)

        started = time.monotonic_ns()
        try:
            body = application(environ, start)
        except BaseException:
            draft.lost = True
            add_entry(draft.answer or b"")
            raise
        if isinstance(body, TimedBody):
            # The entry is added when the latency is over, before anything is sent.
            answer = draft.answer
            start_entry = partial(add_entry, b"" if answer is None else answer)
            parts = _ObservedStream(body, body.parts, start_entry, amend_stream if answer is None else None)
            return TimedBody(parts, body.sleep)
        if draft.answer is not None:
            add_entry(draft.answer)
            return body
        if any(name == "Content-Length" for name, _ in status_and_headers[1]):
            data = _read_all(body)
            add_entry(data)
            return [data]
        return _ObservedStream(body, body, partial(add_entry, b""), amend_stream)

    return call


class _ObservedStream:
    """The *parts* of *body* while they are sent.

    It calls *on_start* once, after the pauses at the beginning. It calls *on_end* once, at the end: with the entry that
    *on_start* returned, the beginning of what was sent, and whether all of it was sent.
    """

    def __init__(
        self,
        body: Any,
        parts: Iterable[Part],
        on_start: Callable[[], RawEntry],
        on_end: Callable[[RawEntry, bytes, bool], None] | None,
    ) -> None:
        self._body = body
        self._parts = parts
        self._on_start = on_start
        self._on_end = on_end
        self._entry: RawEntry | None = None
        self._sent = bytearray()

    def __iter__(self) -> Iterator[Any]:
        for part in self._parts:
            if self._entry is None and not isinstance(part, Pause):
                self._entry = self._on_start()
            if isinstance(part, bytes) and len(self._sent) <= READ_LIMIT:
                self._sent += part
            yield part
        # Report before the end of the stream is sent. A client that has read it all then finds it in the journal.
        self._report_end(True)

    def close(self) -> None:
        """Close the body, and report the end if that has not happened yet."""
        close = getattr(self._body, "close", None)
        if close:
            close()
        self._report_end(False)

    def _report_end(self, whole: bool) -> None:
        if self._entry is None:
            self._entry = self._on_start()
        on_end, self._on_end = self._on_end, None
        if on_end:
            on_end(self._entry, bytes(self._sent), whole)


def _read_all(body: Iterable[bytes]) -> bytes:
    try:
        return b"".join(body)
    finally:
        close = getattr(body, "close", None)
        if close:
            close()


def _content_length(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0


def _header_values(headers: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Return the notes of an answer, and its Retry-After."""
    notes, retry_after = [], ""
    for name, value in headers:
        if name == NOTE:
            notes.append(value)
        elif name == "Retry-After":
            retry_after = value
    return "; ".join(notes), retry_after


def _request_body(environ: dict[str, Any], request: Request | None) -> bytes:
    """Return the body of a request, read earlier or now. Return an empty body if it is too large or cannot be read."""
    try:
        body = received_body(environ)
        if body is not None:
            return body
        if request:
            return request.get_data()
        return bytes(environ["wsgi.input"].read(READ_LIMIT + 1))  # one more, to notice that the body is longer
    except (HTTPException, OSError, ValueError):
        return b""


def _world_name(environ: dict[str, Any]) -> str:
    """Return the name of the world for a request that reached none, such as a request for an unknown route."""
    headers = {"Authorization": "HTTP_AUTHORIZATION", "X-Goog-Api-Key": "HTTP_X_GOOG_API_KEY"}
    query = environ.get("QUERY_STRING", "").encode("latin-1", "replace")
    params, _ = system_parameters.split(query_pairs(query), lambda name: environ.get(headers.get(name, "")))
    name = world_name(environ.get("HTTP_X_TEST_ID"), params.token, params.key)
    return name if WORLD_NAME.fullmatch(name) else DEFAULT_WORLD
