"""Handles Ctrl-C and SIGTERM for the commands.

A command dies of the signal itself, without a traceback. A shell then reports 130 or 143, and ends a loop that runs the
command. A signal that the parent process ignores stays ignored.
"""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import contextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType
    from typing import NoReturn
else:
    import _signal as signal  # signal builds enums, which doubles the time until ``install_handlers`` runs

_NUMBERS = [signal.SIGINT, signal.SIGTERM]
_SERVER_NUMBERS = [*_NUMBERS, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else ())]  # Windows has no SIGHUP
_received: list[int] = []


def install_handlers() -> None:
    """End the process at once on each signal from now on. Call this before any slow import."""
    for number in _handled_signals():
        signal.signal(number, _die)
    atexit.register(die_if_received)  # registered first, runs last: after the cleanup of other exit handlers


@contextmanager
def as_keyboard_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt inside the block for each signal. The block can then clean up.

    After a signal the block ends with SystemExit, unless it raises another exception. The process dies of the signal
    when Python exits.
    """
    before = {number: signal.signal(number, _raise) for number in _handled_signals()}
    try:
        yield
    except KeyboardInterrupt:
        if not _received:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if _received:
        raise SystemExit(128 + _received[0])


def call_on_signal(stop: Callable[[], object]) -> None:
    """Call *stop* for each signal until the process ends. A server can then end with its own status.

    A closed terminal (SIGHUP) also stops a server.
    """

    def handler(_number: int, _frame: FrameType | None) -> None:
        stop()

    for number in _handled_signals(_SERVER_NUMBERS):
        signal.signal(number, handler)


def die_if_received() -> None:
    """Die of the first signal that an ``as_keyboard_interrupt`` block received. Do nothing if there was none."""
    if _received:
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):  # the stream or the pipe is closed
                stream.flush()
        _die(_received[0])


def _handled_signals(numbers: Sequence[int] = _NUMBERS) -> list[int]:
    return [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    _received.append(number)
    raise KeyboardInterrupt


def _die(number: int, _frame: FrameType | None = None) -> NoReturn:
    if sys.platform != "win32":
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    os._exit(128 + number)  # PID 1 of a container survives its own signal, and Windows cannot end a process this way
