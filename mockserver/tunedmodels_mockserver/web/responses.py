"""Makes HTTP responses of values, streams and errors, with the headers that the service sends."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.client import responses
from importlib.metadata import version
from typing import Any

from flask import Response

from ..core.answers import Pause
from ..wire.partial import Tree, partial
from ..wire.protojson.writing import COMPACT, EVENT, PRETTY, Layout, any_to_json, dump, to_json, write
from ..wire.status import Status
from ..wire.surface import Message, Surface
from .system_parameters import SystemParameters
from .timed_body import Part, TimedBody, TimedResponse

SERVER = f"tunedmodels-mockserver/{version('tunedmodels')}"
NOTE = "X-Tunedmodels-Note"

Change = Callable[[Any], Any]

_JSON = "application/json; charset=UTF-8"
_EVENTS = "text/event-stream"
# Clients show the reason phrase, so it has the spelling of HTTP; werkzeug writes capitals. CANCELLED has the status
# 499, which is not one of HTTP.
_REASONS = {**responses, 499: "Client Closed Request"}
# Source: the headers of fourteen recorded answers of 2024, which are all alike. Left out: Alt-Svc, which would send
# clients to another address, and chunked transfer if the length is known.
_HEADERS = (
    ("Vary", "X-Origin"),
    ("Vary", "Referer"),
    ("Vary", "Origin,Accept-Encoding"),
    ("Server", SERVER),
    ("Cache-Control", "private"),
    ("X-XSS-Protection", "0"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Content-Type-Options", "nosniff"),
    ("Accept-Ranges", "none"),
)


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a message of the API: its type, the version that has it, and the options of the request.

    The body has only the members in ``mask``.
    """

    message: Message
    surface: Surface
    params: SystemParameters
    mask: Tree

    def text(self, content: Mapping[str, Any], layout: Layout, change: Change | None = None) -> str:
        """Return *content* as JSON in this form, after *change*."""
        numbers = self.params.enum_numbers
        if not self.mask and change is None:
            return write(self.message, content, self.surface, layout, numbers=numbers)
        body = partial(to_json(self.message, content, self.surface, numbers=numbers), self.mask)
        return dump(change(body) if change else body, layout)


def value(content: Mapping[str, Any], form: Form, change: Change | None = None) -> Response:
    """Return the message *content* as a response, after *change* if it is JSON.

    If the client wants server-sent events, one event has the whole message (reported for generateContent, invented for
    other methods).
    """
    if form.params.wants_events:
        return _response(iter([_event(form.text(content, EVENT))]), content_type=_EVENTS)
    return _response(form.text(content, _layout(form.params), change) + "\n")


def stream(
    contents: Iterable[Mapping[str, Any] | Pause], form: Form, sleep: Callable[[float], None] = time.sleep
) -> Response:
    """Return a stream of messages: server-sent events, or one JSON array whose last byte is its bracket.

    *sleep* waits for a number of seconds at a pause, if the server does not do it.
    """
    layout = EVENT if form.params.wants_events else _layout(form.params)
    texts = (content if isinstance(content, Pause) else form.text(content, layout) for content in contents)
    if form.params.wants_events:
        return _response(TimedBody(_events(texts), sleep), content_type=_EVENTS)
    return _response(TimedBody(_array(texts), sleep))


def error(
    status: Status, params: SystemParameters, *, streaming: bool = False, change: Change | None = None
) -> Response:
    """Return *status* as an error response, after *change*.

    In a stream without events, the error is in an array (observed).
    """
    details = [any_to_json(detail, numbers=False) for detail in status.details]
    body: Any = status.envelope(details, legacy=params.legacy_errors)
    text = dump(change(body) if change else body, _layout(params)) + "\n"
    if streaming and not params.wants_events:
        text = f"[{text}]"
    return _response(text, status.code.http)


def document(content: Mapping[str, Any], status: int = 200) -> Response:
    """Return plain JSON that is not a message of the API, such as a discovery document."""
    return _response(json.dumps(content, indent=2, ensure_ascii=False) + "\n", status)


def page(html: str, status: int) -> Response:
    """Return *html* as a page with the HTTP *status*."""
    return _response(html, status, "text/html; charset=UTF-8")


def compress(response: Response, accept_encoding: str) -> Response:
    """Return *response* with its body gzipped, if the header *accept_encoding* allows it. A stream does not change."""
    if response.is_streamed or not _accepts_gzip(accept_encoding) or "Content-Encoding" in response.headers:
        return response
    response.set_data(gzip.compress(response.get_data(), 1, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response


def _events(texts: Iterable[str | Pause]) -> Iterator[Part]:
    for text in texts:
        yield text if isinstance(text, Pause) else _event(text)


def _event(text: str) -> bytes:
    return _encode(f"data: {text}\r\n\r\n")


def _array(texts: Iterable[str | Pause]) -> Iterator[Part]:
    opening = "["
    for text in texts:
        if isinstance(text, Pause):
            yield text
            continue
        yield _encode(f"{opening}{text}\n")
        opening = ",\r\n"
    yield b"]" if opening != "[" else b"[]"


def _encode(text: str) -> bytes:
    # A request body cannot contain a lone surrogate, but a path or a header that the answer repeats may.
    return text.encode("utf-8", "replace")


def _layout(params: SystemParameters) -> Layout:
    return PRETTY if params.pretty else COMPACT


def _response(body: str | Iterable[bytes] | TimedBody, status: int = 200, content_type: str = _JSON) -> Response:
    data = _encode(body) if isinstance(body, str) else body
    response = TimedResponse(data, f"{status} {_REASONS[status]}", content_type=content_type)
    for name, text in _HEADERS:
        response.headers.add(name, text)
    return response


def _accepts_gzip(accept_encoding: str) -> bool:
    qualities: dict[str, str] = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameters = part.partition(";")
        qualities[coding.strip()] = parameters.strip().removeprefix("q=") or "1"
    return qualities.get("gzip", qualities.get("*", "0")).strip("0.") != ""
