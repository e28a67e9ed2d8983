"""The mock servers of one run of pytest. A server starts when a test first needs it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .server_process import Server, run_server

if TYPE_CHECKING:
    import requests


class Servers:
    """The mock servers, one for each list of arguments to ``serve``. Processes with the same *folder* share them."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._open = ExitStack()
        self._servers: dict[tuple[str, ...], Server] = {}

    @cached_property
    def admin_session(self) -> requests.Session:
        """The session for calls about worlds. Tests share its connections."""
        from .admin_api import direct_session

        return self._open.enter_context(direct_session())

    def get(self, arguments: Sequence[str] = ()) -> Server:
        """Return the server with these *arguments*, and start it if needed. Raises ServerError if it does not start."""
        key = tuple(arguments)
        if key not in self._servers:
            if self._folder is None:
                context = run_server(key)
            else:
                from .shared_server import shared_server

                context = shared_server(self._folder, key)
            self._servers[key] = self._open.enter_context(context)
        return self._servers[key]

    def close(self) -> None:
        """End the servers of this process, and release the shared ones."""
        self._open.close()
