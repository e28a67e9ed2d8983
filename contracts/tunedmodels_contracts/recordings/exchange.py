"""Data classes for one request and its answer, as sent over HTTP but without the framing headers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]

# These headers describe one transfer. A decoded or scrubbed body has another length, so none of them is kept.
FRAMING = frozenset({"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True)
class SentRequest:
    """A request as the client sent it."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True)
class ReceivedResponse:
    """An answer as received; *decoded* names the content coding that was removed from the body, such as ``gzip``."""

    status: int
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""
    decoded: str = ""


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, with the times of both.

    ``at`` is the time of the request, in seconds after the first request of the recording. ``elapsed`` is the time
    until the last byte of the answer, in seconds.
    """

    request: SentRequest
    response: ReceivedResponse
    at: float = 0.0
    elapsed: float = 0.0


def header(headers: Headers, name: str) -> str | None:
    """Return the first value of the header *name*, ignoring case; None if there is no such header."""
    return next((value for key, value in headers if key.lower() == name.lower()), None)


def without_framing(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return *headers* without the headers that describe one transfer."""
    return tuple((name, value) for name, value in headers if name.lower() not in FRAMING)
