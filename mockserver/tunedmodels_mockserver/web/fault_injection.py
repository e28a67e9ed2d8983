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
from ..core.faults.armed import Fired
from ..core.faults.fault import CREATE, Query
from ..core.methods import operations, resources
from ..core.methods.access import NAME, find
from ..core.methods.call import Call
from ..core.methods.pedantic import pedantic, spoiled
from ..core.methods.withdrawn import withdrawn
from ..core.runs.script import Interrupted, Run
from ..core.runs.view import settled
from ..core.state.controls import Controls
from ..core.state.records import Role
from ..core.state.worlds import World
from ..core.strict_input import BadInput
from ..wire.protojson.writing import COMPACT, PRETTY, dump
from ..wire.status import Code, StatusError
from . import responses
from .connection import Connection, carried, malformed
from .routes import View

HEADER = "HTTP_X_GOOG_EMULATOR_INSTRUCTIONS"

_OF_THE_REQUEST = "x-goog-emulator-instructions"
_OF_THE_SCRIPT = "script"
_GONE = ("reset", "commit_then_drop")  # no answer comes
_LOST = (*_GONE, "truncate")


@dataclass(slots=True)
class Injection:
    """What befalls one call: at most one effect on its answer, and what goes with it.

    ``named`` has the id and effect of each fault that fired. ``latency`` is in seconds. ``instead`` is the refusal
    that is answered in place of the method's answer. ``unspend`` takes back what was counted of the faults of runs, of
    which it is told those that fired.
    """

    named: list[tuple[str, str]] = field(default_factory=list)
    effect: Effect | None = None
    instead: Error | None = None
    latency: float = 0.0
    run: Run = field(default_factory=Run)
    withdrawn: bool = False
    pedantic: bool = False
    unspend: Callable[[Collection[str]], object] | None = None

    def add(self, name: str, effect: Effect, draw: float = 0.0) -> None:
        """Let *effect*, which the fault called *name* has, befall the call."""
        self.named.append((name, effect.kind))
        if effect.latency is not None:
            latency = latency_of(effect.latency)
            self.latency += latency.seconds + latency.jitter * draw
        elif effect.error is not None:
            self.instead = error_of(effect.error)
        else:
            self.effect = effect

    def started_none(self) -> None:
        """Let what befalls runs befall a later call, because the present one has started no run."""
        runs = [name for name, kind in self.named if kind == "run"]
        self.named = [item for item in self.named if item[1] != "run"]
        if self.unspend:
            self.unspend(runs)

    def answer(self) -> Response | None:
        """Return what is answered without asking the method, None where it is asked. Raises StatusError likewise."""
        if self.instead:
            status = self.instead.status()
            raise StatusError(status.code, status.message, *status.details)
        effect = self.effect
        if effect is None:
            return None
        if effect.expired_token:
            raise errors.token_invalid()
        if effect.page:
            return responses.page(effect.page.html, effect.page.status)
        return responses.page("", Code.UNAVAILABLE.http) if effect.reset else None

    def ask(self, view: View, method: str, call: Call, value: dict[str, Any]) -> Any:
        """Return what *view* answers *call*, as the injection has it. Raises what the view raises."""
        if self.withdrawn:
            view = withdrawn(method, view)
        if self.pedantic:
            view = pedantic(method, view)
        return view(replace(call, run=self.run), value)

    def interrupt(self, poll: Interrupted, method: str, call: Call, value: dict[str, Any]) -> Any:
        """Let what a run's script has for the present look befall it, and return what the look would have shown."""
        if self.effect is None:
            self.add(_OF_THE_SCRIPT, poll.effect)
        return _uncounted(method, call, value)

    def spoil(self, response: Response, *, pretty: bool) -> Response:
        """Return *response* as a pedantic service writes it, or malformed."""
        if self.pedantic and not response.is_streamed and response.is_json:
            body = spoiled(json.loads(response.get_data()))
            response.set_data((dump(body, PRETTY if pretty else COMPACT) + "\n").encode())
        return malformed(response) if self.effect and self.effect.malformed else response

    def carry(self, response: Response, way: Connection) -> Response:
        """Return *response* as it comes through on *way*, late where that was asked for."""
        if not (self.effect and self.effect.kind in _GONE):
            for name, kind in self.named:
                response.headers.add(responses.NOTE, f"fault {name}: {kind}")
        way.wait(self.latency)
        return carried(response, self.effect, way) if self.effect else response

    @property
    def lost(self) -> bool:
        """Whether the caller does not get the whole answer."""
        effect = self.effect
        return effect is not None and (effect.kind in _LOST or bool(effect.stall and not effect.stall.resumes))

    @property
    def told(self) -> str:
        """Each fault that fired: its id, a space, its effect."""
        return ", ".join(f"{name} {kind}" for name, kind in self.named)


def inject(world: World, query: Query, words: str, sent: int, now: int) -> Injection:
    """Return what befalls *query*, and count it. *words* are its header's, *sent* the bytes of its body.

    Raises StatusError for words that nobody knows.
    """
    injection = Injection()
    own = _instructed(words, sent)
    fired: tuple[Fired, ...] = ()
    if world.controls.faults:
        if armed.counts_runs(world.controls.faults, query.method):
            running = sum(not settled(record.plan, now) for record in world.store.after(0))
            query = replace(query, running=running)

        def change(controls: Controls) -> Controls:
            nonlocal fired
            answered = own is not None and own.latency is None
            faults, fired = armed.meet(controls.faults, query, now, world.machine(), answered=answered)
            return controls if faults is controls.faults else replace(controls, faults=faults)

        world.change(change)
        if query.method == CREATE:
            injection.unspend = partial(_unspend, world, query, now)
    for hit in fired:
        _befall(injection, hit, query, world)
    if own is not None:
        injection.add(_OF_THE_REQUEST, own)
    return injection


def model_of(method: str, name: str, pairs: list[tuple[str, str]]) -> str:
    """Return the resource name of the model that a call is about, empty where there is none.

    *name* is what the path names; a create may name its model in the query.
    """
    if method == CREATE:
        given: Mapping[str, str] = dict(pairs)
        model_id = given.get("tunedModelId") or given.get("tuned_model_id")
        return f"{NAME}{model_id}" if model_id else ""
    parts = name.split("/")
    return "/".join(parts[:2]) if len(parts) > 1 else ""


def _unspend(world: World, query: Query, now: int, fired: Collection[str]) -> None:
    world.change(lambda controls: replace(controls, faults=armed.unmet(controls.faults, query, now, fired)))


def _instructed(words: str, sent: int) -> Effect | None:
    try:
        return instructions.effect(words, sent) if words else None
    except BadInput as error:
        raise StatusError(Code.INVALID_ARGUMENT, str(error)) from None


def _befall(injection: Injection, hit: Fired, query: Query, world: World) -> None:
    fault = hit.fault
    if fault.quota:
        injection.named.append((fault.id, fault.kind))
        injection.instead = quotas.exceeded(fault.quota, query, _base(query, world), hit.retry)
    elif fault.run:
        injection.named.append((fault.id, fault.kind))
        injection.run = fault.run
    elif fault.withdrawn or fault.pedantic:
        injection.named.append((fault.id, fault.kind))
        injection.withdrawn |= bool(fault.withdrawn)
        injection.pedantic |= bool(fault.pedantic)
    else:
        injection.add(fault.id, fault, hit.draw)


def _base(query: Query, world: World) -> str:
    """Return the id of the base model that *query* is about in the end; tuned models share their base's quota."""
    record = world.store.get(query.model.removeprefix(NAME)) if query.model.startswith(NAME) else None
    return (record.base_model if record else query.model).rpartition("/")[2]


def _uncounted(method: str, call: Call, value: dict[str, Any]) -> Any:
    """Return what a look shows that its run's script has a fault for; it is counted already."""
    if method == "tunedModels.get":
        return resources.tuned_model(find(call, value["name"], Role.READER), call.now)
    return resources.operation(operations.find(call, value["name"]), call.now)
