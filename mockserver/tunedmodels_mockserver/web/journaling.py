"""Records each request to the API, with its answer, in the journal of its world.

The outermost layer of the application begins the draft of an entry and makes the entry from it. The layers inside
fill in the draft.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from flask import Request
from werkzeug.exceptions import HTTPException

from ..core.answers import Pause
from ..core.journal import answer_fields, masking
from ..core.journal.journal import EMPTY, Body, Entry
from ..core.journal.registry import Journals
from ..core.verdict.outcome_coverage import OutcomeCoverage
from ..core.world_names import DEFAULT_WORLD, WORLD_NAME, world_name
from ..wire.protojson.reading import query_pairs
from . import system_parameters
from .api_response import NOTE, ApiResponse
from .home import is_browser_navigation
from .request_metrics import RequestMetrics
from .timed_body import Part, TimedBody

BODY_LIMIT = 16 * 1024  # bytes of a body that the journal keeps

_ENVIRON_KEY = "tunedmodels.draft"
_READ_LIMIT = BODY_LIMIT + masking.MARGIN  # bytes of a body that are read and searched for secrets
_POLL_METHODS = frozenset({"tunedModels.get", "tunedModels.operations.get"})
# The journal keeps the headers that change an answer or identify the caller. It masks those with credentials.
_CREDENTIALS = (("Authorization", "HTTP_AUTHORIZATION"), ("X-Goog-Api-Key", "HTTP_X_GOOG_API_KEY"))
_HEADERS = (
    ("User-Agent", "HTTP_USER_AGENT"),
    ("X-Goog-Api-Client", "HTTP_X_GOOG_API_CLIENT"),
    ("Content-Type", "CONTENT_TYPE"),
    ("Accept-Encoding", "HTTP_ACCEPT_ENCODING"),
    ("X-Test-Id", "HTTP_X_TEST_ID"),
    ("X-Goog-User-Project", "HTTP_X_GOOG_USER_PROJECT"),
    ("X-Goog-FieldMask", "HTTP_X_GOOG_FIELDMASK"),
    ("X-HTTP-Method-Override", "HTTP_X_HTTP_METHOD_OVERRIDE"),
    ("X-Goog-Emulator-Instructions", "HTTP_X_GOOG_EMULATOR_INSTRUCTIONS"),
)
_EXCLUDED_PATHS = ("/health", "/favicon.ico")
_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass(slots=True)
class EntryDraft:
    """The facts about the present request, which the layers of the application add while they answer it.

    ``world`` is the name of its world, or None if it reached no world. ``request`` is the Flask request, which reads
    and keeps the body. ``at`` is the time of the world's clock in nanoseconds. ``answer`` is the whole body of the
    answer before compression, or None if it is not known.
    """

    world: str | None = None
    request: Request | None = None
    at: int | None = None
    method: str = ""
    caller: str = ""
    answer: bytes | None = None
    fault: str = ""
    allowances: tuple[str, ...] = ()
    lost: bool = False

    def set_world(self, world: str, request: Request) -> None:
        """Set the name of the world that answers, and the request that reads the body."""
        self.world, self.request = world, request

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

        def add_entry(answer: bytes) -> Entry:
            """Add the request with the body *answer* to its journal."""
            status, headers = status_and_headers
            name = journal_name()
            masked_path, masked_query, masked_headers = _masked_request(path, query, environ)
            entry = Entry(
                http=http,
                path=masked_path,
                status=status,
                started=started,
                ended=time.monotonic_ns(),
                at=draft.at,
                method=draft.method,
                caller=draft.caller,
                query=masked_query,
                headers=masked_headers,
                request=_journal_body(
                    _request_body(environ, draft.request), is_request=True, length=_content_length(environ)
                ),
                answer=_journal_body(answer),
                fault=draft.fault,
                allowances=draft.allowances,
                lost=draft.lost,
                long_answer_fields=answer_fields.read_fields(answer) if len(answer) > BODY_LIMIT else None,
                retry_after=_header_value(headers, "Retry-After"),
                note=_header_value(headers, NOTE),
            )
            entry = journals.of(name).add(
                entry, entry.name.partition("/operations/")[0] if draft.method in _POLL_METHODS else ""
            )
            outcome_coverage.record(name, entry, answer)
            request_metrics.count(entry)
            return entry

        def amend_stream(entry: Entry, answer: bytes, whole: bool) -> None:
            """Complete the entry of a stream after its end. *whole* says whether all of it was sent."""
            name = journal_name()
            changes = {"answer": _journal_body(answer), "ended": time.monotonic_ns(), "lost": draft.lost or not whole}
            journals.of(name).amend(entry.number, **changes)
            outcome_coverage.record(name, msgspec.structs.replace(entry, **changes), answer)

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
        on_start: Callable[[], Entry],
        on_end: Callable[[Entry, bytes, bool], None] | None,
    ) -> None:
        self._body = body
        self._parts = parts
        self._on_start = on_start
        self._on_end = on_end
        self._entry: Entry | None = None
        self._sent = bytearray()

    def __iter__(self) -> Iterator[Any]:
        for part in self._parts:
            if self._entry is None and not isinstance(part, Pause):
                self._entry = self._on_start()
            if isinstance(part, bytes) and len(self._sent) <= _READ_LIMIT:
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


def _journal_body(data: bytes, *, is_request: bool = False, length: int = 0) -> Body:
    """Return *data* in the form that the journal keeps: masked, then cut. The body of a request may be a form.

    *length* is the length of the whole body in bytes, if *data* is only its beginning.
    """
    if not data:
        return EMPTY
    beginning = data[:_READ_LIMIT]
    is_form = is_request and not beginning.lstrip().startswith((b"{", b"["))
    masked = masking.mask_form(beginning) if is_form else masking.mask_body(beginning)
    # If the read limit cut a secret in two, masking does not recognize its first half. So leave out the last bytes of
    # the masked text: masks can have moved the end.
    limit = BODY_LIMIT if len(beginning) == len(data) else min(BODY_LIMIT, len(masked) - masking.MARGIN)
    return Body(masked[: max(limit, 0)], len(masked) + max(len(data), length) - len(beginning))


def _content_length(environ: dict[str, Any]) -> int:
    length = str(environ.get("CONTENT_LENGTH") or "")
    return int(length) if length.isascii() and length.isdecimal() else 0


def _masked_request(path: str, query: str, environ: dict[str, Any]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Return the path, the query and the headers of a request that the journal keeps, without secrets."""
    headers = [(name, environ[key]) for name, key in _HEADERS if environ.get(key)]
    secret = [(name, masking.mask_authorization(environ[key])) for name, key in _CREDENTIALS if environ.get(key)]
    path, query = _as_utf8(path), _as_utf8(query)
    joined = "\n".join([path, *(value for _, value in headers)])
    if masking.mask_text(joined) != joined:
        path, headers = masking.mask_text(path), [(name, masking.mask_text(value)) for name, value in headers]
    # If a client writes & in place of the ?, the query is in the path.
    return masking.mask_query(path) if "&" in path else path, masking.mask_query(query), (*headers, *secret)


def _header_value(headers: Iterable[tuple[str, str]], name: str) -> str:
    return "; ".join(value for header, value in headers if header == name)


def _request_body(environ: dict[str, Any], request: Request | None) -> bytes:
    """Return the body of a request, read earlier or now. Return an empty body if it is too large or cannot be read."""
    if environ.get("CONTENT_LENGTH") in (None, "", "0"):
        return b""
    try:
        if request:
            return request.get_data()
        return bytes(environ["wsgi.input"].read(_READ_LIMIT + 1))  # one more, to notice that the body is longer
    except (HTTPException, OSError, ValueError):
        return b""


def _as_utf8(text: str) -> str:
    """Return *text*, which WSGI decoded as Latin-1, decoded as UTF-8."""
    return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "replace")


def _world_name(environ: dict[str, Any]) -> str:
    """Return the name of the world for a request that reached none, such as a request for an unknown route."""
    headers = {"Authorization": "HTTP_AUTHORIZATION", "X-Goog-Api-Key": "HTTP_X_GOOG_API_KEY"}
    query = environ.get("QUERY_STRING", "").encode("latin-1", "replace")
    params, _ = system_parameters.split(query_pairs(query), lambda name: environ.get(headers.get(name, "")))
    name = world_name(environ.get("HTTP_X_TEST_ID"), params.token, params.key)
    return name if WORLD_NAME.fullmatch(name) else DEFAULT_WORLD
