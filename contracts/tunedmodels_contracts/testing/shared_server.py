"""Shares one mock server between several processes, such as the workers of pytest-xdist.

The first process that needs the server starts a keeper (``shared_server_process``), a process that runs the server.
Each process that uses the server has an open connection to the keeper. When the last connection is closed, or its
process is killed, the keeper and the server end. So no worker depends on another, and no process is left behind.
"""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from .server_process import Server, ServerError

_TIMEOUT = 30  # seconds for the keeper to accept a connection and send its line


@contextmanager
def shared_server(folder: Path, arguments: Sequence[str]) -> Iterator[Server]:
    """Use the server with these *arguments* that all processes with the same *folder* share, until the block ends.

    Start it if it is not running. Raises ServerError if it does not start.
    """
    from filelock import FileLock

    digest = hashlib.sha256(json.dumps(list(arguments)).encode()).hexdigest()[:12]
    state_file = folder / f"tunedmodels-server-{digest}.json"
    with FileLock(state_file.with_suffix(".lock")):
        running = _connect(state_file)
        if running is None:
            state_file.write_text(_start_process(arguments), encoding="utf-8")
            running = _connect(state_file)
    if running is None:
        raise ServerError("The mock server that the workers share ended as soon as it had started.")
    url, connection = running
    with closing(connection):
        yield Server(url)


def _connect(state_file: Path) -> tuple[str, socket.socket] | None:
    """Return the URL of the server in *state_file* and a connection to its keeper; None if the keeper has ended."""
    try:
        url, port = json.loads(state_file.read_text(encoding="utf-8"))
        connection = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT)
    except (OSError, ValueError):
        return None
    try:
        # Another program may listen on the port now. The keeper sends the URL as its first line.
        with connection.makefile("r", encoding="utf-8") as reader:
            greeting = reader.readline().strip()
    except OSError:
        greeting = ""
    if greeting != url:
        connection.close()
        return None
    return url, connection


def _start_process(arguments: Sequence[str]) -> str:
    """Start a keeper and return its line of JSON: the URL of its server, and the port that the keeper listens on."""
    command = [sys.executable, "-m", "tunedmodels_contracts.testing.shared_server_process", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    with process.stdout:
        line = process.stdout.readline()
    try:
        result = json.loads(line)
    except ValueError:
        result = "The mock server did not start; stderr shows the reason."
    if not isinstance(result, list):
        process.wait()
        raise ServerError(result)
    # The process outlives this function on purpose. A return code prevents Python's warning about it.
    process.returncode = 0
    return line
