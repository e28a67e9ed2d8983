"""Makes HTTP responses of values, streams and errors, with the headers that the service sends."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Response

from ..core.answers import Pause
from ..wire.partial import Tree, partial
from ..wire.protojson.writing import COMPACT, EVENT, PRETTY, Layout, any_to_json, dump, to_json, write
from ..wire.status import Status
from ..wire.surface import Message, Surface
from .api_response import EVENTS, HTML, ApiResponse
from .system_parameters import SystemParameters
from .timed_body import Part, TimedBody

Change = Callable[[Any], Any]

_MAX_KEPT = 32 * 1024  # characters of a text whose bytes are kept, and bytes of a body whose compressed form is


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


def value(content: Mapping[str, Any], form: Form, change: Change | None = None) -> ApiResponse:
    """Return the message *content* as a response, after *change* if it is JSON.

    If the client wants server-sent events, one event has the whole message (reported for generateContent, invented for
    other methods).
    """
    if form.params.wants_events:
        return ApiResponse(TimedBody([_event(form.text(content, EVENT))], time.sleep), content_type=EVENTS)
    text = form.text(content, _layout(form.params), change)
    return ApiResponse(_encode_again(text) if len(text) <= _MAX_KEPT else _encode_line(text))


def stream(
    contents: Iterable[Mapping[str, Any] | Pause], form: Form, sleep: Callable[[float], None] = time.sleep
) -> ApiResponse:
    """Return a stream of messages: server-sent events, or one JSON array whose last byte is its bracket.

    *sleep* waits for a number of seconds at a pause, if the server does not do it.
    """
    layout = EVENT if form.params.wants_events else _layout(form.params)
    texts = (content if isinstance(content, Pause) else form.text(content, layout) for content in contents)
    if form.params.wants_events:
        return ApiResponse(TimedBody(_events(texts), sleep), content_type=EVENTS)
    return ApiResponse(TimedBody(_array(texts), sleep))


def error(
    status: Status, params: SystemParameters, *, streaming: bool = False, change: Change | None = None
) -> ApiResponse:
    """Return *status* as an error response, after *change*.

    In a stream without events, the error is in an array (observed).
    """
    details = [any_to_json(detail, numbers=False) for detail in status.details]
    body: Any = status.envelope(details, legacy=params.legacy_errors)
    text = dump(change(body) if change else body, _layout(params)) + "\n"
    if streaming and not params.wants_events:
        text = f"[{text}]"
    return ApiResponse(_encode(text), status.code.http)


def page(html: str, status: int) -> ApiResponse:
    """Return *html* as a page with the HTTP *status*."""
    return ApiResponse(_encode(html), status, HTML)


def document(content: Mapping[str, Any], status: int = 200) -> Response:
    """Return plain JSON that is not a message of the API, such as a discovery document, as a response of Flask."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    return ApiResponse(_encode(text), status).for_flask()


def compress(response: ApiResponse, accept_encoding: str) -> ApiResponse:
    """Return *response* with its body gzipped, if the header *accept_encoding* allows it. A stream does not change."""
    if isinstance(response.body, bytes) and accept_encoding and _accepts_gzip(accept_encoding):
        compress_body = _compress_again if len(response.body) <= _MAX_KEPT else _compress
        response.body = compress_body(response.body)
        response.headers.append(("Content-Encoding", "gzip"))
    return response


def _encode_line(text: str) -> bytes:
    return _encode(text + "\n")


_encode_again = lru_cache(maxsize=256)(_encode_line)  # many answers are asked for again and again


def _compress(body: bytes) -> bytes:
    return gzip.compress(body, 1, mtime=0)


_compress_again = lru_cache(maxsize=256)(_compress)


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


@lru_cache(maxsize=64)
def _accepts_gzip(accept_encoding: str) -> bool:
    qualities: dict[str, str] = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameters = part.partition(";")
        qualities[coding.strip()] = parameters.strip().removeprefix("q=") or "1"
    return qualities.get("gzip", qualities.get("*", "0")).strip("0.") != ""
