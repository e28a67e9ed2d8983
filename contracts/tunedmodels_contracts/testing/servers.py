"""Servers: the mock servers of one run of pytest, started when a test first needs them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

_SERVE = ("-m", "tunedmodels_mockserver", "serve", "--with-parent", "--port", "0")
_TUNING_TIME = ("--tuning-time", "0.5")
_QUEUE_TIME = ("--queue-time", "0")


class ServerError(Exception):
    """A mock server did not start; the message says what to do."""


@dataclass(frozen=True)
class Server:
    """A mock server that answers: ``url`` is the base URL for clients, without a slash at the end."""

    url: str


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
                made = started(key)
            else:
                from .sharing import shared

                made = shared(self._folder, key)
            self._servers[key] = self._open.enter_context(made)
        return self._servers[key]

    def close(self) -> None:
        """End the servers that are this process's own, and let go of the shared ones."""
        self._open.close()


@contextmanager
def started(arguments: Sequence[str]) -> Iterator[Server]:
    """Run a server for as long as the context lasts, or this process does."""
    command = [sys.executable, *_SERVE, *_times(arguments), *arguments]
    # In a session of its own no Ctrl-C reaches it: tests that are being ended still need it.
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            ready = process.stdout.readline() if process.stdout else ""
            if not ready.startswith("READY "):
                raise ServerError(
                    f"The mock server did not start (status {process.wait()}); what it said is on stderr. "
                    "Its parts come with: pip install 'tunedmodels[contracts]'"
                )
            yield Server(url=ready.split()[1].removeprefix("url="))
        finally:
            process.terminate()


def _times(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return how fast the runs are where *arguments* do not say it; a time of each step excludes one of the whole."""
    steps = any(argument.partition("=")[0] == "--step-time" for argument in arguments)
    return _QUEUE_TIME if steps else (*_TUNING_TIME, *_QUEUE_TIME)
