"""Delays signals while a live run deletes the models that it created."""

from __future__ import annotations

import signal
import threading
from typing import Any


class SignalDelay:
    """A block that Ctrl-C and SIGTERM interrupt only once, so a second signal does not break its clean-up.

    After ``hold`` the first signal also waits until the block ends. A signal that is ignored stays ignored. Outside of
    the main thread the block does nothing, because Python handles signals only in the main thread.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._interrupted = False
        self._waiting: list[int] = []

    def __enter__(self) -> SignalDelay:
        """Install the signal handlers."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._interrupt)
        return self

    def hold(self) -> None:
        """Delay signals from now on. Call this before the clean-up."""
        for number in self._before:
            signal.signal(number, self._wait)

    def __exit__(self, *_: object) -> None:
        """Restore the signal handlers, and raise the delayed signal, if there is one."""
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
        else:  # the default action would end the process at once, so __exit__ raises the signal again
            self._waiting.append(number)
            raise KeyboardInterrupt

    def _wait(self, number: int, _frame: Any) -> None:
        if not self._interrupted:
            self._waiting.append(number)
