"""Runs a mock server in this process that answers in place of the real service."""

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
from .patches import patch_process
from .process import Process

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WORLD = "intercepted"

_TUNING_TIME = 0.5  # seconds

# The patches affect the whole process, so the process has one list of applications that answer.
_PROCESS = Process(patch_process)
# werkzeug compiles routes by ast.parse. In some CPython 3.11 this raises SystemError if two threads do it at once.
_CREATE_LOCK = threading.Lock()


@contextmanager
def answer_service_calls(settings: Settings | None = None) -> Iterator[World]:
    """Answer the calls of this process to the service with a new mock server, during the block. Yield its world.

    Without *settings*, a tuning run takes half a second. The world is not checked at the end.
    """
    with _CREATE_LOCK:
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
    """Return *application* with one world for all keys. A request can name another world in the header X-Test-Id."""

    def call(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        environ.setdefault("HTTP_X_TEST_ID", WORLD)
        answer: Iterable[bytes] = application(environ, start)
        return answer

    return call
