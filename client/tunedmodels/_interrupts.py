"""Handlers that end a command on Ctrl-C and SIGTERM.

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
    from collections.abc import Iterator
    from types import FrameType
    from typing import NoReturn
else:
    import _signal as signal  # signal makes enums, which doubles the time until ``install_handlers`` runs

_NUMBERS = (signal.SIGINT, signal.SIGTERM)
_received: list[int] = []


def install_handlers() -> None:
    """Install handlers that end the process at once on a signal. Call this before any import that takes time."""
    for number in _handled_signals():
        signal.signal(number, _die)
    atexit.register(_die_if_received)  # registered first, so it runs last, after other exit handlers have cleaned up


@contextmanager
def as_keyboard_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt inside the block for each signal, so that the block can clean up.

    After a signal the block ends with SystemExit, unless it raises another exception, and the process dies of the
    signal when Python exits.
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


def _die_if_received() -> None:
    """Die of the first signal that an ``as_keyboard_interrupt`` block received. Do nothing if there was none."""
    if _received:
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):  # the stream is closed or has no reader
                stream.flush()
        _die(_received[0])


def _handled_signals() -> list[int]:
    return [number for number in _NUMBERS if signal.getsignal(number) != signal.SIG_IGN]


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    _received.append(number)
    raise KeyboardInterrupt


def _die(number: int, _frame: FrameType | None = None) -> NoReturn:
    if sys.platform != "win32":
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    os._exit(128 + number)  # the first process of a container survives its own signal, and Windows has no such end
