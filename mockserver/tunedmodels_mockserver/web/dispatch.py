"""Dispatch: one request from bytes to bytes. Read it by the facts, ask the core, write the answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from ..core.faults.fault import CREATE, Query
from ..core.methods.allowances import Allowances
from ..core.methods.call import Call
from ..core.runs.script import Interrupted
from ..log import LOG, one_line
from ..wire import partial
from ..wire.protojson.reading import Reader, query_pairs
from ..wire.status import Code, StatusError
from ..wire.surface import Surface, surface
from . import journaling, not_found, responses, system_parameters
from .connection import connection
from .fault_injection import HEADER, Injection, inject, model_of
from .middleware import DOUBLED_SLASHES
from .request_caller import Callers
from .routes import Route

MAX_BODY = 20 * 1024 * 1024  # bytes; the limit that the service names in its refusals


@dataclass(slots=True)
class _Beside:
    """What goes beside one answer: the allowances that applied, notes for its header, what befell the call."""

    allowances: Allowances
    notes: list[str] = field(default_factory=list)
    injection: Injection | None = None


@dataclass(slots=True)
class Dispatch:
    """Answers requests for routes, for the callers of one server. *sleep* is for faults that take time, in seconds."""

    callers: Callers
    strict: bool = False
    sleep: Callable[[float], None] = time.sleep
    logged: set[str] = field(default_factory=set)  # the allowances that the log has named

    def answer(self, route: Route, version: str) -> Response:
        """Answer the present request, which came by *route* under *version*."""
        beside = _Beside(Allowances(self.strict))
        if request.environ.get(DOUBLED_SLASHES):
            beside.allowances.permit("doubled-slashes")
        params, pairs = system_parameters.split(query_pairs(request.query_string), request.headers.get)
        try:
            response = self._answer(route, version, params, pairs, beside)
        except StatusError as error:
            response = responses.refusal(error.status, params, streaming=route.method.streaming)
        allowances, injection = beside.allowances, beside.injection
        if injection and route.method.id == CREATE and response.status_code >= 400:
            injection.started_none()
        for allowance in allowances.applied:
            # Once is a warning; a loop that polls need not fill the log.
            level = logging.DEBUG if allowance.id in self.logged else logging.WARNING
            self.logged.add(allowance.id)
            LOG.log(level, "%s %s: %s: %s", request.method, one_line(request.path), allowance.id, allowance.note)
        responses.note(response, allowances)
        for note in beside.notes:
            response.headers.add(responses.NOTE, note)
            if response.status_code >= 400:
                LOG.warning("%s %s: %s", request.method, one_line(request.path), note)
        if injection and injection.named:
            response = injection.spoil(response, pretty=params.pretty)
        recorded = journaling.current(request.environ)
        recorded.method, recorded.allowances = route.method.id, tuple(item.id for item in allowances.applied)
        recorded.answered(response)
        response = responses.compress(response, request.headers.get("Accept-Encoding", ""))
        if injection and injection.named:
            recorded.fault, recorded.lost = injection.told, injection.lost
            LOG.warning("%s %s: fault %s", request.method, one_line(request.path), injection.told)
            return injection.carry(response, connection(request.environ, self.sleep))
        return response

    def _answer(
        self,
        route: Route,
        version: str,
        params: system_parameters.System,
        pairs: list[tuple[str, str]],
        beside: _Beside,
    ) -> Response:
        if route.allowance and not beside.allowances.permit(route.allowance):
            if route.refused is None:
                return not_found.answer(request.method, request.path)
            raise route.refused()
        if version not in route.method.versions and "v1beta" in route.method.versions:
            version = "v1beta"  # where an allowance opens the route
        on = surface(version)
        world = self.callers.world(params)
        now = world.now()
        caller = self.callers.admit(params, world, now, route.method.id, on.full_name(route.method.rpc))
        system_parameters.check(params)
        words = request.environ.get(HEADER)
        injection = None
        if words or world.controls.faults:
            name = route.name(request.path.split("/", 2)[2]) if route.method.bound else ""
            model = model_of(route.method.id, name, pairs)
            query = Query(route.method.id, model, caller.email, world.seed)
            beside.injection = injection = inject(world, query, words or "", request.content_length or 0, now)
            instead = injection.answer()
            if instead:
                return instead
        call = Call(world, caller, version, now, beside.allowances, notes=beside.notes)
        if not route.method.served:
            route.view(call, _bound({}, route))  # raises: nothing of the request is read
        value = self._read(route, version, pairs, beside.allowances)
        message = on.message(route.method.response)
        tree = partial.wanted(params.fields, message, on)
        try:
            content = injection.ask(route.view, route.method.id, call, value) if injection else route.view(call, value)
        except Interrupted as poll:
            beside.injection = injection = injection or Injection()
            content = injection.interrupt(poll, route.method.id, call, value)
            instead = injection.answer()
            if instead:
                return instead
        if route.method.streaming:
            wait = connection(request.environ, self.sleep).wait
            return responses.stream(content, message, on, params, tree, wait)
        return responses.value(content, message, on, params, tree)

    def _read(self, route: Route, version: str, pairs: list[tuple[str, str]], allowances: Allowances) -> dict[str, Any]:
        """Return the request message, read by the facts of *version*.

        A tuned model under v1 is asked in the members of v1beta where those of v1 do not do.
        """
        try:
            return _message(route, surface(version), pairs)
        except StatusError as refusal:
            if self.strict or version != "v1" or not route.method.id.startswith("tunedModels."):
                raise
            try:
                value = _message(route, surface("v1beta"), pairs)
            except StatusError:
                raise refusal from None
            allowances.permit("v1-members")
            return value


def _message(route: Route, on: Surface, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the request message: the body's members, the query's, and the name in the path."""
    method = route.method
    message = on.message(method.request)
    reader = Reader(on)
    value: dict[str, Any] = {}
    if method.body == "*":
        value = reader.body(_body(), message)
    elif method.body:
        value[method.body] = reader.body(_body(), on.message(message.by_name[method.body].type), method.body)
    value.update(reader.query(pairs, message, method.body))
    reader.finish()
    return _bound(value, route)


def _body() -> bytes:
    try:
        return request.get_data()
    except RequestEntityTooLarge:
        text = f"Request payload size exceeds the limit: {MAX_BODY} bytes."
        raise StatusError(Code.INVALID_ARGUMENT, text) from None


def _bound(message: dict[str, Any], route: Route) -> dict[str, Any]:
    """Return *message* with the name that the path has."""
    if route.method.bound:
        *parents, last = route.method.bound.split(".")
        value = message
        for parent in parents:
            inner = value.get(parent)
            value[parent] = value = dict(inner) if isinstance(inner, Mapping) else {}
        value[last] = route.name(request.path.split("/", 2)[2])
    return message
