"""Sends what several connections write in one turn of the event loop together, at the end of the turn.

To wake a client that sleeps costs more than to copy an answer for it. If the server computes between two sends, the
clients fall asleep again, and each send wakes one. Sends that follow each other find most clients awake. With sixteen
connections this saves more than a third of the time of a short request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Set
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .connection import Connection

_FEW_CONNECTIONS = 2  # so few gain nothing, and would wait for a turn of the loop


class Outbox:
    """The connections with data to send. *connections* always has all open ones."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connections: Set[Connection]) -> None:
        self._loop = loop
        self._connections = connections
        self._waiting: list[Connection] = []

    def add(self, connection: Connection) -> None:
        """Call ``flush`` of *connection* at the end of this turn of the loop, or now if there are few connections."""
        if len(self._connections) <= _FEW_CONNECTIONS:
            connection.flush()
            return
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(connection)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for connection in waiting:
            connection.flush()
