"""The launch: a server, a command that is pointed at it, and one more process that sees to it that nothing is left."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from ..core.defaults import API_KEY
from ..environment import EXEC_MARK, OTHER_KEY, client_variables
from . import foreground_child

_PATIENCE = 10  # seconds for the server to end when it is told to; it needs five at most
_NOT_EXECUTABLE = 126
_NOT_FOUND = 127
# An option that the server refuses is one of exec's to whoever wrote it, so the usage is that of exec.
_SERVE = "from tunedmodels_mockserver.cli.serve import serve; serve(prog_name='tunedmodels-mockserver exec')"


def run(command: Sequence[str], options: Sequence[str]) -> int:
    """Run *command* against a server with these *options* and return its status, or the server's if that fails.

    The status is 127 where there is no such command, 126 where it cannot be run, and 128 and a signal's number where
    that signal ended it, or came before it began.
    """
    signals = foreground_child.SignalForwarder()
    with signals.forward(), _server(options) as (server, url):
        if url is None:
            return server.wait() if signals.early_signal is None else 128 + signals.early_signal
        mark = "/".join(filter(None, [os.environ.get(EXEC_MARK), secrets.token_hex(8)]))
        environment = {**os.environ, **client_variables(url, API_KEY), EXEC_MARK: mark}
        environment.pop(OTHER_KEY, None)
        with _orphan_reaper(mark):
            if signals.early_signal is not None:
                return 128 + signals.early_signal
            try:
                status = foreground_child.run(command, environment, signals)
            except OSError as error:
                click.echo(f"Cannot run {command[0]}: {error.strerror or error}.", err=True)
                return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
        if server.poll() is not None:
            click.echo(f"The mock server ended before the command did, with status {server.returncode}.", err=True)
        return status


@contextmanager
def _server(options: Sequence[str]) -> Iterator[tuple[subprocess.Popen[str], str | None]]:
    """Yield a serving process and its URL, or None where it does not serve; end it in the end."""
    command = [sys.executable, "-c", _SERVE, "--port", "0", *options, "--with-parent"]
    # In a session of its own no Ctrl-C reaches it before the command has ended.
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        try:
            ready = server.stdout.readline() if server.stdout else ""
            yield server, ready.split()[1].removeprefix("url=") if ready.startswith("READY ") else None
        finally:
            server.terminate()
            try:
                server.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()


@contextmanager
def _orphan_reaper(mark: str) -> Iterator[None]:
    """End what carries *mark* in the end, be it ours or only that of this process by a signal that none can catch."""
    command = [sys.executable, "-m", "tunedmodels_mockserver.process.orphan_reaper", mark]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):
        yield
