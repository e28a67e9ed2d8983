"""Lists the limits of the server on what clients send, and on how long it waits for them."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """The limits of one server: sizes in bytes, times in seconds.

    ``body`` is above the application's own limit of 20 MiB, so most bodies that are too large get the error of the
    service. ``head_time`` is for the whole head of a request, ``body_time`` for the wait between two pieces of a body,
    ``idle_time`` for the wait between two requests, and ``write_time`` for a client that reads nothing of an answer.
    Beyond so many ``connections`` the server closes the one that has been idle for the longest time.
    """

    head: int = 256 * 1024
    headers: int = 1000
    body: int = 64 * 1024 * 1024
    head_time: float = 30.0
    body_time: float = 60.0
    idle_time: float = 120.0
    write_time: float = 60.0
    connections: int = 20_000
