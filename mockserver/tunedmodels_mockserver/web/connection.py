"""Applies the faults on the connection that carries an answer to its caller.

A server puts its own ``Connection`` into the WSGI environment. It resets the real socket, and ends a wait when the
caller disconnects. Without a server, the application raises ConnectionResetError for a reset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Response

from ..core.effects import Effect, Slow, Stall, Truncate

CONNECTION = "tunedmodels.connection"  # the key in a WSGI environment


class Connection(Protocol):
    """The connection to one caller."""

    def wait(self, seconds: float) -> bool:
        """Wait *seconds* and return True. Return False as soon as the caller disconnects or the server stops."""
        ...

    def reset(self) -> Exception:
        """Send the written data, prepare a reset, and return the exception that causes it when it is raised."""
        ...

    def close(self) -> Exception | None:
        """Return the exception that closes the connection when raised, or None if the end of the body does it."""
        ...


@dataclass(frozen=True, slots=True)
class InProcessConnection:
    """The connection to a caller in this process. ``sleep`` waits for a number of seconds."""

    sleep: Callable[[float], None]

    def wait(self, seconds: float) -> bool:
        """Sleep for *seconds* and return True."""
        if seconds:
            self.sleep(seconds)
        return True

    def reset(self) -> Exception:
        """Return the error that a socket raises after a reset."""
        return ConnectionResetError("The mock server reset the connection (a fault)")

    def close(self) -> Exception | None:
        """Return None, because the body just ends."""
        return None


def connection(environ: dict[str, Any], sleep: Callable[[float], None]) -> Connection:
    """Return the connection in *environ*, or a connection in this process that waits with *sleep*."""
    client: Connection | None = environ.get(CONNECTION)
    return client or InProcessConnection(sleep)


def make_malformed(response: Response) -> Response:
    """Return *response* without the second half of its body. Its Content-Length matches."""
    data = response.get_data()
    end = b"\r\n\r\n" if response.mimetype == "text/event-stream" else b""
    response.set_data(data[: len(data) // 2] + end)
    return response


def apply_effect(response: Response, effect: Effect, client: Connection) -> Response:
    """Return *response* with *effect* applied, if it is an effect on the connection. Otherwise nothing changes."""
    if effect.reset or effect.commit_then_drop:
        response.response = _reset_body(client)
    elif effect.truncate:
        response.response = _truncated_body(b"".join(_body_chunks(response)), effect.truncate, client)
    elif effect.stall:
        response.response = _stalled_body(_body_chunks(response), effect.stall, client)
    elif effect.slow:
        response.response = _slow_body(_body_chunks(response), effect.slow, client)
    return response


def _body_chunks(response: Response) -> Iterator[bytes]:
    """Return the chunks of the body. Set Content-Length, unless the body is a stream."""
    if not response.is_streamed:
        response.headers["Content-Length"] = str(len(response.get_data()))
    return response.iter_encoded()


def _reset_body(client: Connection) -> Iterator[bytes]:
    raise client.reset()
    yield b""  # makes this function a generator


def _truncated_body(data: bytes, truncate: Truncate, client: Connection) -> Iterator[bytes]:
    length = int(len(data) * (truncate.fraction or 0.0)) if truncate.bytes is None else truncate.bytes
    yield data[: min(length, len(data) - 1)]
    end = client.close()
    if end:
        raise end


def _stalled_body(pieces: Iterable[bytes], stall: Stall, client: Connection) -> Iterator[bytes]:
    rest, sent_bytes, pieces = b"", 0, iter(pieces)
    for piece in pieces:
        rest += piece
        room = stall.after - sent_bytes
        if len(rest) > room:
            yield rest[:room]
            rest = rest[room:]
            break
        yield rest[:-1]  # keeps the last byte of the body back until after the stall
        sent_bytes += len(rest[:-1])
        rest = rest[-1:]
    client.wait(stall.seconds)
    if not stall.resumes:
        raise client.reset()
    yield rest
    yield from pieces


def _slow_body(pieces: Iterable[bytes], slow: Slow, client: Connection) -> Iterator[bytes]:
    first = True
    for piece in pieces:
        for place in range(0, len(piece), slow.bytes):
            if not first and not client.wait(slow.pause):
                raise client.reset()
            first = False
            yield piece[place : place + slow.bytes]
