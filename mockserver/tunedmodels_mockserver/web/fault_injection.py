"""Applies faults to the present call. They come from its world, from its own header, or from the script of a run."""

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
_WITHOUT_ANSWER = ("reset", "commit_then_drop")  # the client gets no answer
_INCOMPLETE = (*_WITHOUT_ANSWER, "truncate")


@dataclass(slots=True)
class Injection:
    """The faults that apply to one call: at most one effect on its answer, and those that can accompany an effect.

    ``faults`` has the id and the effect of each fault that fired. ``latency`` is in seconds. ``error`` replaces the
    answer of the method. ``run`` has the options for a run that the call starts. ``refund`` undoes the counts of the
    faults of runs. Its argument is the ids of those that fired.
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
        """Add the *effect* of the fault with the id *name*. *draw* is the share of a latency's jitter, from 0 to 1."""
        self.faults.append((name, effect.kind))
        if effect.latency is not None:
            latency = latency_of(effect.latency)
            self.latency += latency.seconds + latency.jitter * draw
        elif effect.error is not None:
            self.error = error_of(effect.error)
        else:
            self.effect = effect

    def refund_runs(self) -> None:
        """Keep the faults of runs for a later call, because the present one has started no run."""
        runs = [name for name, kind in self.faults if kind == "run"]
        self.faults = [item for item in self.faults if item[1] != "run"]
        if self.refund:
            self.refund(runs)

    def replacement(self) -> Response | None:
        """Return the response in place of the method's, or None. Raise StatusError if an error takes its place."""
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
        """Return the answer of *view* to *call*, with the faults that change methods. Raise the errors of *view*."""
        if self.is_withdrawn:
            view = without_tuning(method, view)
        if self.is_pedantic:
            view = pedantic(method, view)
        return view(replace(call, run=self.run), value)

    def apply_script(
        self, interrupted: RunInterrupted, method: str, call: RequestContext, value: dict[str, Any]
    ) -> Any:
        """Add the effect with which the run's script *interrupted* the poll. Return the answer without the effect.

        A latency of the script adds to every other effect. Otherwise, if the call has an effect already, the effect of
        the script is lost.
        """
        if self.effect is None or interrupted.effect.latency is not None:
            self.add(_SCRIPT_FAULT, interrupted.effect)
        return _read_without_poll(method, call, value)

    def rewrite_body(self, response: Response, *, pretty: bool) -> Response:
        """Return *response* with its JSON changed by the faults ``pedantic`` and ``malformed``, if they apply."""
        if self.is_pedantic and not response.is_streamed and response.is_json:
            body = distort(json.loads(response.get_data()))
            response.set_data((dump(body, PRETTY if pretty else COMPACT) + "\n").encode())
        return make_malformed(response) if self.effect and self.effect.malformed else response

    def deliver(self, response: Response, client: Connection) -> Response:
        """Wait the latency, and return *response* with a note for each fault and the effect on the connection."""
        if not (self.effect and self.effect.kind in _WITHOUT_ANSWER):
            for name, kind in self.faults:
                response.headers.add(responses.NOTE, f"fault {name}: {kind}")
        client.wait(self.latency)
        return apply_effect(response, self.effect, client) if self.effect else response

    @property
    def loses_answer(self) -> bool:
        """Whether the caller gets only a part of the answer, or nothing."""
        effect = self.effect
        return effect is not None and (effect.kind in _INCOMPLETE or bool(effect.stall and not effect.stall.resumes))

    @property
    def summary(self) -> str:
        """The faults that fired, with commas: the id of each, a space, its effect."""
        return ", ".join(f"{name} {kind}" for name, kind in self.faults)


def inject(world: World, query: FaultQuery, instruction_text: str, body_size: int, now: int) -> Injection:
    """Return the faults that apply to the call *query* at *now*, and count them.

    *instruction_text* is the value of the call's own instruction header, or empty. *body_size* is the length of its
    body in bytes. Raise StatusError for an unknown instruction.
    """
    injection = Injection()
    header_effect = _header_effect(instruction_text, body_size)
    triggered_faults: tuple[TriggeredFault, ...] = ()
    if world.controls.faults:
        if armed.counts_runs(world.controls.faults, query.method):
            running = sum(not is_settled(record.plan, now) for record in world.store.after(0))
            query = replace(query, running=running)

        def change(controls: Controls) -> Controls:
            nonlocal triggered_faults
            has_answer = header_effect is not None and header_effect.latency is None
            faults, triggered_faults = armed.trigger(controls.faults, query, now, world.machine(), answered=has_answer)
            return controls if faults is controls.faults else replace(controls, faults=faults)

        world.change(change)
        if query.method == CREATE:
            injection.refund = partial(_refund, world, query, now)
    for triggered in triggered_faults:
        _apply(injection, triggered, query, world)
    if header_effect is not None:
        injection.add(_HEADER_FAULT, header_effect)
    return injection


def model_name(method: str, name: str, pairs: list[tuple[str, str]]) -> str:
    """Return the resource name of the model that a call is about, or an empty string.

    *name* is the resource name in the path. A create may name its model in the query.
    """
    if method == CREATE:
        query: Mapping[str, str] = dict(pairs)
        model_id = query.get("tunedModelId") or query.get("tuned_model_id")
        return f"{TUNED_MODELS}{model_id}" if model_id else ""
    parts = name.split("/")
    return "/".join(parts[:2]) if len(parts) > 1 else ""


def _refund(world: World, query: FaultQuery, now: int, fault_ids: Collection[str]) -> None:
    world.change(
        lambda controls: replace(controls, faults=armed.undo_run_faults(controls.faults, query, now, fault_ids))
    )


def _header_effect(instruction_text: str, body_size: int) -> Effect | None:
    try:
        return instructions.effect(instruction_text, body_size) if instruction_text else None
    except BadInput as error:
        raise StatusError(Code.INVALID_ARGUMENT, str(error)) from None


def _apply(injection: Injection, triggered: TriggeredFault, query: FaultQuery, world: World) -> None:
    fault = triggered.fault
    if fault.quota:
        injection.faults.append((fault.id, fault.kind))
        injection.error = quotas.quota_error(fault.quota, query, _base_model_id(query, world), triggered.retry)
    elif fault.run:
        injection.faults.append((fault.id, fault.kind))
        injection.run = fault.run
    elif fault.withdrawn or fault.pedantic:
        injection.faults.append((fault.id, fault.kind))
        injection.is_withdrawn |= bool(fault.withdrawn)
        injection.is_pedantic |= bool(fault.pedantic)
    else:
        injection.add(fault.id, fault, triggered.draw)


def _base_model_id(query: FaultQuery, world: World) -> str:
    """Return the id of the base model for *query*. Tuned models share the quota of their base model."""
    record = world.store.get(query.model.removeprefix(TUNED_MODELS)) if query.model.startswith(TUNED_MODELS) else None
    return (record.base_model if record else query.model).rpartition("/")[2]


def _read_without_poll(method: str, call: RequestContext, value: dict[str, Any]) -> Any:
    """Return the answer to a poll that the script interrupted. It does not count again."""
    if method == "tunedModels.get":
        return resources.tuned_model(find(call, value["name"], Role.READER), call.now)
    return resources.operation(operations.find(call, value["name"]), call.now)
