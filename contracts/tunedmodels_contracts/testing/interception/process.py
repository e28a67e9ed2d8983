"""The process: which fake answers a call, and that calls are intercepted as long as one of them may be asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Process:
    """The fakes of this process, the latest last.

    A call is answered by the latest fake of its own context, so that threads which intercept side by side do not meet;
    a thread that has none, such as one that the code under test has started, by the latest of all.
    """

    def __init__(self, patched: Callable[[Callable[[], WSGIApplication | None]], ExitStack]) -> None:
        self._patched = patched
        self._all: tuple[WSGIApplication, ...] = ()
        self._own: ContextVar[tuple[WSGIApplication, ...]] = ContextVar("tunedmodels-interceptions", default=())
        self._patches: ExitStack | None = None
        self._lock = threading.Lock()

    def enter(self, application: WSGIApplication) -> None:
        """Let *application* answer; the first patches the process."""
        with self._lock:
            if self._patches is None:
                self._patches = self._patched(self.current)
            self._all += (application,)
        self._own.set((*self._own.get(), application))

    def leave(self, application: WSGIApplication) -> None:
        """Let *application* answer no more; the last undoes the patches."""
        # A generator may be closed in another context than it was opened in, so what is left is not taken for granted.
        self._own.set(tuple(item for item in self._own.get() if item is not application))
        with self._lock:
            self._all = tuple(item for item in self._all if item is not application)
            if not self._all and self._patches is not None:
                patches, self._patches = self._patches, None
                patches.close()

    def current(self) -> WSGIApplication | None:
        """Return the fake that answers the present call; None where the last has left meanwhile."""
        everybody = self._all
        own = [item for item in self._own.get() if item in everybody]
        latest = own or everybody
        return latest[-1] if latest else None
