"""Ends the processes that a command of ``exec`` leaves behind.

A mark in the environment identifies them. Children of children inherit it, and daemons too. Run ``python -m
tunedmodels_mockserver.process.orphan_reaper MARK``: it waits until its stdin closes, and then ends the processes. The
stdin closes when the process at the other end ends, for any reason.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress

import psutil

from ..environment import EXEC_MARK

GRACE = 2.0  # seconds between SIGTERM and SIGKILL
_PATIENCE = 10.0  # seconds; a command that starts processes faster than we end them cannot hold us up for ever


def reap(mark: str, grace: float = GRACE) -> None:
    """End every process with *mark*.

    Send SIGTERM first. After *grace* seconds, send SIGKILL to the processes that remain and to new ones.
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
    """Return whether *process* has *mark*, or the longer mark of a nested ``exec``."""
    try:
        process_mark = process.environ().get(EXEC_MARK, "")
        return f"{process_mark}/".startswith(f"{mark}/") and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False  # the process belongs to another user, or has ended


def _signal(process: psutil.Process, *, kill: bool) -> None:
    with suppress(psutil.Error, OSError):  # the process has ended in the meantime
        if kill:
            process.kill()
        else:
            process.terminate()


if __name__ == "__main__":
    sys.stdin.buffer.read()
    reap(sys.argv[1])
