"""The application factory."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version as installed
from typing import Literal

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from .core.clock import Clock, SystemClock
from .core.defaults import API_KEY
from .core.policy import Policy
from .core.worlds import Pace, Worlds
from .web import answers, unknown
from .web.admin import admin
from .web.callers import Callers
from .web.dispatch import MAX_BODY, Dispatch
from .web.front import front
from .web.log import LOG, one_line
from .web.metadata import metadata
from .web.oauth import oauth
from .web.routes import Route, Segment, routes
from .web.system import System
from .wire import discovery
from .wire.protojson.reading import query_pairs
from .wire.status import Code, Status
from .wire.surface import VERSIONS, surface


@dataclass(frozen=True, slots=True)
class Settings:
    """How a fake behaves.

    ``seed`` makes ids and losses repeat from run to run (None: they differ). ``strict`` switches the
    compatibility allowances off.

    ``auth`` is ``any``, which takes every caller, or ``strict``, which judges credentials as the service does:
    then ``api_keys`` are the registered keys, and ``projects`` the known quota projects (none: all are known).
    ``groups`` has the members of each group's address. A credential that looks real is refused unless
    ``allow_real_credentials``.
    """

    seed: int | None = None
    pace: Pace = field(default_factory=Pace)
    strict: bool = False
    auth: Literal["any", "strict"] = "any"
    api_keys: Collection[str] = frozenset({API_KEY})
    groups: Mapping[str, Collection[str]] = field(default_factory=dict)
    projects: Collection[str] = frozenset()
    allow_real_credentials: bool = False

    def policy(self) -> Policy:
        """Return what the settings say of callers. Raises ValueError for what can be no key, address or project."""
        if self.auth not in ("any", "strict"):
            raise ValueError(f"auth must be any or strict, got {self.auth!r}")
        return Policy(self.auth == "strict", self.api_keys, self.groups, self.projects, self.allow_real_credentials)


def create_app(settings: Settings | None = None, clock: Callable[[], Clock] = SystemClock) -> Flask:
    """Return a new fake with no models, as a WSGI application.

    *clock* makes the clock of each world; pass ``lambda: my_clock`` to hold the clock of them all. The worlds
    are at ``app.extensions["tunedmodels"]``.
    """
    settings = settings or Settings()
    seed = secrets.randbits(64) if settings.seed is None else settings.seed
    worlds = Worlds(seed, clock, settings.pace)
    callers = Callers(worlds, settings.policy())
    app = Flask("tunedmodels_mockserver", static_folder=None)
    app.extensions["tunedmodels"] = worlds
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    # A redirect would lose the body of a POST; no client of the service expects one.
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    app.url_map.converters["segment"] = Segment
    dispatch = Dispatch(callers, settings.strict)
    for number, route in enumerate(routes()):
        app.add_url_rule(
            route.rule(),
            f"{route.method.id}#{number}",
            partial(_answer, dispatch, route),
            methods=[route.method.http],
            provide_automatic_options=False,
        )
    for blueprint in (admin(callers), oauth(callers), metadata(callers)):
        app.register_blueprint(blueprint)
    app.add_url_rule("/health", view_func=partial(_health, time.monotonic()), endpoint="health")
    app.add_url_rule("/$discovery/rest", view_func=_discovery, endpoint="discovery")
    for unrouted in (NotFound, MethodNotAllowed):
        app.register_error_handler(unrouted, _unknown)
    app.register_error_handler(HTTPException, _as_it_is)
    app.register_error_handler(Exception, _bug)
    app.wsgi_app = front(app.wsgi_app, strict=settings.strict)  # type: ignore[assignment, method-assign]
    return app


def _answer(dispatch: Dispatch, route: Route, version: str, **_segments: str) -> Response:
    started = time.perf_counter()
    response = dispatch.answer(route, version)
    elapsed = time.perf_counter() - started
    response.headers["Server-Timing"] = f"gfet4t7; dur={elapsed * 1000:.0f}"
    return response


def _health(started: float) -> Response:
    uptime = round(time.monotonic() - started, 3)
    return answers.document({"status": "ok", "version": installed("tunedmodels"), "uptime": uptime})


def _discovery() -> Response:
    version = dict(query_pairs(request.query_string)).get("version", "v1beta")
    if version not in VERSIONS or not request.host:
        return unknown.answer(request.method, request.path)
    return answers.document(discovery.document(surface(version), request.url_root))


def _unknown(_error: HTTPException) -> Response:
    """Answer a path that no route has, or a method that its route has not."""
    return unknown.answer(request.method, request.path)


def _as_it_is(error: HTTPException) -> HTTPException:
    """Let werkzeug answer what it found wrong with a request, such as a Host that is none."""
    return error


def _bug(_error: Exception) -> Response:
    LOG.exception("a bug of the mock server, at %s %s", request.method, one_line(request.path))
    # The text is the one that Google's APIs give.
    response = answers.refusal(Status(Code.INTERNAL, "Internal error encountered."), System())
    response.headers[answers.NOTE] = "bug: this is an error of the mock server, not an answer of the API"
    return response
