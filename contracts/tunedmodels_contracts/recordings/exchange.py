"""One request with its answer, as both were on the wire, less the framing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]

# They tell how one transfer was framed. A body that was decoded or scrubbed has another length, so none is kept.
FRAMING = frozenset({"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True)
class SentRequest:
    """A request as it was sent."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True)
class ReceivedResponse:
    """An answer as it came; *decoded* names the content coding that its body has no more, ``gzip`` for one."""

    status: int
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""
    decoded: str = ""


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; *at* is when it was sent and *elapsed* how long it took, in seconds.

    ``at`` counts from the first request of the recording, ``elapsed`` to the last byte of the answer.
    """

    request: SentRequest
    response: ReceivedResponse
    at: float = 0.0
    elapsed: float = 0.0


def header(headers: Headers, name: str) -> str | None:
    """Return the first value of the header called *name*, in any case of letters; None where there is none."""
    return next((value for key, value in headers if key.lower() == name.lower()), None)


def without_framing(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return *headers* without those that frame one transfer."""
    return tuple((name, value) for name, value in headers if name.lower() not in FRAMING)
