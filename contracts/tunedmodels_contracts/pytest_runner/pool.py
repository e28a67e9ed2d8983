"""A pool of worker processes for runs of pytest. Ctrl-C and SIGTERM end the workers together with the command."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

from tunedmodels_mockserver import interrupts

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Submit(Protocol):
    """A function that calls another function in a worker."""

    def __call__(self, function: Callable[..., T], *arguments: object) -> Future[T]:
        """Call *function* with *arguments*, and return the future of its result."""
        ...


@contextmanager
def worker_pool(number: int) -> Iterator[Submit]:
    """Open a pool of *number* fresh processes, because pytest changes its process permanently.

    If the block raises, waiting calls are dropped. If a signal ends the block, running calls also end, after pytest has
    cleaned up.
    """
    # Spawn, do not fork: the caller may be a test itself.
    pool = ProcessPoolExecutor(number, multiprocessing.get_context("spawn"), _initialize_worker)

    def submit(function: Callable[..., T], *arguments: object) -> Future[T]:
        # This may start a process, which must not get a signal before ``_initialize_worker`` runs there.
        with _block_signals():
            return pool.submit(_run_in_worker, function, *arguments)

    try:
        yield submit
    except KeyboardInterrupt:
        with _block_signals():  # a process that starts without the pool would fail
            for process in multiprocessing.active_children():
                process.terminate()  # the signal may have reached only this process
            pool.shutdown(cancel_futures=True)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _initialize_worker() -> None:
    """Install the signal handlers of a worker. An idle worker exits immediately on a signal."""
    interrupts.install_handlers()
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _run_in_worker(function: Callable[..., T], *arguments: object) -> T:
    """Call *function* in a worker. After a signal pytest cleans up, and the worker exits."""
    try:
        with interrupts.as_keyboard_interrupt():
            return function(*arguments)
    finally:
        interrupts.die_if_received()  # a worker runs nothing at exit


@contextmanager
def _block_signals() -> Iterator[None]:
    """Delay signals during the block, also in a process that starts there."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
