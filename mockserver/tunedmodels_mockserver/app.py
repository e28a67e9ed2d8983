"""Builds the Flask application from the settings: stores, worlds, routes and error handlers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from msgspec.structs import replace
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from .core.base_models import parse, with_custom_models
from .core.canned.rulebook import Rulebook
from .core.faults.armed_faults import arm
from .core.journal.registry import Journals
from .core.seeding.preload import Preload
from .core.state.controls import Controls
from .core.state.store import StoreUnavailable
from .core.state.worlds import Worlds
from .core.strict_input import BadInput
from .core.verdict.outcome_coverage import OutcomeCoverage
from .files import state as state_files
from .files.canned_rules import RuleFiles, read_rules
from .log import LOG, one_line
from .settings import Settings
from .stores.errors import BadState
from .stores.factory import open_stores
from .web import not_found, responses
from .web.admin import admin
from .web.admin.endpoints import AdminEndpoints
from .web.api_response import NOTE, VERSION, ApiResponse
from .web.application import ApiView, Application
from .web.dispatch import Dispatch
from .web.home import home
from .web.journaling import journal_requests
from .web.metadata_server import metadata_server
from .web.middleware import rewrite_requests
from .web.oauth import oauth
from .web.request_caller import Callers
from .web.request_metrics import RequestMetrics
from .web.routes import Route, SegmentConverter, routes
from .web.system_parameters import SystemParameters
from .wire import discovery
from .wire.protojson.reading import query_pairs
from .wire.status import Code, Status
from .wire.surface import VERSIONS, surface_of


def create_app(
    settings: Settings | None = None,
    machine: Callable[[], int] = time.time_ns,
    sleep: Callable[[float], None] = time.sleep,
) -> Flask:
    """Return a new mock server without models, as a WSGI application.

    *machine* returns the time in nanoseconds. The clocks of all worlds follow it; pass ``ManualClock().now`` to stop
    it. *sleep* waits for a number of seconds. Raise BadInput, a ValueError, for bad canned rules and base models. Raise
    StartupError if the store or the preload cannot be used. The worlds are at ``app.extensions["tunedmodels"]``.
    """
    settings = settings or Settings()
    seed = secrets.randbits(64) if settings.seed is None else settings.seed
    preload = _preload(settings)
    base_models = with_custom_models([*preload.base_models, *map(parse, settings.base_models)])
    canned = Rulebook().replace_rules(read_rules(settings.canned, base_models))
    initial_controls = Controls(
        settings.clock, settings.pace, canned=canned, faults=arm((), tuple(settings.faults), None, 0)
    )
    try:
        initial_states = preload.initial_states(initial_controls, seed, machine(), base_models)
    except BadInput as error:
        raise BadState(f"{settings.preload}: {error}") from None
    files = RuleFiles(settings.canned_files, base_models)
    worlds = Worlds(seed, machine, initial_states, open_stores(settings.store), files.current_rules, base_models)
    callers = Callers(worlds, settings.policy())
    app = Application("tunedmodels_mockserver")
    app.extensions["tunedmodels"] = worlds
    journals, outcome_coverage, request_metrics = Journals(), OutcomeCoverage(), RequestMetrics()
    app.extensions["tunedmodels_journals"] = journals
    # A redirect would lose the body of a POST. No client of the service expects a redirect.
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    app.url_map.converters["segment"] = SegmentConverter
    dispatch = Dispatch(callers, settings.strict, sleep)
    for number, route in enumerate(routes()):
        app.add_url_rule(
            route.rule(),
            f"{route.method.id}#{number}",
            ApiView(partial(_dispatch, dispatch, route)),
            methods=[route.method.http],
            provide_automatic_options=False,
        )
    endpoints = admin(callers, journals, outcome_coverage, request_metrics, settings.to_public_json())
    for blueprint in (
        endpoints.blueprint,
        oauth(callers),
        metadata_server(callers, partial(home, worlds.names, endpoints.readable())),
    ):
        app.register_blueprint(blueprint)
    app.add_url_rule("/health", view_func=partial(_health, time.monotonic(), worlds.kind), endpoint="health")
    app.add_url_rule("/$discovery/rest", view_func=_discovery, endpoint="discovery")
    for routing_error in (NotFound, MethodNotAllowed):
        app.register_error_handler(routing_error, partial(_not_found, endpoints))
    app.register_error_handler(HTTPException, _pass_through)
    app.register_error_handler(StoreUnavailable, _store_unavailable)
    app.register_error_handler(Exception, _internal_error)
    application = rewrite_requests(app.wsgi_app, strict=settings.strict)
    app.wsgi_app = journal_requests(application, journals, outcome_coverage, request_metrics)  # type: ignore[assignment, method-assign]
    return app


def _preload(settings: Settings) -> Preload:
    if settings.preload is None:
        return Preload()
    return replace(state_files.read(Path(settings.preload)), resume=settings.resume)


def _dispatch(dispatch: Dispatch, route: Route, version: str, environ: dict[str, Any]) -> ApiResponse:
    started = time.perf_counter()
    response = dispatch.answer(route, version, environ)
    elapsed = time.perf_counter() - started
    response.headers.append(("Server-Timing", f"gfet4t7; dur={elapsed * 1000:.0f}"))
    return response


def _health(started: float, store: str) -> Response:
    uptime = round(time.monotonic() - started, 3)
    return responses.document({"status": "ok", "version": VERSION, "uptime": uptime, "store": store})


def _discovery() -> Response | ApiResponse:
    version = dict(query_pairs(request.query_string)).get("version", "v1beta")
    if version not in VERSIONS or not request.host:
        return not_found.response(request.method, request.path)
    return responses.document(discovery.document(surface_of(version), request.url_root))


def _not_found(endpoints: AdminEndpoints, _error: HTTPException) -> Response | ApiResponse:
    """Answer a request to an unknown path, or with a method that the route does not have."""
    if request.path == "/_emulator" or request.path.startswith("/_emulator/"):
        return endpoints.not_found(request.method, request.path)
    return not_found.response(request.method, request.path)


def _pass_through(error: HTTPException) -> HTTPException:
    """Return an error of werkzeug unchanged, for example the one for an invalid Host header."""
    return error


def _store_unavailable(error: StoreUnavailable) -> ApiResponse:
    LOG.warning("%s %s: %s", request.method, one_line(request.path), error)
    # Google's APIs send this text.
    response = responses.error(Status(Code.UNAVAILABLE, "The service is currently unavailable."), SystemParameters())
    response.headers.append((NOTE, f"store: {one_line(str(error))}"))
    return response


def _internal_error(_error: Exception) -> ApiResponse:
    LOG.exception("a bug of the mock server, at %s %s", request.method, one_line(request.path))
    # Google's APIs send this text.
    response = responses.error(Status(Code.INTERNAL, "Internal error encountered."), SystemParameters())
    response.headers.append((NOTE, "bug: this is an error of the mock server, not an answer of the API"))
    return response
