"""Runs a mock server in this process that answers in place of the real service."""

from __future__ import annotations

import itertools
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
    from flask import Flask

_WORLD = "intercepted"
_TUNING_TIME = 0.5  # seconds

# The patches affect the whole process, so the process has one list of applications that answer.
_PROCESS = Process(patch_process)
# werkzeug compiles routes by ast.parse. In some CPython 3.11 this raises SystemError if two threads do it at once.
_CREATE_LOCK = threading.Lock()
# Applications with the default settings that no block uses: making one takes longer than most tests.
_IDLE: list[Flask] = []
_NUMBERS = itertools.count(1)


@contextmanager
def answer_service_calls(settings: Settings | None = None) -> Iterator[World]:
    """Answer the calls of this process to the service with a new mock server, during the block. Yield its world.

    Without *settings*, a tuning run takes half a second. The world is not checked at the end.
    """
    application = _take(settings)
    name = f"{_WORLD}-{next(_NUMBERS)}"
    session = requests.Session()
    session.trust_env = False
    inner = _in_world(application, name)
    for scheme in ("https://", "http://"):
        session.mount(scheme, WsgiAdapter(inner))
    world = World(URL, name, session=session)
    _PROCESS.enter(inner)
    try:
        yield world
    finally:
        _PROCESS.leave(inner)
        if settings is None:
            _give_back(application)


def _take(settings: Settings | None) -> Flask:
    """Return an application that no other block uses."""
    with _CREATE_LOCK:
        if settings is None and _IDLE:
            return _IDLE.pop()
        return create_app(settings or Settings(pace=Pace(_TUNING_TIME, None, 0.0)))


def _give_back(application: Flask) -> None:
    """Drop all worlds of *application*, and keep it for another block."""
    client = application.test_client()
    for item in client.get("/_emulator/worlds").get_json()["worlds"]:
        client.delete("/_emulator/world", headers={"X-Test-Id": item["name"]})
    with _CREATE_LOCK:
        _IDLE.append(application)


def _in_world(application: Any, name: str) -> WSGIApplication:
    """Return *application* with the world *name* for all keys. The header X-Test-Id can name another world."""

    def call(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        environ.setdefault("HTTP_X_TEST_ID", name)
        answer: Iterable[bytes] = application(environ, start)
        return answer

    return call
