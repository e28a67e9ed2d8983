"""Which recorded exchange answers a request, and in what order."""

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

from .errors import Unrecorded
from .exchange import Exchange, SentRequest, header, unframed
from .placeholders import StandIns, Taken
from .recording import Recording
from .request_diff import differences
from .secret_patterns import PLACEHOLDER
from .secret_scrubber import Scrubber
from .stream_chunks import Pieces, pieces


@dataclass
class _Entry:
    """A recorded exchange, and whether it was played."""

    exchange: Exchange
    place: str
    stand_ins: StandIns
    played: bool = field(default=False)

    @property
    def again(self) -> bool:
        """Whether to ask again is to get the same: an operation that is done stays so."""
        try:
            answer = json.loads(self.exchange.response.body)
        except (ValueError, RecursionError):
            return False
        return self.exchange.request.method == "GET" and isinstance(answer, dict) and answer.get("done") is True


class Answer(responses.CallbackResponse):
    """An exchange as ``responses`` plays it."""

    def __init__(self, entry: _Entry) -> None:
        answer = entry.exchange.response
        self.reason = answer.reason
        url = entry.exchange.request.url
        back = entry.stand_ins.put_back

        def callback(_request: requests.PreparedRequest) -> tuple[int, list[tuple[str, str]], Any]:
            headers = [(name, back(value)) for name, value in unframed(answer.headers)]
            kind = header(answer.headers, "Content-Type") or ""
            try:
                body = back(answer.body.decode(), escaped="json" in kind or "event-stream" in kind).encode()
            except UnicodeDecodeError:
                body = answer.body
            if answer.decoded == "gzip":  # kept as what it says, for people to read; played as it came
                return answer.status, [*headers, ("Content-Encoding", "gzip")], Pieces([gzip.compress(body, mtime=0)])
            return answer.status, headers, Pieces(pieces(body, kind, url))

        super().__init__(entry.exchange.request.method, re.compile(""), callback, content_type=None)


class Turns(FirstMatchRegistry):
    """Finds the answers of recordings, each in its turn."""

    def __init__(self, recordings: Iterable[Recording] = ()) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._entries = [entry for recording in recordings for entry in _entries(recording)]
        self.unrecorded: list[str] = []

    def find(self, request: requests.PreparedRequest) -> tuple[Answer, list[str]]:
        """Return the answer to *request*. Raises Unrecorded where its turn is over, or never was."""
        sent = sent_request(request)
        with self._lock:
            matching: list[tuple[_Entry, Taken]] = []
            others: list[tuple[float, int, list[str]]] = []
            for number, entry in enumerate(self._entries):
                taken: Taken = {}
                found = differences(entry.exchange.request, sent, entry.stand_ins, taken)
                if not found:
                    matching.append((entry, taken))
                others.append((sum(each.weight for each in found), number, [each.text for each in found]))
            fresh = next(((entry, taken) for entry, taken in matching if not entry.played), None)
            if fresh is None and matching and matching[-1][0].again:
                fresh = matching[-1]
            if fresh is None:
                raise self._failure(sent, [entry for entry, _ in matching], others)
            entry, taken = fresh
            entry.played = True
            entry.stand_ins.take(taken)
            return Answer(entry), []

    def unused(self) -> list[str]:
        """Return a sentence for each exchange that was not played yet."""
        with self._lock:
            return [f"{entry.place}: {asked(entry.exchange.request)}" for entry in self._entries if not entry.played]

    def _failure(
        self, sent: SentRequest, matching: list[_Entry], others: list[tuple[float, int, list[str]]]
    ) -> Unrecorded:
        what = asked(sent)
        if matching:
            places = ", ".join(entry.place for entry in matching)
            end = "the last answer is no operation that is done, so nobody knows what came next"
            text = f"{what} was asked more often than recorded ({places}), and {end}"
        elif others:
            _, number, texts = min(others)
            closest = self._entries[number]
            text = f"{what} is not recorded. The closest is {closest.place}, {asked(closest.exchange.request)}:"
            # A test's own message may go to a log, and what was sent may have its key in it.
            text = "\n".join([text, *(f"  {Scrubber().text(each)}" for each in texts)])
        else:
            text = f"{what} is not recorded: there is no exchange at all"
        self.unrecorded.append(text)
        return Unrecorded(text)


def _entries(recording: Recording) -> list[_Entry]:
    values = set(recording.variables.values())
    for exchange in recording.exchanges:
        text = exchange.request.url + "\n" + exchange.request.body.decode("latin-1")
        values.update(match[0] for match in PLACEHOLDER.finditer(text))
    stand_ins = StandIns(values)
    return [
        _Entry(exchange, f"exchange {number} of {recording.name}", stand_ins)
        for number, exchange in enumerate(recording.exchanges, 1)
    ]


def sent_request(request: requests.PreparedRequest) -> SentRequest:
    """Return *request* as recordings have it."""
    body: Any = request.body or b""
    if not isinstance(body, (bytes, str)):
        body = b"".join(body)
    return SentRequest(request.method or "", request.url or "", (), body.encode() if isinstance(body, str) else body)


def asked(request: SentRequest) -> str:
    """Return what *request* is about, without its secrets."""
    return f"{request.method} {Scrubber().text(request.url, 0)}"
