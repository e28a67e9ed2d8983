"""Servers: the mock servers of one run of pytest, started when a test first needs them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from .server_process import Server, run_server


class Servers:
    """One server for each list of arguments to ``serve``; with *folder* those of all processes that name it."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._open = ExitStack()
        self._servers: dict[tuple[str, ...], Server] = {}

    def get(self, arguments: Sequence[str] = ()) -> Server:
        """Return the server that has these *arguments*. Raises ServerError where it does not start."""
        key = tuple(arguments)
        if key not in self._servers:
            if self._folder is None:
                made = run_server(key)
            else:
                from .shared_server import shared_server

                made = shared_server(self._folder, key)
            self._servers[key] = self._open.enter_context(made)
        return self._servers[key]

    def close(self) -> None:
        """End the servers that are this process's own, and let go of the shared ones."""
        self._open.close()
