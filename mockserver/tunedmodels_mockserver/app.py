"""The application factory."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Literal

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from .core.base_models import parse, with_own
from .core.callers.policy import Policy
from .core.canned.rulebook import Rulebook
from .core.clock import Clock
from .core.defaults import API_KEY
from .core.faults.armed import arm
from .core.faults.fault import Fault
from .core.journal.registry import Journals
from .core.runs.durations import Pace
from .core.seeding.preload import Preload
from .core.state.controls import Controls
from .core.state.store import StoreUnavailable
from .core.state.worlds import Worlds
from .core.strict_input import BadInput
from .core.verdict.outcome_coverage import Tally
from .files import state as state_files
from .files.canned_rules import RuleFiles, read_rules
from .log import LOG, one_line
from .stores.choice import MEMORY, open_stores
from .stores.errors import BadState
from .web import not_found, responses
from .web.admin import admin
from .web.admin.endpoints import no_such_call
from .web.dispatch import MAX_BODY, Dispatch
from .web.journaling import recorded
from .web.metadata_server import metadata
from .web.middleware import front
from .web.oauth import oauth
from .web.request_caller import Callers
from .web.request_metrics import Meter
from .web.routes import Route, Segment, routes
from .web.system_parameters import System
from .wire import discovery
from .wire.protojson.reading import query_pairs
from .wire.status import Code, Status
from .wire.surface import VERSIONS, surface


@dataclass(frozen=True, slots=True)
class Settings:
    """How a fake behaves.

    ``seed`` makes ids and losses repeat from run to run (None: they differ). ``pace`` and
    ``clock`` are those with which each world begins. ``strict`` switches the compatibility allowances off.

    ``auth`` is ``any``, which takes every caller, or ``strict``, which judges credentials as the service does:
    then ``api_keys`` are the registered keys, and ``projects`` the known quota projects (none: all are known).
    ``groups`` has the members of each group's address. A credential that looks real is refused unless
    ``allow_real_credentials``.

    ``canned`` are the rules of canned answers with which each world begins, as ``PUT /_emulator/canned`` takes them;
    ``canned_files`` are files and folders of such rules, which every world has after its own. With ``faults`` armed
    each world begins.

    ``base_models`` are added to those that the server has, each as ``NAME`` or ``NAME=METHOD,METHOD``; by default one
    generates, counts tokens and can be tuned. They win over those of a preload.

    ``store`` is where worlds are kept: ``memory``, ``sqlite:///FILE`` or ``postgresql://HOST/NAME``. ``preload`` is a
    file or folder of states and models with which new worlds begin; with ``resume`` they go on from the moment at which
    it was written, as if no time had passed since.
    """

    seed: int | None = None
    pace: Pace = field(default_factory=Pace)
    clock: Clock = field(default_factory=Clock)
    strict: bool = False
    auth: Literal["any", "strict"] = "any"
    api_keys: Collection[str] = frozenset({API_KEY})
    groups: Mapping[str, Collection[str]] = field(default_factory=dict)
    projects: Collection[str] = frozenset()
    allow_real_credentials: bool = False
    canned: Any = ()
    canned_files: Collection[str | Path] = ()
    store: str = MEMORY
    preload: str | Path | None = None
    resume: bool = False
    faults: Collection[Fault] = ()
    base_models: Collection[str] = ()

    def policy(self) -> Policy:
        """Return what the settings say of callers. Raises ValueError for what can be no key, address or project."""
        if self.auth not in ("any", "strict"):
            raise ValueError(f"auth must be any or strict, got {self.auth!r}")
        return Policy(self.auth == "strict", self.api_keys, self.groups, self.projects, self.allow_real_credentials)

    def shown(self) -> dict[str, Any]:
        """Return them as plain JSON for everybody to see: without keys, people, and a store's user and password."""
        scheme, colon, rest = self.store.partition("://")
        return {
            "seed": self.seed,
            "pace": asdict(self.pace),
            "clock": self.clock.mode.value,
            "strict": self.strict,
            "auth": self.auth,
            "allow_real_credentials": self.allow_real_credentials,
            "canned_files": [str(path) for path in self.canned_files],
            # What follows the host may have a password, too.
            "store": scheme + colon + rest.rpartition("@")[2].partition("?")[0],
            "preload": None if self.preload is None else str(self.preload),
            "resume": self.resume,
            "base_models": list(self.base_models),
        }


def create_app(
    settings: Settings | None = None,
    machine: Callable[[], int] = time.time_ns,
    sleep: Callable[[float], None] = time.sleep,
) -> Flask:
    """Return a new fake with no models, as a WSGI application.

    *machine* tells the time in nanoseconds that the clocks of all worlds follow; pass ``ManualClock().now`` to hold it.
    Raises BadInput, a ValueError, for bad canned rules and base models, and Unusable for a store or a preload that
    cannot be used.
    The worlds are at ``app.extensions["tunedmodels"]``.
    """
    settings = settings or Settings()
    seed = secrets.randbits(64) if settings.seed is None else settings.seed
    preload = _preload(settings)
    base_models = with_own([*preload.base_models, *map(parse, settings.base_models)])
    canned = Rulebook().replaced(read_rules(settings.canned, base_models))
    start = Controls(settings.clock, settings.pace, canned=canned, faults=arm((), tuple(settings.faults), 0, 0))
    try:
        beginnings = preload.beginnings(start, seed, machine(), base_models)
    except BadInput as error:
        raise BadState(f"{settings.preload}: {error}") from None
    files = RuleFiles(settings.canned_files, base_models)
    worlds = Worlds(seed, machine, beginnings, open_stores(settings.store), files.filed, base_models)
    callers = Callers(worlds, settings.policy())
    app = Flask("tunedmodels_mockserver", static_folder=None)
    app.extensions["tunedmodels"] = worlds
    journals, tally, meter = Journals(), Tally(), Meter()
    app.extensions["tunedmodels_journals"] = journals
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    # A redirect would lose the body of a POST; no client of the service expects one.
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    app.url_map.converters["segment"] = Segment
    dispatch = Dispatch(callers, settings.strict, sleep)
    for number, route in enumerate(routes()):
        app.add_url_rule(
            route.rule(),
            f"{route.method.id}#{number}",
            partial(_answer, dispatch, route),
            methods=[route.method.http],
            provide_automatic_options=False,
        )
    for blueprint in (admin(callers, journals, tally, meter, settings.shown()), oauth(callers), metadata(callers)):
        app.register_blueprint(blueprint)
    app.add_url_rule("/health", view_func=partial(_health, time.monotonic(), worlds.kind), endpoint="health")
    app.add_url_rule("/$discovery/rest", view_func=_discovery, endpoint="discovery")
    for unrouted in (NotFound, MethodNotAllowed):
        app.register_error_handler(unrouted, _unknown)
    app.register_error_handler(HTTPException, _as_it_is)
    app.register_error_handler(StoreUnavailable, _unavailable)
    app.register_error_handler(Exception, _bug)
    behind = front(app.wsgi_app, strict=settings.strict)
    app.wsgi_app = recorded(behind, journals, tally, meter)  # type: ignore[assignment, method-assign]
    return app


def _preload(settings: Settings) -> Preload:
    if settings.preload is None:
        return Preload()
    return replace(state_files.read(Path(settings.preload)), resume=settings.resume)


def _answer(dispatch: Dispatch, route: Route, version: str, **_segments: str) -> Response:
    started = time.perf_counter()
    response = dispatch.answer(route, version)
    elapsed = time.perf_counter() - started
    response.headers["Server-Timing"] = f"gfet4t7; dur={elapsed * 1000:.0f}"
    return response


def _health(started: float, store: str) -> Response:
    uptime = round(time.monotonic() - started, 3)
    return responses.document({"status": "ok", "version": installed("tunedmodels"), "uptime": uptime, "store": store})


def _discovery() -> Response:
    version = dict(query_pairs(request.query_string)).get("version", "v1beta")
    if version not in VERSIONS or not request.host:
        return not_found.answer(request.method, request.path)
    return responses.document(discovery.document(surface(version), request.url_root))


def _unknown(_error: HTTPException) -> Response:
    """Answer a path that no route has, or a method that its route has not."""
    if request.path == "/_emulator" or request.path.startswith("/_emulator/"):
        return no_such_call(request.method, request.path)
    return not_found.answer(request.method, request.path)


def _as_it_is(error: HTTPException) -> HTTPException:
    """Let werkzeug answer what it found wrong with a request, such as a Host that is none."""
    return error


def _unavailable(error: StoreUnavailable) -> Response:
    LOG.warning("%s %s: %s", request.method, one_line(request.path), error)
    # The text is the one that Google's APIs give.
    response = responses.refusal(Status(Code.UNAVAILABLE, "The service is currently unavailable."), System())
    response.headers[responses.NOTE] = f"store: {one_line(str(error))}"
    return response


def _bug(_error: Exception) -> Response:
    LOG.exception("a bug of the mock server, at %s %s", request.method, one_line(request.path))
    # The text is the one that Google's APIs give.
    response = responses.refusal(Status(Code.INTERNAL, "Internal error encountered."), System())
    response.headers[responses.NOTE] = "bug: this is an error of the mock server, not an answer of the API"
    return response
