"""Workers: processes of their own for runs of pytest, which a Ctrl-C ends as quietly as it ends the command."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def workers(number: int) -> Iterator[ProcessPoolExecutor]:
    """Open a pool of *number* fresh processes: pytest changes the one that it runs in, for good.

    What waits when something is raised is dropped. Hand ``at_work`` the functions that they are to call.
    """
    # Spawned, not forked: a caller may be a test itself.
    pool = ProcessPoolExecutor(number, multiprocessing.get_context("spawn"), _deaf)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def at_work(function: Callable[..., T], *arguments: object) -> T:
    """Call *function* in a worker; a Ctrl-C reaches it alone, so that pytest can clear away what it has made."""
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return function(*arguments)
    finally:
        signal.signal(signal.SIGINT, heard)


def _deaf() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
