"""Serves ``/ready``, which says whether the server can reach its store. ``/health`` says only that it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent import futures

from flask import Response

from ...core.state.store import StoreUnavailable
from ...core.state.worlds import Worlds
from .. import responses
from .endpoints import AdminEndpoints

TIMEOUT = 0.8  # seconds for the store; a check of a container often waits for one second


def add(endpoints: AdminEndpoints, worlds: Worlds) -> None:
    """Add the route ``/ready``. If the store is unavailable, the blueprint answers 503 with the reason."""
    count = _TimedCall(lambda: len(worlds.names()))

    @endpoints.add("GET", "/ready", "Check that the server can reach its store.", members=("ready", "worlds", "store"))
    def ready() -> Response:
        return responses.document({"ready": True, "worlds": count.result(), "store": worlds.kind})


class _TimedCall:
    """A call of *ask*, which may wait for the store. At most one runs at a time, and nobody waits for it for long."""

    def __init__(self, ask: Callable[[], int]) -> None:
        self._ask = ask
        self._running: futures.Future[int] | None = None
        self._lock = threading.Lock()

    def result(self) -> int:
        """Return the result of *ask*. Raise StoreUnavailable if it takes longer than ``TIMEOUT``."""
        with self._lock:
            future = self._running
            if future is None or future.done():
                future = self._running = futures.Future()
                # A daemon, so that a store that never answers does not keep the process.
                threading.Thread(target=self._run, args=(future,), daemon=True).start()
        try:
            return future.result(TIMEOUT)
        except futures.TimeoutError:
            raise StoreUnavailable(f"The store has not answered within {TIMEOUT} seconds.") from None

    def _run(self, future: futures.Future[int]) -> None:
        try:
            future.set_result(self._ask())
        except Exception as error:
            future.set_exception(error)
