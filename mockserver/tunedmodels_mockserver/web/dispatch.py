"""Answers every request for a route of the API. Read this to learn in which order the parts of the server act on it.

The model. ``Dispatch.answer`` reads, asks and writes. It reads the request message from path, query and body, by the
facts of the version. It asks the core, with one call of the route's view. It writes the value by the same facts. Faults
act before, around and after these steps (``fault_injection``). Everything that the API remembers is in the world.

Who may answer. The first of these that answers or refuses the request ends the three steps:

1. the route, if ``--strict`` switches off the allowance that opens it;
2. the world, which refuses a bad name and a credential that looks real;
3. the caller, whom the policy for credentials may refuse;
4. the system parameters, if ``alt`` is unknown;
5. the faults of the world and of the request's own header: an error, a page, a reset, an expired token;
6. the method, if the server does not serve it: it refuses before the request is read;
7. the request, if its members or the mask in ``fields`` are bad;
8. the method. The script of a run can answer a poll in its place; the poll counts even so.

Every answer, a refusal too, then gets its notes, the changes of faults to its body, its place in the draft of the
journal entry, compression, and last the faults on the connection.

Invariants.

* A refusal before step 8 changes no model, operation or permission, only the counts of faults.
* No fault fires for a caller whom the server refuses, so a fault never hides a bad credential.
* A StatusError never leaves ``answer``. Its notes and allowances survive, because ``_AnswerContext`` holds them.
* The journal has an answer even if a fault on the connection loses it. Of a stream it has what was sent.
* The world's time is read once, after the world is found. Only a poll can show a later moment.

Weak spots and known limits.

* ``RunInterrupted`` leaves the core as an exception. The resource is then read again by the name of the method, at the
  moment before the poll moved the clock. A change by another request in between shows.
* Any other exception (StoreUnavailable, HTTPException, a bug) goes to the handlers in ``app.py``. The journal entry
  then lacks the method, the fault and the allowances, and the faults stay counted.
* A fault that fired stays counted if the request is refused later. Only a failed create gives back faults of runs.
* A latency waits after the method, so the answer shows the time before the wait.
* A call has one effect at most, besides latencies. If a fault has one already, that of the run's script is lost.
* Once a stream has begun, an error cannot change its status. Methods raise their refusals before the first chunk.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from ..core.faults.fault import CREATE, FaultQuery
from ..core.methods.allowances import Allowances
from ..core.methods.call import RequestContext
from ..core.runs.script import RunInterrupted
from ..log import LOG, one_line
from ..wire import partial
from ..wire.protojson.reading import Reader, query_pairs
from ..wire.status import Code, StatusError
from ..wire.surface import Surface, surface
from . import journaling, not_found, responses, system_parameters
from .connection import connection
from .fault_injection import HEADER, Injection, inject, model_name
from .middleware import DOUBLED_SLASHES
from .request_caller import Callers
from .routes import Route

MAX_BODY = 20 * 1024 * 1024  # bytes; the limit in the error messages of the service


@dataclass(slots=True)
class _AnswerContext:
    """The parts of one answer that a refusal has, too: allowances that applied, notes for the header, faults."""

    allowances: Allowances
    notes: list[str] = field(default_factory=list)
    injection: Injection | None = None


@dataclass(slots=True)
class Dispatch:
    """The dispatch of one server. ``sleep`` waits for a number of seconds, for faults and streams that take time."""

    callers: Callers
    strict: bool = False
    sleep: Callable[[float], None] = time.sleep
    logged_allowances: set[str] = field(default_factory=set)  # ids of the allowances with a warning in the log

    def answer(self, route: Route, version: str) -> Response:
        """Return the response to the present request, which came by *route* under *version*."""
        context = _AnswerContext(Allowances(self.strict))
        if request.environ.get(DOUBLED_SLASHES):
            context.allowances.permit("doubled-slashes")
        params, pairs = system_parameters.split(query_pairs(request.query_string), request.headers.get)
        try:
            response = self._answer(route, version, params, pairs, context)
        except StatusError as error:
            response = responses.error(error.status, params, streaming=route.method.streaming)
        allowances, injection = context.allowances, context.injection
        if injection and route.method.id == CREATE and response.status_code >= 400:
            injection.refund_runs()
        for allowance in allowances.applied:
            # Only the first use is a warning. Otherwise a polling loop would fill the log.
            level = logging.DEBUG if allowance.id in self.logged_allowances else logging.WARNING
            self.logged_allowances.add(allowance.id)
            LOG.log(level, "%s %s: %s: %s", request.method, one_line(request.path), allowance.id, allowance.note)
        responses.add_notes(response, allowances)
        for note in context.notes:
            response.headers.add(responses.NOTE, note)
            if response.status_code >= 400:
                LOG.warning("%s %s: %s", request.method, one_line(request.path), note)
        if injection and injection.faults:
            response = injection.rewrite_body(response, pretty=params.pretty)
        draft = journaling.entry_draft(request.environ)
        draft.method, draft.allowances = route.method.id, tuple(item.id for item in allowances.applied)
        draft.set_answer(response)
        response = responses.compress(response, request.headers.get("Accept-Encoding", ""))
        if injection and injection.faults:
            draft.fault, draft.lost = injection.summary, injection.loses_answer
            LOG.warning("%s %s: fault %s", request.method, one_line(request.path), injection.summary)
            return injection.deliver(response, connection(request.environ, self.sleep))
        return response

    def _answer(
        self,
        route: Route,
        version: str,
        params: system_parameters.SystemParameters,
        pairs: list[tuple[str, str]],
        context: _AnswerContext,
    ) -> Response:
        if route.allowance and not context.allowances.permit(route.allowance):
            if route.error is None:
                return not_found.response(request.method, request.path)
            raise route.error()
        if version not in route.method.versions and "v1beta" in route.method.versions:
            version = "v1beta"  # an allowance opens the route; v1 lacks the method, and v1beta has it
        version_surface = surface(version)
        world = self.callers.world(params)
        now = world.now()
        caller = self.callers.admit(params, world, now, route.method.id, version_surface.full_name(route.method.rpc))
        system_parameters.check(params)
        instructions = request.environ.get(HEADER)
        injection = None
        if instructions or world.controls.faults:
            name = route.name(request.path.split("/", 2)[2]) if route.method.bound else ""
            model = model_name(route.method.id, name, pairs)
            query = FaultQuery(route.method.id, model, caller.email, world.seed)
            context.injection = injection = inject(world, query, instructions or "", request.content_length or 0, now)
            replacement = injection.replacement()
            if replacement:
                return replacement
        call = RequestContext(world, caller, version, now, context.allowances, notes=context.notes)
        if not route.method.served:
            route.view(call, _with_name({}, route))  # raises an error before the request is read
        value = self._read_request(route, version, pairs, context.allowances)
        message = version_surface.message(route.method.response)
        mask = partial.parse_mask(params.fields, message, version_surface)
        try:
            content = (
                injection.call_view(route.view, route.method.id, call, value) if injection else route.view(call, value)
            )
        except RunInterrupted as interrupted:
            context.injection = injection = injection or Injection()
            content = injection.apply_script(interrupted, route.method.id, call, value)
            replacement = injection.replacement()
            if replacement:
                return replacement
        if route.method.streaming:
            wait = connection(request.environ, self.sleep).wait
            return responses.stream(content, message, version_surface, params, mask, wait)
        return responses.value(content, message, version_surface, params, mask)

    def _read_request(
        self, route: Route, version: str, pairs: list[tuple[str, str]], allowances: Allowances
    ) -> dict[str, Any]:
        """Return the request message, read by the facts of *version*.

        If the facts of v1 refuse a request for tuned models, those of v1beta are tried (allowance ``v1-members``).
        Raise the StatusError of the first try if both refuse.
        """
        try:
            return _message(route, surface(version), pairs)
        except StatusError as first_error:
            if self.strict or version != "v1" or not route.method.id.startswith("tunedModels."):
                raise
            try:
                value = _message(route, surface("v1beta"), pairs)
            except StatusError:
                raise first_error from None
            allowances.permit("v1-members")
            return value


def _message(route: Route, version_surface: Surface, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the request message with the members of the body and the query, and the name from the path."""
    method = route.method
    message = version_surface.message(method.request)
    reader = Reader(version_surface)
    value: dict[str, Any] = {}
    if method.body == "*":
        value = reader.body(_body(), message)
    elif method.body:
        value[method.body] = reader.body(
            _body(), version_surface.message(message.by_name[method.body].type), method.body
        )
    value.update(reader.query(pairs, message, method.body))
    reader.finish()
    return _with_name(value, route)


def _body() -> bytes:
    try:
        return request.get_data()
    except RequestEntityTooLarge:
        text = f"Request payload size exceeds the limit: {MAX_BODY} bytes."
        raise StatusError(Code.INVALID_ARGUMENT, text) from None


def _with_name(message: dict[str, Any], route: Route) -> dict[str, Any]:
    """Return *message* with the resource name from the path in the member that the method binds."""
    if route.method.bound:
        *parents, last = route.method.bound.split(".")
        value = message
        for parent in parents:
            inner = value.get(parent)
            value[parent] = value = dict(inner) if isinstance(inner, Mapping) else {}
        value[last] = route.name(request.path.split("/", 2)[2])
    return message
