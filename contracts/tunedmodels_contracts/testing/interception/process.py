"""Chooses the application that answers an intercepted call. The process stays patched while there is one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Process:
    """The applications of this process that answer intercepted calls, the latest last.

    The latest application of the call's own context answers, so threads that intercept at the same time do not share
    one. If a thread has none, such as a thread that the code under test started, the latest of all answers.
    """

    def __init__(self, patch: Callable[[Callable[[], WSGIApplication | None]], ExitStack]) -> None:
        self._patch = patch
        self._all: tuple[WSGIApplication, ...] = ()
        self._own: ContextVar[tuple[WSGIApplication, ...]] = ContextVar("tunedmodels-interceptions", default=())
        self._patches: ExitStack | None = None
        self._lock = threading.Lock()

    def enter(self, application: WSGIApplication) -> None:
        """Add *application*. The first application patches the process."""
        with self._lock:
            if self._patches is None:
                self._patches = self._patch(self.current)
            self._all += (application,)
        self._own.set((*self._own.get(), application))

    def leave(self, application: WSGIApplication) -> None:
        """Remove *application*. The removal of the last application undoes the patches."""
        # A generator can be closed in another context than it was opened in, so this context may lack *application*.
        self._own.set(tuple(item for item in self._own.get() if item is not application))
        with self._lock:
            self._all = tuple(item for item in self._all if item is not application)
            if not self._all and self._patches is not None:
                patches, self._patches = self._patches, None
                patches.close()

    def current(self) -> WSGIApplication | None:
        """Return the application that answers the current call, or None if the last one was removed during the call."""
        applications = self._all
        own = [item for item in self._own.get() if item in applications]
        latest = own or applications
        return latest[-1] if latest else None
