"""Finds the recorded exchange that answers a request, in the order of the recording. ``Replay`` uses it."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import requests
import responses
from responses.registries import FirstMatchRegistry

from .errors import UnrecordedRequest
from .exchange import Exchange, SentRequest, header, without_framing
from .placeholders import Placeholders, Substitutions
from .recording import Recording
from .request_diff import differences
from .secret_patterns import PLACEHOLDER
from .secret_scrubber import Scrubber
from .stream_chunks import ChunkedBody, split_chunks


@dataclass
class _Entry:
    """A recorded exchange, and whether it was played."""

    exchange: Exchange
    place: str
    placeholders: Placeholders
    played: bool = field(default=False)

    @property
    def is_repeatable(self) -> bool:
        """Whether repeating the request returns the same answer, because the answer is an operation that is done."""
        try:
            answer = json.loads(self.exchange.response.body)
        except (ValueError, RecursionError):
            return False
        return self.exchange.request.method == "GET" and isinstance(answer, dict) and answer.get("done") is True


class ReplayedResponse(responses.CallbackResponse):
    """A recorded exchange in the form that ``responses`` plays."""

    def __init__(self, entry: _Entry) -> None:
        answer = entry.exchange.response
        self.reason = answer.reason
        url = entry.exchange.request.url
        substitute = entry.placeholders.substitute

        def callback(_request: requests.PreparedRequest) -> tuple[int, list[tuple[str, str]], Any]:
            headers = [(name, substitute(value)) for name, value in without_framing(answer.headers)]
            kind = header(answer.headers, "Content-Type") or ""
            try:
                body = substitute(answer.body.decode(), escaped="json" in kind or "event-stream" in kind).encode()
            except UnicodeDecodeError:
                body = answer.body
            if answer.decoded == "gzip":  # stored decoded, for readers; played compressed, as received
                return (
                    answer.status,
                    [*headers, ("Content-Encoding", "gzip")],
                    ChunkedBody([gzip.compress(body, mtime=0)]),
                )
            return answer.status, headers, ChunkedBody(split_chunks(body, kind, url))

        super().__init__(entry.exchange.request.method, re.compile(""), callback, content_type=None)


class ExchangeRegistry(FirstMatchRegistry):
    """Finds the recorded answer of each request, in the order of the recordings."""

    def __init__(self, recordings: Iterable[Recording] = ()) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._entries = [entry for recording in recordings for entry in _entries(recording)]
        self.unrecorded: list[str] = []

    def find(self, request: requests.PreparedRequest) -> tuple[ReplayedResponse, list[str]]:
        """Return the answer to *request*. Raises UnrecordedRequest if no exchange is left for it."""
        sent = to_sent_request(request)
        with self._lock:
            matching: list[tuple[_Entry, Substitutions]] = []
            others: list[tuple[float, int, list[str]]] = []
            for number, entry in enumerate(self._entries):
                substitutions: Substitutions = {}
                request_differences = differences(entry.exchange.request, sent, entry.placeholders, substitutions)
                if not request_differences:
                    matching.append((entry, substitutions))
                others.append(
                    (
                        sum(each.weight for each in request_differences),
                        number,
                        [each.text for each in request_differences],
                    )
                )
            next_entry = next(((entry, substitutions) for entry, substitutions in matching if not entry.played), None)
            if next_entry is None and matching and matching[-1][0].is_repeatable:
                next_entry = matching[-1]
            if next_entry is None:
                raise self._failure(sent, [entry for entry, _ in matching], others)
            entry, substitutions = next_entry
            entry.played = True
            entry.placeholders.record(substitutions)
            return ReplayedResponse(entry), []

    def unused(self) -> list[str]:
        """Return a sentence for each exchange that was not played yet."""
        with self._lock:
            return [
                f"{entry.place}: {describe_request(entry.exchange.request)}"
                for entry in self._entries
                if not entry.played
            ]

    def _failure(
        self, sent: SentRequest, matching: list[_Entry], others: list[tuple[float, int, list[str]]]
    ) -> UnrecordedRequest:
        what = describe_request(sent)
        if matching:
            places = ", ".join(entry.place for entry in matching)
            end = "the last answer cannot be repeated, because it is not an operation that is done"
            text = f"{what} was sent more often than recorded ({places}); {end}"
        elif others:
            _, number, texts = min(others)
            closest = self._entries[number]
            text = (
                f"{what} is not recorded. The closest is {closest.place}, {describe_request(closest.exchange.request)}:"
            )
            # The message may be written to a log, and the request may contain the API key.
            text = "\n".join([text, *(f"  {Scrubber().scrub_text(each)}" for each in texts)])
        else:
            text = f"{what} is not recorded: the recording has no exchanges"
        self.unrecorded.append(text)
        return UnrecordedRequest(text)


def _entries(recording: Recording) -> list[_Entry]:
    values = set(recording.variables.values())
    for exchange in recording.exchanges:
        text = exchange.request.url + "\n" + exchange.request.body.decode("latin-1")
        values.update(match[0] for match in PLACEHOLDER.finditer(text))
    placeholders = Placeholders(values)
    return [
        _Entry(exchange, f"exchange {number} of {recording.name}", placeholders)
        for number, exchange in enumerate(recording.exchanges, 1)
    ]


def to_sent_request(request: requests.PreparedRequest) -> SentRequest:
    """Return *request* in the form that recordings use."""
    body: Any = request.body or b""
    if not isinstance(body, (bytes, str)):
        body = b"".join(body)
    return SentRequest(request.method or "", request.url or "", (), body.encode() if isinstance(body, str) else body)


def describe_request(request: SentRequest) -> str:
    """Return the method and URL of *request*, without its secrets."""
    return f"{request.method} {Scrubber().scrub_text(request.url, 0)}"
