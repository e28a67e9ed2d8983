"""The sweep: ends the processes that a command of ``exec`` leaves behind.

They are known by a mark in the environment with which they began, which is handed down to children of children, also
to those that became daemons. ``python -m tunedmodels_mockserver.process.orphan_reaper MARK`` waits until its stdin
ends, as it does when the process that holds the other end is gone, however it ended; then it sweeps.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress

import psutil

from ..environment import EXEC_MARK

GRACE = 2.0  # seconds from the request to end to the end without a request
_PATIENCE = 10.0  # seconds; who starts processes faster than they can be ended is not held up for ever


def reap(mark: str, grace: float = GRACE) -> None:
    """End every process that carries *mark*.

    They are asked by SIGTERM; who is there after *grace* seconds, and who comes later, is killed.
    """
    processes = _find_marked(mark)
    for process in processes:
        _signal(process, kill=False)
    psutil.wait_procs(processes, grace)
    deadline = time.monotonic() + _PATIENCE
    while (remaining := _find_marked(mark)) and time.monotonic() < deadline:
        for process in remaining:
            _signal(process, kill=True)
        psutil.wait_procs(remaining, 1)


def _find_marked(mark: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _has_mark(process, mark)]


def _has_mark(process: psutil.Process, mark: str) -> bool:
    """Return whether *process* carries *mark*, or one that an ``exec`` within ours added its own to."""
    try:
        carried = process.environ().get(EXEC_MARK, "")
        return f"{carried}/".startswith(f"{mark}/") and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False  # somebody else's, or gone


def _signal(process: psutil.Process, *, kill: bool) -> None:
    with suppress(psutil.Error, OSError):  # gone meanwhile
        if kill:
            process.kill()
        else:
            process.terminate()


if __name__ == "__main__":
    sys.stdin.buffer.read()
    reap(sys.argv[1])
