"""Records the exchanges of a session. Mount a ``Tape`` in a requests session to use it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from .exchange import Exchange, ReceivedResponse, SentRequest, without_framing
from .tee_response import TeeResponse

LIMIT = 8 * 1024 * 1024  # bytes of one answer


class Tape(BaseAdapter):
    """Sends requests through *adapter* and records each exchange after its answer was read to the end.

    Mount it at the service's address: ``session.mount("https://generativelanguage.googleapis.com/", Tape())``. Streams
    stay streams: the reader receives each part on arrival, and the tape keeps a copy. Threads can share a tape;
    exchanges are in the order in which their requests began. A request without an answer is not an exchange.
    ``incomplete`` lists answers that were not read to the end, or that have more than *limit* bytes. ``doubts`` lists
    reasons why the recorded answers may not come from the servers in the URLs. A tape with a doubt cannot become a live
    recording.
    """

    def __init__(
        self,
        adapter: BaseAdapter | None = None,
        *,
        limit: int = LIMIT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._adapter = adapter or HTTPAdapter()
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._started = 0
        self._first = 0.0
        self._exchanges: dict[int, Exchange] = {}
        self._incomplete: dict[int, str] = {}
        self._doubts: dict[str, None] = {}

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The recorded exchanges, in the order in which the requests began."""
        with self._lock:
            return tuple(exchange for _, exchange in sorted(self._exchanges.items()))

    @property
    def incomplete(self) -> tuple[str, ...]:
        """A sentence for each answer that is incomplete on the tape."""
        with self._lock:
            return tuple(sentence for _, sentence in sorted(self._incomplete.items()))

    @property
    def doubts(self) -> tuple[str, ...]:
        """The reasons why the recorded answers may not come from the servers in the URLs."""
        with self._lock:
            return tuple(self._doubts)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send *request*, and record the answer while the caller reads it."""
        description = f"{request.method} {(request.url or '').partition('?')[0]}"
        with self._lock:
            start = self._clock()
            self._first = start if not self._started else self._first
            self._started += 1
            number = self._started
            self._doubts.update(dict.fromkeys(_doubts(self._adapter, verify)))
        response = self._adapter.send(request, stream, timeout, verify, cert, proxies)
        headers = tuple(response.raw.headers.items())
        sent_request = _to_sent_request(request)
        if sent_request is None:
            with self._lock:
                self._incomplete[number] = f"{description} was sent with a body that can be read only once"
            return response

        def on_end(body: bytes, decoded: str, fault: str) -> None:
            with self._lock:
                if fault:
                    self._incomplete[number] = f"the answer to {description} {fault}"
                    return
                answer = ReceivedResponse(
                    response.status_code, response.reason or "", without_framing(headers), body, decoded
                )
                elapsed = self._clock() - start
                self._exchanges[number] = Exchange(sent_request, answer, start - self._first, elapsed)

        response.raw = TeeResponse(response.raw, self._limit, on_end)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()


def _to_sent_request(request: requests.PreparedRequest) -> SentRequest | None:
    body: Any = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(body, bytes):
        return None
    return SentRequest(request.method or "", request.url or "", without_framing(_decode_headers(request.headers)), body)


def _decode_headers(headers: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, value.decode("latin-1") if isinstance(value, bytes) else value) for name, value in headers.items()]


def _doubts(adapter: BaseAdapter, verify: bool | str) -> list[str]:
    doubts = []
    if type(adapter) is not HTTPAdapter:
        doubts.append(f"the requests were sent by {type(adapter).__name__}, which may not use a network")
    if HTTPAdapter.send.__module__ != "requests.adapters":
        doubts.append(f"requests was patched by {HTTPAdapter.send.__module__}, which may have answered in its place")
    if verify is False:
        doubts.append("certificates were not verified, so another server may have answered")
    return doubts
