"""Runs mock servers in this process, for tests that need a socket and no process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.process.server import Server


@contextmanager
def serve(settings: Settings) -> Iterator[str]:
    """Serve during the block, and yield the base URL."""
    server = Server(create_app(settings), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join(10)
