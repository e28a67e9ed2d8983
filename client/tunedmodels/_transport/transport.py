"""Sends all requests to the service. A call takes and returns JSON, or raises an error of this package."""

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

from ..errors import NotFound, Request, Response, TransportError
from . import foreign_errors, response_body, stream_chunks
from .address import Address
from .credentials import Caller
from .error_responses import from_error, from_response
from .no_auth import no_auth
from .retry import Retry

T = TypeVar("T")

Json = dict[str, Any]
QueryParams = Mapping[str, str | int | None]  # a parameter that is None is not sent

_MIN_SECONDS = 1.0  # a try gets at least these seconds, even if the deadline comes earlier


@dataclass(frozen=True)
class Time:
    """A clock that never goes back, and a function that waits on it. Both use seconds."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep


class Transport:
    """A connection to one address, over one session, with the credentials of one caller. Threads can share it.

    *timeout* is the time in seconds for one try, from the connection to the last byte of the answer, or to each
    chunk of a stream. If *retry* is None, there is one try.
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
        self.session = session
        self.timeout = timeout
        self._retry = retry
        self._time = time
        self._agent = f"tunedmodels/{version('tunedmodels')} python/{platform.python_version()}"

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        query: QueryParams | None = None,
        *,
        idempotent: bool = True,
        deadline: float | None = None,
    ) -> Json:
        """Send one request and return the JSON object of the answer.

        *path* begins with the API version and is not quoted yet. *idempotent* says whether sending the request twice
        has the same effect as sending it once. *deadline* is the time on the clock after which the caller does not
        need the answer. Raise APIError if the service answers with an error, TransportError if there is no answer of
        this API, CredentialsError if there are no credentials, and ValueError if JSON cannot represent the body.
        """
        call = self._prepare(method, path, body, query)

        def attempt(may_have_executed: bool, try_deadline: float) -> Json:
            response = self._send(call, try_deadline)
            text = self._read_text(call, response, try_deadline)
            if not 200 <= response.status_code < 300:
                error = from_response(call.request, _to_response(response, text), may_have_executed=may_have_executed)
                if may_have_executed and method == "DELETE" and isinstance(error, NotFound):
                    return {}  # an earlier try deleted it, and its answer was lost
                raise error
            return _parse_object(call, response, text)

        return self._with_retries(attempt, idempotent=idempotent, deadline=deadline)

    def stream(self, method: str, path: str, body: Json, query: QueryParams) -> Iterator[Json]:
        """Send one request and return its chunks, each when it arrives.

        Send the request at once, and try again as Retry says until the first chunk has arrived. Raise the same errors
        as ``call``, also while the caller reads the chunks.
        """
        call = self._prepare(method, path, body, query)

        def attempt(_may_have_executed: bool, try_deadline: float) -> tuple[Iterator[Json], Json | None]:
            response = self._send(call, try_deadline)
            if not 200 <= response.status_code < 300:
                raise from_response(call.request, _to_response(response, self._read_text(call, response, try_deadline)))
            chunks = self._read_chunks(call, response, try_deadline)
            return chunks, next(chunks, None)

        chunks, first = self._with_retries(attempt, idempotent=True, deadline=None)
        return _chain(first, chunks)

    def _with_retries(self, attempt: Callable[[bool, float], T], *, idempotent: bool, deadline: float | None) -> T:
        def try_once(may_have_executed: bool) -> T:
            now = self._time.clock()
            seconds_left = float("inf") if deadline is None else max(deadline - now, _MIN_SECONDS)
            return attempt(may_have_executed, now + min(self.timeout, seconds_left))

        if self._retry is None:
            return try_once(False)
        end = min(self._time.clock() + self._retry.timeout, float("inf") if deadline is None else deadline)
        return self._retry.call(
            try_once, idempotent=idempotent, seconds_left=lambda: end - self._time.clock(), sleep=self._time.sleep
        )

    def _prepare(self, method: str, path: str, body: Json | None, query: QueryParams | None) -> _PreparedCall:
        url = f"{self.address.url}/{quote(path, safe='/:')}"
        full_url = requests.Request(method, url, params=query).prepare().url or url
        try:
            data = None if body is None else json.dumps(body, allow_nan=False).encode()
        except ValueError as error:
            raise ValueError(f"JSON has no NaN and no infinity, so the request cannot be sent: {error}") from None
        return _PreparedCall(Request(method, full_url), data)

    def _send(self, call: _PreparedCall, deadline: float) -> requests.Response:
        """Send the request and return the response, whose body is not read yet. Renew a rejected token once."""

        def seconds_left() -> float:
            return deadline - self._time.clock()

        headers = self._caller.headers(call.request.method, call.request.url, seconds_left)
        response = self._send_once(call, headers, seconds_left())
        if response.status_code == 401 and self._caller.renew(headers, seconds_left):
            response.close()
            headers = self._caller.headers(call.request.method, call.request.url, seconds_left)
            response = self._send_once(call, headers, seconds_left())
        return response

    def _send_once(self, call: _PreparedCall, headers: dict[str, str], seconds: float) -> requests.Response:
        headers = {**headers, "User-Agent": self._agent}
        if call.data is not None:
            headers["Content-Type"] = "application/json"
        try:
            return self.session.request(
                call.request.method,
                call.request.url,
                data=call.data,
                headers=headers,
                auth=no_auth,
                timeout=max(seconds, 0.001),
                stream=True,
                # A redirect would send the API key to another address.
                allow_redirects=False,
                # Requests to this machine do not go through a proxy.
                proxies={"no_proxy": self.address.host} if self.address.is_loopback else None,
            )
        except foreign_errors.SENDING_ERRORS as error:
            raise foreign_errors.no_answer_error(call.request, error) from error

    def _read_text(self, call: _PreparedCall, response: requests.Response, deadline: float) -> str:
        try:
            with response:
                body = b"".join(response_body.iter_parts(response, lambda: deadline - self._time.clock()))
        except foreign_errors.IO_ERRORS as error:
            raise foreign_errors.cut_off_error(call.request, error) from error
        return body.decode("utf-8", "replace")

    def _read_chunks(self, call: _PreparedCall, response: requests.Response, deadline: float) -> Iterator[Json]:
        parts = response_body.iter_parts(response, lambda: deadline - self._time.clock())
        is_event_stream = response.headers.get("Content-Type", "").startswith("text/event-stream")
        try:
            with response:
                for chunk in (stream_chunks.parse_events if is_event_stream else stream_chunks.parse_array)(parts):
                    if not isinstance(chunk, dict):
                        raise stream_chunks.MalformedStream(f"a chunk is not a JSON object: {chunk!r:.200}")
                    if isinstance(chunk.get("error"), dict):
                        raise from_error(chunk["error"], call.request, _to_response(response, json.dumps(chunk)))
                    yield chunk
                    deadline = self._time.clock() + self.timeout
        except foreign_errors.IO_ERRORS as error:
            raise foreign_errors.cut_off_error(call.request, error) from error
        except stream_chunks.MalformedStream as error:
            raise TransportError(
                f"{call.request.method} {call.request.url} was answered with an invalid stream: {error}",
                call.request,
                _to_response(response, ""),
            ) from error


@dataclass(frozen=True)
class _PreparedCall:
    """A request that can be sent several times."""

    request: Request
    data: bytes | None


def _to_response(response: requests.Response, text: str) -> Response:
    return Response(response.status_code, {name.lower(): value for name, value in response.headers.items()}, text)


def _parse_object(call: _PreparedCall, response: requests.Response, text: str) -> Json:
    problem = f"{call.request.method} {call.request.url} was answered without"
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TransportError(f"{problem} JSON: {text[:200]!r}", call.request, _to_response(response, text)) from error
    if not isinstance(answer, dict):
        raise TransportError(f"{problem} a JSON object: {text[:200]!r}", call.request, _to_response(response, text))
    return answer


def _chain(first: Json | None, rest: Iterator[Json]) -> Iterator[Json]:
    if first is not None:
        yield first
        yield from rest
