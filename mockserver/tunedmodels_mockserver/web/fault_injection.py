"""Injection: what befalls the present call, by the faults of its world, by its own header, or by a run's script."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from flask import Response, json

from ..core import errors
from ..core.effects import Effect, Error, error_of, latency_of
from ..core.faults import armed, instructions, quotas
from ..core.faults.armed import TriggeredFault
from ..core.faults.fault import CREATE, FaultQuery
from ..core.methods import operations, resources
from ..core.methods.access import find
from ..core.methods.call import RequestContext
from ..core.methods.pedantic import distort, pedantic
from ..core.methods.withdrawn import without_tuning
from ..core.resource_names import TUNED_MODELS
from ..core.runs.script import Run, RunInterrupted
from ..core.runs.view import is_settled
from ..core.state.controls import Controls
from ..core.state.records import Role
from ..core.state.worlds import World
from ..core.strict_input import BadInput
from ..wire.protojson.writing import COMPACT, PRETTY, dump
from ..wire.status import Code, StatusError
from . import responses
from .connection import Connection, apply_effect, make_malformed
from .routes import View

HEADER = "HTTP_X_GOOG_EMULATOR_INSTRUCTIONS"

_HEADER_FAULT = "x-goog-emulator-instructions"
_SCRIPT_FAULT = "script"
_UNANSWERED = ("reset", "commit_then_drop")  # no answer comes
_INCOMPLETE = (*_UNANSWERED, "truncate")


@dataclass(slots=True)
class Injection:
    """What befalls one call: at most one effect on its answer, and what goes with it.

    ``faults`` has the id and effect of each fault that fired. ``latency`` is in seconds. ``error`` is the refusal
    that is answered in place of the method's answer. ``refund`` takes back what was counted of the faults of runs, of
    which it is told those that fired.
    """

    faults: list[tuple[str, str]] = field(default_factory=list)
    effect: Effect | None = None
    error: Error | None = None
    latency: float = 0.0
    run: Run = field(default_factory=Run)
    is_withdrawn: bool = False
    is_pedantic: bool = False
    refund: Callable[[Collection[str]], object] | None = None

    def add(self, name: str, effect: Effect, draw: float = 0.0) -> None:
        """Let *effect*, which the fault called *name* has, befall the call."""
        self.faults.append((name, effect.kind))
        if effect.latency is not None:
            latency = latency_of(effect.latency)
            self.latency += latency.seconds + latency.jitter * draw
        elif effect.error is not None:
            self.error = error_of(effect.error)
        else:
            self.effect = effect

    def refund_runs(self) -> None:
        """Let what befalls runs befall a later call, because the present one has started no run."""
        runs = [name for name, kind in self.faults if kind == "run"]
        self.faults = [item for item in self.faults if item[1] != "run"]
        if self.refund:
            self.refund(runs)

    def replacement(self) -> Response | None:
        """Return what is answered without asking the method, None where it is asked. Raises StatusError likewise."""
        if self.error:
            status = self.error.status()
            raise StatusError(status.code, status.message, *status.details)
        effect = self.effect
        if effect is None:
            return None
        if effect.expired_token:
            raise errors.token_invalid()
        if effect.page:
            return responses.page(effect.page.html, effect.page.status)
        return responses.page("", Code.UNAVAILABLE.http) if effect.reset else None

    def call_view(self, view: View, method: str, call: RequestContext, value: dict[str, Any]) -> Any:
        """Return what *view* answers *call*, as the injection has it. Raises what the view raises."""
        if self.is_withdrawn:
            view = without_tuning(method, view)
        if self.is_pedantic:
            view = pedantic(method, view)
        return view(replace(call, run=self.run), value)

    def apply_script(self, poll: RunInterrupted, method: str, call: RequestContext, value: dict[str, Any]) -> Any:
        """Let what a run's script has for the present look befall it, and return what the look would have shown."""
        if self.effect is None:
            self.add(_SCRIPT_FAULT, poll.effect)
        return _read_without_poll(method, call, value)

    def rewrite_body(self, response: Response, *, pretty: bool) -> Response:
        """Return *response* as a pedantic service writes it, or malformed."""
        if self.is_pedantic and not response.is_streamed and response.is_json:
            body = distort(json.loads(response.get_data()))
            response.set_data((dump(body, PRETTY if pretty else COMPACT) + "\n").encode())
        return make_malformed(response) if self.effect and self.effect.malformed else response

    def deliver(self, response: Response, client: Connection) -> Response:
        """Return *response* as it comes through to *client*, late where that was asked for."""
        if not (self.effect and self.effect.kind in _UNANSWERED):
            for name, kind in self.faults:
                response.headers.add(responses.NOTE, f"fault {name}: {kind}")
        client.wait(self.latency)
        return apply_effect(response, self.effect, client) if self.effect else response

    @property
    def loses_answer(self) -> bool:
        """Whether the caller does not get the whole answer."""
        effect = self.effect
        return effect is not None and (effect.kind in _INCOMPLETE or bool(effect.stall and not effect.stall.resumes))

    @property
    def summary(self) -> str:
        """Each fault that fired: its id, a space, its effect."""
        return ", ".join(f"{name} {kind}" for name, kind in self.faults)


def inject(world: World, query: FaultQuery, words: str, sent: int, now: int) -> Injection:
    """Return what befalls *query*, and count it. *words* are its header's, *sent* the bytes of its body.

    Raises StatusError for words that nobody knows.
    """
    injection = Injection()
    own = _header_effect(words, sent)
    fired: tuple[TriggeredFault, ...] = ()
    if world.controls.faults:
        if armed.counts_runs(world.controls.faults, query.method):
            running = sum(not is_settled(record.plan, now) for record in world.store.after(0))
            query = replace(query, running=running)

        def change(controls: Controls) -> Controls:
            nonlocal fired
            answered = own is not None and own.latency is None
            faults, fired = armed.trigger(controls.faults, query, now, world.machine(), answered=answered)
            return controls if faults is controls.faults else replace(controls, faults=faults)

        world.change(change)
        if query.method == CREATE:
            injection.refund = partial(_refund, world, query, now)
    for hit in fired:
        _apply(injection, hit, query, world)
    if own is not None:
        injection.add(_HEADER_FAULT, own)
    return injection


def model_name(method: str, name: str, pairs: list[tuple[str, str]]) -> str:
    """Return the resource name of the model that a call is about, empty where there is none.

    *name* is what the path names; a create may name its model in the query.
    """
    if method == CREATE:
        given: Mapping[str, str] = dict(pairs)
        model_id = given.get("tunedModelId") or given.get("tuned_model_id")
        return f"{TUNED_MODELS}{model_id}" if model_id else ""
    parts = name.split("/")
    return "/".join(parts[:2]) if len(parts) > 1 else ""


def _refund(world: World, query: FaultQuery, now: int, fired: Collection[str]) -> None:
    world.change(lambda controls: replace(controls, faults=armed.undo_run_faults(controls.faults, query, now, fired)))


def _header_effect(words: str, sent: int) -> Effect | None:
    try:
        return instructions.effect(words, sent) if words else None
    except BadInput as error:
        raise StatusError(Code.INVALID_ARGUMENT, str(error)) from None


def _apply(injection: Injection, hit: TriggeredFault, query: FaultQuery, world: World) -> None:
    fault = hit.fault
    if fault.quota:
        injection.faults.append((fault.id, fault.kind))
        injection.error = quotas.quota_error(fault.quota, query, _base_model_id(query, world), hit.retry)
    elif fault.run:
        injection.faults.append((fault.id, fault.kind))
        injection.run = fault.run
    elif fault.withdrawn or fault.pedantic:
        injection.faults.append((fault.id, fault.kind))
        injection.is_withdrawn |= bool(fault.withdrawn)
        injection.is_pedantic |= bool(fault.pedantic)
    else:
        injection.add(fault.id, fault, hit.draw)


def _base_model_id(query: FaultQuery, world: World) -> str:
    """Return the id of the base model that *query* is about in the end; tuned models share their base's quota."""
    record = world.store.get(query.model.removeprefix(TUNED_MODELS)) if query.model.startswith(TUNED_MODELS) else None
    return (record.base_model if record else query.model).rpartition("/")[2]


def _read_without_poll(method: str, call: RequestContext, value: dict[str, Any]) -> Any:
    """Return what a look shows that its run's script has a fault for; it is counted already."""
    if method == "tunedModels.get":
        return resources.tuned_model(find(call, value["name"], Role.READER), call.now)
    return resources.operation(operations.find(call, value["name"]), call.now)
