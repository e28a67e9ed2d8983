"""Sharing: one mock server for several processes, such as the workers of pytest-xdist.

Whoever needs it first starts a keeper, a process that runs the server. Everybody who uses it holds a connection to the
keeper, which ends, and the server with it, when the last of them is gone, killed or not. So no worker depends on
another, and nothing is left behind.
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

_PATIENCE = 30  # seconds


@contextmanager
def shared_server(folder: Path, arguments: Sequence[str]) -> Iterator[Server]:
    """Use the server with these *arguments* that everybody shares who names *folder*. Raises ServerError."""
    from filelock import FileLock

    digest = hashlib.sha256(json.dumps(list(arguments)).encode()).hexdigest()[:12]
    note = folder / f"tunedmodels-server-{digest}.json"
    with FileLock(note.with_suffix(".lock")):
        entered = _connect(note)
        if entered is None:
            note.write_text(_start_process(arguments), encoding="utf-8")
            entered = _connect(note)
    if entered is None:
        raise ServerError("The mock server that the workers share ended as soon as it had started.")
    url, held = entered
    with closing(held):
        yield Server(url)


def _connect(note: Path) -> tuple[str, socket.socket] | None:
    """Return the URL of the server that *note* names, and the connection that keeps it; None where it is gone."""
    try:
        url, door = json.loads(note.read_text(encoding="utf-8"))
        held = socket.create_connection(("127.0.0.1", door), timeout=_PATIENCE)
    except (OSError, ValueError):
        return None
    try:
        # Somebody else may listen there by now; the keeper greets with the URL.
        with held.makefile("r", encoding="utf-8") as reader:
            greeting = reader.readline().strip()
    except OSError:
        greeting = ""
    if greeting != url:
        held.close()
        return None
    return url, held


def _start_process(arguments: Sequence[str]) -> str:
    """Start a keeper and return what it says of itself: the URL of its server, and the port of its door."""
    command = [sys.executable, "-m", "tunedmodels_contracts.testing.shared_server_process", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.readline()
    try:
        told = json.loads(said)
    except ValueError:
        told = "The keeper of the mock server ended before it said anything; why is on stderr."
    if not isinstance(told, list):
        process.wait()
        raise ServerError(told)
    # It outlives this function by design, and Python would warn of that.
    process.returncode = 0
    return said
