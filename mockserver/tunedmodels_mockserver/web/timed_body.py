"""Describes a body that takes time, as values. The server that sends it waits by timers, so no thread waits.

A WSGI server that does not know this class iterates over it, like over any other body. The body then sleeps.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from itertools import takewhile
from typing import Any, TypeAlias

import msgspec
from flask import Response

from ..core.answers import Pause


class End(Enum):
    """The end of a connection before its body is complete, by a reset or by a close. Both come after the sent bytes."""

    RESET = "reset"
    CLOSE = "close"


class InterruptiblePause(Pause, frozen=True):
    """A pause that can end early.

    ``subscribe`` takes a function that ends the pause. Any thread may call this function, more than once and at any
    time. ``subscribe`` returns a function that ends the subscription; call it after the pause.
    """

    subscribe: Callable[[Callable[[], None]], Callable[[], None]]


Part: TypeAlias = "bytes | Pause | End"
"""A part of a body: bytes to send, a wait before the next part, or the end of the connection."""


class TimedBody(msgspec.Struct, frozen=True):
    """The body of a response, in parts. Nothing of the response is sent before the first part that is bytes or an end.

    So a pause at the beginning is the latency of the response. ``close`` of the parts, if they have it, runs when the
    body was sent, or when the client is gone. ``sleep`` waits for a number of seconds, if the server does not do it.
    """

    parts: Iterable[Part]
    sleep: Callable[[float], None]

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes, and sleep at each pause. Raise ConnectionResetError for a reset."""
        for part in self.parts:
            if isinstance(part, bytes):
                yield part
            elif isinstance(part, InterruptiblePause):
                _wait(part)
            elif isinstance(part, Pause):
                if part.seconds:
                    self.sleep(part.seconds)
            elif part is End.RESET:
                raise ConnectionResetError("The mock server reset the connection (a fault)")
            else:
                return

    def close(self) -> None:
        """Close the parts."""
        close = getattr(self.parts, "close", None)
        if close:
            close()


class TimedResponse(Response):
    """A response whose body can be a TimedBody. It hands such a body to the server as it is."""

    def get_app_iter(self, environ: dict[str, Any]) -> Any:
        """Return the body for the server. The answer to HEAD has only the latency of a TimedBody."""
        body = self.response
        if not isinstance(body, TimedBody):
            return super().get_app_iter(environ)
        if environ["REQUEST_METHOD"] == "HEAD":
            return TimedBody(takewhile(lambda part: isinstance(part, Pause), body.parts), body.sleep)
        return body


def _wait(pause: InterruptiblePause) -> None:
    is_over = threading.Event()
    unsubscribe = pause.subscribe(is_over.set)
    is_over.wait(pause.seconds)
    unsubscribe()
