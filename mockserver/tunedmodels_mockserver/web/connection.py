"""Connection: what carries an answer to its caller, and what can befall the answer on the way.

A server puts a ``Connection`` of its own into the environment, by which real sockets are reset and waits end when the
caller goes away. Without a server a reset is a ConnectionResetError out of the application.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Response

from ..core.effects import Effect, Slow, Stall, Truncate

CONNECTION = "tunedmodels.connection"  # the key in a WSGI environment


class Connection(Protocol):
    """The way to one caller."""

    def wait(self, seconds: float) -> bool:
        """Wait, and return True; return False at once where the caller is gone or the server ends."""
        ...

    def reset(self) -> Exception:
        """Send what is on its way, prepare a reset, and return what to raise so that it happens."""
        ...

    def close(self) -> Exception | None:
        """Return what to raise so that the connection closes now; None where the end of the body does it."""
        ...


@dataclass(frozen=True, slots=True)
class InProcessConnection:
    """The way to a caller in this process. *sleep* takes seconds."""

    sleep: Callable[[float], None]

    def wait(self, seconds: float) -> bool:
        """Sleep."""
        if seconds:
            self.sleep(seconds)
        return True

    def reset(self) -> Exception:
        """Return the error that a reset socket gives."""
        return ConnectionResetError("Connection reset by the mock server: a fault")

    def close(self) -> Exception | None:
        """The body just ends."""
        return None


def connection(environ: dict[str, Any], sleep: Callable[[float], None]) -> Connection:
    """Return the connection of a request."""
    client: Connection | None = environ.get(CONNECTION)
    return client or InProcessConnection(sleep)


def make_malformed(response: Response) -> Response:
    """Return *response* with the second half of its JSON missing and a length that fits."""
    data = response.get_data()
    end = b"\r\n\r\n" if response.mimetype == "text/event-stream" else b""
    response.set_data(data[: len(data) // 2] + end)
    return response


def apply_effect(response: Response, effect: Effect, client: Connection) -> Response:
    """Return *response* as *effect* lets it through; an effect that is none of a connection's changes nothing."""
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
    """Return the body's pieces; the length of one that is whole is told in the header."""
    if not response.is_streamed:
        response.headers["Content-Length"] = str(len(response.get_data()))
    return response.iter_encoded()


def _reset_body(client: Connection) -> Iterator[bytes]:
    raise client.reset()
    yield b""  # which makes it a body


def _truncated_body(data: bytes, truncate: Truncate, client: Connection) -> Iterator[bytes]:
    kept = int(len(data) * (truncate.fraction or 0.0)) if truncate.bytes is None else truncate.bytes
    yield data[: min(kept, len(data) - 1)]
    end = client.close()
    if end:
        raise end


def _stalled_body(pieces: Iterable[bytes], stall: Stall, client: Connection) -> Iterator[bytes]:
    rest, sent, pieces = b"", 0, iter(pieces)
    for piece in pieces:
        rest += piece
        room = stall.after - sent
        if len(rest) > room:
            yield rest[:room]
            rest = rest[room:]
            break
        yield rest[:-1]  # the last byte of all is never sent before the stall
        sent += len(rest[:-1])
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
