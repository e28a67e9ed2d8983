"""Answers requests for methods of the API. Read this to learn in which order the parts of the server act on a request.

The model. ``Dispatch.answer`` reads, asks and writes. It reads the head of the request as values (``request_head``). It
asks the core and gets an ``Answer``: a value with the content of the answer and with what happens to it on the way, a
latency, a cut or a reset. It writes the answer as an HTTP response. Faults are one wrapper around the method, in the
core (``core.methods.fault_injection``). Everything that the API remembers is in the world.

Who may answer. The first of these that answers or refuses the request ends the asking:

1. the route, if ``--strict`` switches off the allowance that opens it;
2. the world, which refuses a bad name and a credential that looks real;
3. the caller, whom the policy for credentials may refuse;
4. the system parameters, if ``alt`` is unknown;
5. the faults of the world and of the request's own header: an error, a page, a reset, an expired token;
6. the method, if the server does not serve it: it refuses before the request message is read;
7. the request message, if its members or the mask in ``fields`` are bad;
8. the method. The script of a run can add an effect to the answer of a poll; the poll counts even so.

Between 4 and 5, an unknown instruction in the request's header is refused, before any fault counts.

Every answer, a refusal too, then gets its notes, its place in the draft of the journal entry, compression, and last the
latency and the effect on the connection (``connection_faults``). These are values in the body (``timed_body``): nothing
here waits, and the server sends the parts of the body when their time has come. The one exception is the page of a
route that ``--strict`` closes as unknown.

Invariants.

* A refusal before step 8 changes no model, operation or permission, only the counts of faults.
* No fault fires for a caller whom the server refuses, so a fault never hides a bad credential.
* A StatusError never leaves ``answer``. Its notes and allowances are written, too.
* The journal has an answer even if a fault on the connection loses it. Of a stream it has what was sent.
* The world's time is read once, after the world is found. Only a poll can show a later moment.

Weak spots and known limits.

* Any exception other than StatusError (StoreUnavailable, HTTPException, a bug) goes to the handlers in ``app.py``. The
  journal entry then lacks the faults and the allowances.
* A fault that fired stays counted if the request is refused later. Only a create that starts no run gives back the
  faults of runs.
* A latency comes after the method, so the answer shows the time before the wait.
* A call has one effect at most. If a fault has one already, that of the run's script is lost, unless it is a latency.
* Once a stream has begun, an error cannot change its status. Methods raise their refusals before the first message.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from ..core.answers import Answer, Content, ScriptedPoll, Stream
from ..core.effects import Effect, Page
from ..core.faults import instructions
from ..core.faults.fault import CREATE, FaultQuery
from ..core.methods import fault_injection
from ..core.methods.allowances import Allowances
from ..core.methods.fault_injection import MethodFaults
from ..core.methods.pedantic import distort
from ..core.methods.request_context import RequestContext
from ..core.resource_names import TUNED_MODELS
from ..core.strict_input import BadInput
from ..log import LOG, one_line
from ..wire import partial
from ..wire.status import Code, Status, StatusError
from ..wire.surface import surface_of
from . import not_found, responses, system_parameters
from .api_response import NOTE, ApiResponse
from .application import REQUEST, ApiRequest
from .connection_faults import delay_and_break, make_malformed
from .journaling import EntryDraft, entry_draft
from .middleware import DOUBLED_SLASHES
from .request_body import MAX_BODY, received_body
from .request_caller import Callers
from .request_head import RequestHead, read_head
from .request_message import read_message, with_name
from .routes import Route

_INSTRUCTIONS = "HTTP_X_GOOG_EMULATOR_INSTRUCTIONS"


class _Exchange(msgspec.Struct, eq=False):
    """One request for a method, and what the server notices while it answers.

    ``name`` is the resource name in the path, or empty. ``mask`` has the members of the answer that the caller wants.
    """

    route: Route
    version: str
    environ: dict[str, Any]
    head: RequestHead
    name: str
    draft: EntryDraft
    allowances: Allowances
    notes: list[str] = []
    mask: partial.Tree = {}

    def body(self) -> bytes:
        """Return the body of the request. Raise StatusError if it is too large."""
        try:
            body = received_body(self.environ)
            if body is not None:
                return body
            request = self.draft.request or self.environ.get(REQUEST) or ApiRequest(self.environ)
            self.draft.request = request  # it keeps the body
            return request.get_data()
        except RequestEntityTooLarge:
            text = f"Request payload size exceeds the limit: {MAX_BODY} bytes."
            raise StatusError(Code.INVALID_ARGUMENT, text) from None


@dataclass(slots=True)
class Dispatch:
    """The dispatch of one server. It never waits: answers that take time have a TimedBody, which gets ``sleep``."""

    callers: Callers
    strict: bool = False
    sleep: Callable[[float], None] = time.sleep
    logged_allowances: set[str] = field(default_factory=set)  # ids of the allowances with a warning in the log

    def answer(self, route: Route, version: str, environ: dict[str, Any]) -> ApiResponse:
        """Return the response to the request in *environ*, which came by *route* under *version*."""
        allowances = Allowances(self.strict)
        if environ.get(DOUBLED_SLASHES):
            allowances.permit("doubled-slashes")
        if version not in route.method.versions and "v1beta" in route.method.versions:
            version = "v1beta"  # an allowance opens the route; v1 lacks the method, and v1beta has it
        head = read_head(environ)
        draft = entry_draft(environ)
        draft.method = route.method.id
        draft.resource = name = route.name(head.path.split("/", 2)[2]) if route.method.path_field else ""
        exchange = _Exchange(route, version, environ, head, name, draft, allowances)
        if route.allowance and not allowances.permit(route.allowance):
            if route.error is None:
                return not_found.response(head.http, head.path)
            answer = Answer(route.error().status)
        else:
            answer = self._ask(exchange)
        return self._write(exchange, answer)

    def _ask(self, exchange: _Exchange) -> Answer:
        """Return the answer of the core."""
        head, method = exchange.head, exchange.route.method
        try:
            world = self.callers.world(head)
            exchange.draft.world = world.name
            exchange.draft.at = now = world.now()
            rpc = surface_of(exchange.version).full_name(method.rpc)
            caller = self.callers.admit(head, world, now, method.id, rpc)
            exchange.draft.caller = caller.email
            system_parameters.check(head.params)
            header_effect = _instructed_effect(exchange.environ)
            query = FaultQuery(method.id, _model_name(exchange), caller.email, world.seed)

            def perform(faults: MethodFaults) -> Content | ScriptedPoll:
                allowances, notes = exchange.allowances, exchange.notes
                call = RequestContext(world, caller, exchange.version, now, allowances, faults.run, notes)
                return _perform(exchange, call, faults)

            return fault_injection.answer(world, query, header_effect, now, perform)
        except StatusError as error:
            return Answer(error.status)

    def _write(self, exchange: _Exchange, answer: Answer) -> ApiResponse:
        """Return *answer* as a response with its latency. Complete the draft of the journal entry."""
        draft, applied = exchange.draft, exchange.allowances.applied
        response = _response(exchange, answer, self.sleep)
        latency = answer.latency
        if answer.effect and answer.effect.malformed:
            latency += make_malformed(response)
        if applied or exchange.notes or answer.faults:
            for note in [*(f"{allowance.id}: {allowance.note}" for allowance in applied), *exchange.notes]:
                response.headers.append((NOTE, note))
            self._log(exchange, answer, response.status)
            draft.allowances = tuple(allowance.id for allowance in applied)
            draft.fault, draft.lost = answer.fault_summary, answer.is_lost
        draft.set_answer(response)
        response = responses.compress(response, exchange.environ.get("HTTP_ACCEPT_ENCODING", ""))
        if answer.faults and not answer.is_unanswered:
            for name, kind in answer.faults:
                response.headers.append((NOTE, f"fault {name}: {kind}"))
        if latency or answer.effect:
            delay_and_break(response, latency, answer.effect, self.sleep)
        return response

    def _log(self, exchange: _Exchange, answer: Answer, status: int) -> None:
        line = f"{exchange.head.http} {one_line(exchange.head.path)}"
        for allowance in exchange.allowances.applied:
            # Only the first use is a warning. Otherwise a polling loop would fill the log.
            level = logging.DEBUG if allowance.id in self.logged_allowances else logging.WARNING
            self.logged_allowances.add(allowance.id)
            LOG.log(level, "%s: %s: %s", line, allowance.id, allowance.note)
        for note in exchange.notes if status >= 400 else ():
            LOG.warning("%s: %s", line, note)
        if answer.faults:
            LOG.warning("%s: fault %s", line, answer.fault_summary)


def _perform(exchange: _Exchange, call: RequestContext, faults: MethodFaults) -> Content | ScriptedPoll:
    """Return the content of the method's answer. Raise StatusError for a refusal."""
    route, method = exchange.route, exchange.route.method
    if not method.served:
        route.view(call, with_name({}, method, exchange.name))  # raises an error before the request is read
    value = read_message(
        method, exchange.version, exchange.name, exchange.head.pairs, exchange.body, exchange.allowances
    )
    surface = surface_of(exchange.version)
    exchange.mask = partial.parse_mask(exchange.head.params.fields, surface.message(method.response), surface)
    content: Content | ScriptedPoll = faults.apply(method.id, route.view)(call, value)
    return content


def _response(exchange: _Exchange, answer: Answer, sleep: Callable[[float], None]) -> ApiResponse:
    """Return the content of *answer* as a response."""
    content, params, method = answer.content, exchange.head.params, exchange.route.method
    change = distort if answer.is_pedantic else None
    response: ApiResponse
    if content is None:
        response = responses.page("", Code.UNAVAILABLE.http)  # a fault resets the connection instead
    elif isinstance(content, Page):
        response = responses.page(content.html, content.status)
    elif isinstance(content, Status):
        response = responses.error(content, params, streaming=method.streaming, change=change)
    else:
        surface = surface_of(exchange.version)
        form = responses.Form(surface.message(method.response), surface, params, exchange.mask)
        if isinstance(content, Stream):
            response = responses.stream(content.messages, form, sleep)
        else:
            response = responses.value(content, form, change)
    return response


def _instructed_effect(environ: dict[str, Any]) -> Effect | None:
    """Return the effect in the request's own instruction header. Raise StatusError for an unknown instruction."""
    text = environ.get(_INSTRUCTIONS)
    if not text:
        return None
    try:
        return instructions.parse_effect(text, Request(environ).content_length or 0)
    except BadInput as error:
        raise StatusError(Code.INVALID_ARGUMENT, str(error)) from None


def _model_name(exchange: _Exchange) -> str:
    """Return the resource name of the model that a call is about, or an empty string.

    A create may name its model in the query.
    """
    if exchange.route.method.id == CREATE:
        query = dict(exchange.head.pairs)
        model_id = query.get("tunedModelId") or query.get("tuned_model_id")
        return f"{TUNED_MODELS}{model_id}" if model_id else ""
    parts = exchange.name.split("/")
    return "/".join(parts[:2]) if len(parts) > 1 else ""
