"""Answering: a world in this process that answers for the real service."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

from tunedmodels_mockserver import Pace, Settings, create_app

from ...transport.wsgi_adapter import WsgiAdapter
from ..world import World
from .hosts import URL
from .patches import patched
from .process import Process

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WORLD = "intercepted"

_TUNING_TIME = 0.5  # seconds

# Patches are of the whole process, so what they lead to is known to the whole process.
_PROCESS = Process(patched)
# werkzeug compiles routes by ast.parse; some CPython 3.11 end that with SystemError where two threads do it at once.
_MAKING = threading.Lock()


@contextmanager
def answering(settings: Settings | None = None) -> Iterator[World]:
    """Let a new fake with *settings* answer what this process asks the service for; it is not judged at the end.

    By default a tuning run takes half a second.
    """
    with _MAKING:
        application = create_app(settings or Settings(pace=Pace(_TUNING_TIME, None, 0.0)))
    session = requests.Session()
    session.trust_env = False
    inner = _in_world(application)
    for scheme in ("https://", "http://"):
        session.mount(scheme, WsgiAdapter(inner))
    world = World(URL, WORLD, session=session)
    _PROCESS.enter(inner)
    try:
        yield world
    finally:
        _PROCESS.leave(inner)


def _in_world(application: Any) -> WSGIApplication:
    """Return *application* in which everybody is in one world, by whatever key, who does not name another."""

    def call(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        environ.setdefault("HTTP_X_TEST_ID", WORLD)
        answer: Iterable[bytes] = application(environ, start)
        return answer

    return call
