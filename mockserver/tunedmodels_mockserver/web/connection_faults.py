"""Applies faults to a response on its way to the client: a latency, and the effects on the connection.

Each effect is a function from the parts of a body (``timed_body``) to other parts. The server sends these parts, and
does the waits, resets and closes among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..core.answers import Pause
from ..core.effects import Effect, Slow, Stall, Truncate
from .api_response import EVENTS, ApiResponse
from .timed_body import End, Part, TimedBody


def make_malformed(response: ApiResponse) -> float:
    """Remove the second half of the body of *response*; its Content-Length matches.

    Return the seconds of all pauses of the body, which is no longer a stream.
    """
    parts = list(_parts(response))
    data = b"".join(part for part in parts if isinstance(part, bytes))
    end = b"\r\n\r\n" if response.content_type == EVENTS else b""
    response.body = data[: len(data) // 2] + end
    return sum(part.seconds for part in parts if isinstance(part, Pause))


def delay_and_break(
    response: ApiResponse, latency: float, effect: Effect | None, sleep: Callable[[float], None]
) -> ApiResponse:
    """Return *response* so that it begins *latency* seconds late, and with *effect* applied to its connection.

    An effect of another kind changes nothing. *sleep* waits for a number of seconds, if the server does not do it.
    """
    breaks = effect is not None and (
        effect.reset or effect.commit_then_drop or effect.truncate or effect.stall or effect.slow
    )
    if latency or breaks:
        if isinstance(response.body, bytes):
            response.length = len(response.body)
        parts = _parts(response)
        if effect is not None and breaks:
            parts = _break(parts, effect)
        response.body = TimedBody(_delay(parts, latency), sleep)
    return response


def _parts(response: ApiResponse) -> Iterable[Part]:
    body = response.body
    return [body] if isinstance(body, bytes) else body.parts


def _delay(parts: Iterable[Part], latency: float) -> Iterator[Part]:
    if latency:
        yield Pause(latency)
    yield from parts


def _break(parts: Iterable[Part], effect: Effect) -> Iterable[Part]:
    if effect.truncate:
        return _truncate(parts, effect.truncate)
    if effect.stall:
        return _stall(iter(parts), effect.stall)
    if effect.slow:
        return _slow(parts, effect.slow)
    return (End.RESET,)


def _truncate(parts: Iterable[Part], truncate: Truncate) -> Iterator[Part]:
    pieces: list[bytes] = []
    for part in parts:
        if isinstance(part, bytes):
            pieces.append(part)
        else:
            yield part
    data = b"".join(pieces)
    length = int(len(data) * (truncate.fraction or 0.0)) if truncate.bytes is None else truncate.bytes
    yield data[: min(length, len(data) - 1)]
    yield End.CLOSE


def _stall(parts: Iterator[Part], stall: Stall) -> Iterator[Part]:
    rest, sent_bytes = b"", 0
    for part in parts:
        if not isinstance(part, bytes):
            yield part
            continue
        rest += part
        room = stall.after - sent_bytes
        if len(rest) > room:
            yield rest[:room]
            rest = rest[room:]
            break
        yield rest[:-1]  # keeps the last byte of the body back until after the stall
        sent_bytes += len(rest[:-1])
        rest = rest[-1:]
    yield Pause(stall.seconds)
    if not stall.resumes:
        yield End.RESET
        return
    yield rest
    yield from parts


def _slow(parts: Iterable[Part], slow: Slow) -> Iterator[Part]:
    is_first = True
    for part in parts:
        if not isinstance(part, bytes):
            yield part
            continue
        for place in range(0, len(part), slow.bytes):
            if not is_first:
                yield Pause(slow.pause)
            is_first = False
            yield part[place : place + slow.bytes]
