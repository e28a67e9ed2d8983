"""The one place that sends: JSON in, JSON out, or one of this package's errors."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import quote

import requests

from .._training_data.download import download
from .._training_data.reader import Document
from ..errors import NotFound, Request, Response, TransportError
from . import foreign_errors, response_body
from . import stream_chunks as _chunks
from .address import Address
from .credentials import Caller, leave
from .error_responses import from_error, from_response
from .retry import Retry

T = TypeVar("T")

Json = dict[str, Any]
Query = Mapping[str, str | int | None]  # what is None is left out

_SHORTEST = 1.0  # seconds that a request gets, however little time is left for it


@dataclass(frozen=True)
class Time:
    """How time passes: a clock that never goes back, and a function that waits on it; both in seconds."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep


class Transport:
    """Sends to one address, over one session, with one caller's credentials. Threads may share it.

    *timeout* is how many seconds one try may take, from connecting to the last byte of the answer, or to each
    chunk of a streamed one. *retry* None means one try.
    """

    def __init__(
        self,
        address: Address,
        caller: Caller,
        session: requests.Session,
        timeout: float,
        retry: Retry | None,
        time: Time,
    ) -> None:
        if not 0 < timeout < float("inf"):
            raise ValueError(f"timeout must be a number of seconds above 0, got {timeout!r}")
        self.address = address
        self._caller = caller
        self._session = session
        self._timeout = timeout
        self._retry = retry
        self._time = time
        self._agent = f"tunedmodels/{version('tunedmodels')} python/{platform.python_version()}"

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        query: Query | None = None,
        *,
        repeatable: bool = True,
        deadline: float | None = None,
    ) -> Json:
        """Send one request and return the JSON object that answers it.

        *path* begins with the API version and is not quoted yet. *repeatable* is whether the request twice does
        what it does once; *deadline*, on the clock, is when the answer is of no use any more. Raises APIError
        where the service refuses, TransportError where no answer of this API comes, CredentialsError where there
        are no credentials, and ValueError for a body that JSON cannot hold.
        """
        call = self._prepared(method, path, body, query)

        def attempt(repeated: bool, until: float) -> Json:
            response = self._sent(call, until)
            text = self._text(call, response, until)
            if not 200 <= response.status_code < 300:
                error = from_response(call.request, _received(response, text), repeated=repeated)
                if repeated and method == "DELETE" and isinstance(error, NotFound):
                    return {}  # an earlier try did it, and its answer was lost
                raise error
            return _object(call, response, text)

        return self._tried(attempt, repeatable=repeatable, deadline=deadline)

    def stream(self, method: str, path: str, body: Json, query: Query) -> Iterator[Json]:
        """Send one request and return the chunks that answer it, each when it arrives.

        The request is sent at once, and again where Retry allows until the first chunk has come. Raises as
        ``call`` does, later also while the chunks are read.
        """
        call = self._prepared(method, path, body, query)

        def attempt(_repeated: bool, until: float) -> tuple[Iterator[Json], Json | None]:
            response = self._sent(call, until)
            if not 200 <= response.status_code < 300:
                raise from_response(call.request, _received(response, self._text(call, response, until)))
            chunks = self._chunks(call, response, until)
            return chunks, next(chunks, None)

        chunks, first = self._tried(attempt, repeatable=True, deadline=None)
        return _joined(first, chunks)

    def download(self, url: str) -> Document:
        """Return the document at *url*, which is not the service's and learns nothing of the caller."""
        return download(self._session, url, self._timeout)

    def _tried(self, attempt: Callable[[bool, float], T], *, repeatable: bool, deadline: float | None) -> T:
        def once(repeated: bool) -> T:
            now = self._time.clock()
            left = float("inf") if deadline is None else max(deadline - now, _SHORTEST)
            return attempt(repeated, now + min(self._timeout, left))

        if self._retry is None:
            return once(False)
        end = min(self._time.clock() + self._retry.timeout, float("inf") if deadline is None else deadline)
        return self._retry.call(
            once, repeatable=repeatable, left=lambda: end - self._time.clock(), sleep=self._time.sleep
        )

    def _prepared(self, method: str, path: str, body: Json | None, query: Query | None) -> _Call:
        url = f"{self.address.url}/{quote(path, safe='/:')}"
        whole = requests.Request(method, url, params=query).prepare().url or url
        try:
            data = None if body is None else json.dumps(body, allow_nan=False).encode()
        except ValueError as error:
            raise ValueError(f"JSON has no NaN and no infinity, so the request cannot be sent: {error}") from None
        return _Call(Request(method, whole), data)

    def _sent(self, call: _Call, until: float) -> requests.Response:
        """Send the request and return the answer's head; a token that is refused is renewed once."""

        def left() -> float:
            return until - self._time.clock()

        headers = self._caller.headers(call.request.method, call.request.url, left)
        response = self._sent_by(call, headers, left())
        if response.status_code == 401 and self._caller.renew(headers, left):
            response.close()
            headers = self._caller.headers(call.request.method, call.request.url, left)
            response = self._sent_by(call, headers, left())
        return response

    def _sent_by(self, call: _Call, headers: dict[str, str], seconds: float) -> requests.Response:
        headers = {**headers, "User-Agent": self._agent}
        if call.data is not None:
            headers["Content-Type"] = "application/json"
        try:
            return self._session.request(
                call.request.method,
                call.request.url,
                data=call.data,
                headers=headers,
                auth=leave,
                timeout=max(seconds, 0.001),
                stream=True,
                # A redirect would take the API key to wherever it leads.
                allow_redirects=False,
                # What is on this machine is not asked for through a proxy.
                proxies={"no_proxy": self.address.host} if self.address.loopback else None,
            )
        except foreign_errors.SENDING as error:
            raise foreign_errors.not_answered(call.request, error) from error

    def _text(self, call: _Call, response: requests.Response, until: float) -> str:
        try:
            with response:
                body = b"".join(response_body.parts(response, lambda: until - self._time.clock()))
        except foreign_errors.BENEATH as error:
            raise foreign_errors.cut_off(call.request, error) from error
        return body.decode("utf-8", "replace")

    def _chunks(self, call: _Call, response: requests.Response, until: float) -> Iterator[Json]:
        parts = response_body.parts(response, lambda: until - self._time.clock())
        events = response.headers.get("Content-Type", "").startswith("text/event-stream")
        try:
            with response:
                for chunk in (_chunks.events if events else _chunks.elements)(parts):
                    if not isinstance(chunk, dict):
                        raise _chunks.NoStream(f"a chunk is no JSON object: {chunk!r:.200}")
                    if isinstance(chunk.get("error"), dict):
                        raise from_error(chunk["error"], call.request, _received(response, json.dumps(chunk)))
                    yield chunk
                    until = self._time.clock() + self._timeout
        except foreign_errors.BENEATH as error:
            raise foreign_errors.cut_off(call.request, error) from error
        except _chunks.NoStream as error:
            raise TransportError(
                f"{call.request.method} {call.request.url} was answered with a stream that is none: {error}",
                call.request,
            ) from error


@dataclass(frozen=True)
class _Call:
    """One request, ready to be sent as often as it takes."""

    request: Request
    data: bytes | None


def _received(response: requests.Response, text: str) -> Response:
    return Response(response.status_code, {name.lower(): value for name, value in response.headers.items()}, text)


def _object(call: _Call, response: requests.Response, text: str) -> Json:
    said = f"{call.request.method} {call.request.url} was answered with no JSON"
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TransportError(f"{said}: {text[:200]!r}", call.request, _received(response, text)) from error
    if not isinstance(answer, dict):
        raise TransportError(f"{said} object: {text[:200]!r}", call.request, _received(response, text))
    return answer


def _joined(first: Json | None, rest: Iterator[Json]) -> Iterator[Json]:
    if first is not None:
        yield first
        yield from rest
