"""Deferral: signals wait while a live run deletes what it made."""

from __future__ import annotations

import signal
import threading
from typing import Any


class Deferral:
    """A block that Ctrl-C and SIGTERM interrupt once, so that a second signal does not break its clean-up.

    After ``hold`` the first one waits, too, until the block ends. A signal that is ignored stays ignored. Outside of
    the main thread the block does nothing, since Python handles signals only in that one.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._interrupted = False
        self._waiting: list[int] = []

    def __enter__(self) -> Deferral:
        """Begin to handle signals."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._interrupt)
        return self

    def hold(self) -> None:
        """Let signals wait from now on. Call this before the clean-up."""
        for number in self._before:
            signal.signal(number, self._wait)

    def __exit__(self, *_: object) -> None:
        """Send the signal that waits, if there is one."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for number in self._waiting[:1]:
            signal.raise_signal(number)

    def _interrupt(self, number: int, frame: Any) -> None:
        self.hold()
        handler = self._before[number]
        if callable(handler):
            self._interrupted = True
            handler(number, frame)
        else:  # the signal would end the process here and now: it does so after the block
            self._waiting.append(number)
            raise KeyboardInterrupt

    def _wait(self, number: int, _frame: Any) -> None:
        if not self._interrupted:
            self._waiting.append(number)
