"""Runs a mock server in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

_SERVE = ("-m", "tunedmodels_mockserver", "serve", "--with-parent", "--port", "0")
_TUNING_TIME = ("--tuning-time", "0.5")
_QUEUE_TIME = ("--queue-time", "0")


class ServerError(Exception):
    """A mock server did not start. The message has its exit status and its last line of stderr."""


@dataclass(frozen=True)
class Server:
    """A running mock server. ``url`` is the base URL for clients, without a slash at the end."""

    url: str


@contextmanager
def run_server(arguments: Sequence[str]) -> Iterator[Server]:
    """Run a server with *arguments* until the block or this process ends. Raises ServerError if it does not start."""
    command = [sys.executable, *_SERVE, *_time_options(arguments), *arguments]
    # Ctrl-C does not reach a process in a session of its own. Tests still need the server while Ctrl-C ends them.
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "errors": "replace"}
    with subprocess.Popen(command, **pipes, start_new_session=True) as process:
        errors = _Errors(process)
        try:
            ready = process.stdout.readline() if process.stdout else ""
            if not ready.startswith("READY "):
                status = process.wait()
                errors.join()
                raise ServerError(
                    f"The mock server did not start (status {status}): {errors.last or 'it printed no message'}"
                )
            yield Server(url=ready.split()[1].removeprefix("url="))
        finally:
            process.terminate()
            errors.join()


class _Errors(threading.Thread):
    """A thread that copies the stderr of *process* to the stderr that this process has at the start.

    ``last`` is the last line with text.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__(daemon=True)
        self.last = ""
        self._process = process
        self._ours = os.dup(2)  # keep the present target: pytest redirects descriptor 2 later
        self.start()

    def run(self) -> None:
        """Copy until the process ends."""
        for line in self._process.stderr or ():
            self.last = line.strip() or self.last
            with suppress(OSError):  # our stderr may be closed, and the process must not block because of that
                os.write(self._ours, line.encode())
        os.close(self._ours)


def _time_options(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the default options for the duration of runs.

    If *arguments* set the time of each step, leave out the time of the whole run, because the two exclude each other.
    """
    steps = any(argument.partition("=")[0] == "--step-time" for argument in arguments)
    return _QUEUE_TIME if steps else (*_TUNING_TIME, *_QUEUE_TIME)
