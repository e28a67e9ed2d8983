"""Runs a server, the user's command with its variables, and a reaper of the command's process group, for ``exec``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from ..core.defaults import API_KEY
from ..environment import OTHER_KEY, client_variables
from . import foreground_child
from .group_reaper import end_group

_PATIENCE = 10  # seconds for the server to stop; it needs five at most
_NOT_EXECUTABLE = 126
_NOT_FOUND = 127
# The user gave the server's options to exec, so usage errors name exec.
_SERVE = """
import gc
gc.disable()  # as __main__ does
from tunedmodels_mockserver.__main__ import missing_extra_explained
with missing_extra_explained():
    from tunedmodels_mockserver.cli.serve import serve
    serve(prog_name='tunedmodels-mockserver exec')
"""


def run(command: Sequence[str], options: Sequence[str]) -> int:
    """Run *command* against a server with *options*. Return the status of the command, or of a server that fails.

    The status is 127 if the command does not exist, 126 if it cannot be run, and 128 plus the number of the signal if a
    signal ended the command or came before its start.
    """
    signals = foreground_child.SignalForwarder()
    with signals.forward(), _server(options) as (server, url):
        if url is None:
            return server.wait() if signals.early_signal is None else 128 + signals.early_signal
        environment = {**os.environ, **client_variables(url, API_KEY)}
        environment.pop(OTHER_KEY, None)
        with _group_reaper() as on_start:
            if signals.early_signal is not None:
                return 128 + signals.early_signal
            try:
                status = foreground_child.run(command, environment, signals, on_start)
            except OSError as error:
                click.echo(f"Cannot run {command[0]}: {error.strerror or error}.", err=True)
                return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
        if server.poll() is not None:
            click.echo(f"The mock server ended before the command did, with status {server.returncode}.", err=True)
        return status


@contextmanager
def _server(options: Sequence[str]) -> Iterator[tuple[subprocess.Popen[str], str | None]]:
    """Start a server, yield its process and URL (None if it does not serve), and stop it at the end."""
    command = [sys.executable, "-c", _SERVE, "--port", "0", *options, "--with-parent"]
    # In its own session, Ctrl-C does not reach the server before the command ends.
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
def _group_reaper() -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the id of a process group.

    The processes of this group end at the end of the block, or at the end of this process, even after SIGKILL.
    """
    command = [sys.executable, "-m", "tunedmodels_mockserver.process.group_reaper"]
    reaper = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0, start_new_session=True)
    groups: list[int] = []

    def write_group(group: int) -> None:
        groups.append(group)
        with suppress(BrokenPipeError):
            reaper.stdin.write(f"{group}\n".encode())  # type: ignore[union-attr]

    try:
        yield write_group
    finally:
        reaper.stdin.close()  # type: ignore[union-attr]
        while reaper.poll() is None:
            _reap_orphans(groups)
            time.sleep(0.01)
        if reaper.returncode:  # somebody killed the reaper
            for group in groups:
                end_group(group)


def _reap_orphans(groups: Sequence[int]) -> None:
    """Collect the statuses of processes of *groups* that became children of this process, as those of PID 1 do."""
    for group in groups:
        with suppress(ChildProcessError):
            while os.waitpid(-group, os.WNOHANG)[0]:
                pass
