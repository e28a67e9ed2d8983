"""Describes a body that takes time, as values. The server that sends it waits by timers, so no thread waits.

A WSGI server that does not know this class iterates over it, like over any other body. The body then sleeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from ..core.answers import Pause


class End(Enum):
    """How a connection ends before the body is complete: by a reset, or by a close. Both come after the sent bytes."""

    RESET = "reset"
    CLOSE = "close"


Part: TypeAlias = "bytes | Pause | End"
"""A part of a body: bytes to send, a wait before the next part, or the end of the connection."""


@dataclass(frozen=True, slots=True)
class TimedBody:
    """The body of a response, in parts. Nothing of the response is sent before the first part that is bytes or an end.

    ``close`` of the parts, if they have it, runs when the body was sent, or when the client is gone. ``sleep`` waits
    for a number of seconds, if the server does not do it.
    """

    parts: Iterable[Part]
    sleep: Callable[[float], None]

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes, and sleep at each pause. Raise ConnectionResetError for a reset."""
        for part in self.parts:
            if isinstance(part, bytes):
                yield part
            elif isinstance(part, Pause):
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
