"""Wraps the faults that fire at a call around the method that answers it.

Faults come from the world, from an instruction header of the call, or from the script of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from ...wire.status import Status, StatusError
from .. import errors
from ..answers import Answer, Content, ScriptedPoll
from ..effects import Effect, error_of, latency_of
from ..faults import armed_faults, quotas
from ..faults.armed_faults import TriggeredFault
from ..faults.fault import CREATE, FaultQuery
from ..resource_names import TUNED_MODELS
from ..runs.script import DEFAULT_RUN, Run
from ..runs.view import is_settled
from ..state.controls import Controls
from ..state.worlds import World
from .pedantic import pedantic
from .request_context import RequestContext
from .withdrawn import without_tuning

_HEADER_FAULT = "x-goog-emulator-instructions"  # the id of a fault that the call carries itself
_SCRIPT_FAULT = "script"

View = Callable[[RequestContext, dict[str, Any]], Any]
Perform = Callable[["MethodFaults"], "Content | ScriptedPoll"]


class MethodFaults(msgspec.Struct):
    """The faults that change a method: options for a run that it starts, and other behavior of the service."""

    run: Run = DEFAULT_RUN
    is_withdrawn: bool = False
    is_pedantic: bool = False

    def apply(self, method: str, view: View) -> View:
        """Return *view*, which answers *method*, with these faults."""
        if self.is_withdrawn:
            view = without_tuning(method, view)
        if self.is_pedantic:
            view = pedantic(method, view)
        return view


class _FiredFaults(msgspec.Struct):
    """The faults that fire at one call: at most one effect on its answer, and those that can accompany an effect."""

    faults: list[tuple[str, str]] = msgspec.field(default_factory=list)
    effect: Effect | None = None
    error: Status | None = None
    latency: float = 0.0
    method: MethodFaults = msgspec.field(default_factory=MethodFaults)

    def add_effect(self, name: str, effect: Effect, draw: float = 0.0) -> None:
        """Add the *effect* of the fault with the id *name*. *draw* is the share of a latency's jitter, from 0 to 1."""
        self.faults.append((name, effect.kind))
        if effect.latency is not None:
            latency = latency_of(effect.latency)
            self.latency += latency.seconds + latency.jitter * draw
        elif effect.error is not None:
            self.error = error_of(effect.error).status()
        elif effect.expired_token:
            self.error = errors.token_invalid().status
        else:
            self.effect = effect

    def add(self, triggered: TriggeredFault, query: FaultQuery, world: World) -> None:
        """Add a fault of *world* that fires at the call *query*."""
        fault = triggered.fault
        if not (fault.quota or fault.run or fault.withdrawn or fault.pedantic):
            self.add_effect(fault.id, fault, triggered.draw)
            return
        self.faults.append((fault.id, fault.kind))
        if fault.quota:
            base_model = _base_model_id(query, world)
            self.error = quotas.quota_error(fault.quota, query, base_model, triggered.retry_after).status()
        elif fault.run:
            self.method.run = fault.run
        else:
            self.method.is_withdrawn |= bool(fault.withdrawn)
            self.method.is_pedantic |= bool(fault.pedantic)

    @property
    def replaces_method(self) -> bool:
        """Whether the method does not run."""
        return self.error is not None or (self.effect is not None and bool(self.effect.page or self.effect.reset))

    @property
    def replacement(self) -> Content:
        """The content in place of the method's, if ``replaces_method``."""
        return self.error or (self.effect.page if self.effect else None)


def answer(world: World, query: FaultQuery, header_effect: Effect | None, now: int, perform: Perform) -> Answer:
    """Return the answer of *perform* to the call *query* at *now*, with the faults that fire. Count these faults.

    *header_effect* is the effect in the call's instruction header, or None. *perform* runs the method with the faults
    that change methods. It does not run if a fault replaces its answer. A StatusError of *perform* becomes the answer.
    If it raises another exception, or if a create starts no run, the faults of runs are kept for the next create.
    """
    if header_effect is None and not world.controls.faults:
        return _answer_without_faults(perform)
    fired = _FiredFaults()
    if world.controls.faults:
        query = _with_running(query, world, now)
        for triggered in _trigger(
            world, query, now, has_answer=header_effect is not None and header_effect.latency is None
        ):
            fired.add(triggered, query, world)
    if header_effect is not None:
        fired.add_effect(_HEADER_FAULT, header_effect)
    try:
        content = fired.replacement if fired.replaces_method else perform(fired.method)
    except StatusError as error:
        content = error.status
    except BaseException:
        _undo_run_faults(world, query, now, fired)
        raise
    if isinstance(content, ScriptedPoll):
        content = _apply_script(content, fired)
    if query.method == CREATE and not isinstance(content, Mapping):
        _undo_run_faults(world, query, now, fired)
    return Answer(content, tuple(fired.faults), fired.latency, fired.effect, fired.method.is_pedantic)


def _answer_without_faults(perform: Perform) -> Answer:
    """Return the answer of *perform* in a world without faults. Only the script of a run can change it."""
    try:
        content = perform(MethodFaults())
    except StatusError as error:
        return Answer(error.status)
    if not isinstance(content, ScriptedPoll):
        return Answer(content)
    fired = _FiredFaults()
    content = _apply_script(content, fired)
    return Answer(content, tuple(fired.faults), fired.latency, fired.effect)


def _apply_script(poll: ScriptedPoll, fired: _FiredFaults) -> Content:
    """Add the effect of the run's script to *fired*, unless it has an effect already. Return the content."""
    if poll.effect.latency is None and fired.effect is not None:
        return poll.message
    fired.add_effect(_SCRIPT_FAULT, poll.effect)
    return fired.replacement if fired.replaces_method else poll.message


def _with_running(query: FaultQuery, world: World, now: int) -> FaultQuery:
    if not armed_faults.counts_runs(world.controls.faults, query.method):
        return query
    running = sum(not is_settled(record.plan, now) for record in world.store.records_after(0))
    return msgspec.structs.replace(query, running=running)


def _trigger(world: World, query: FaultQuery, now: int, *, has_answer: bool) -> tuple[TriggeredFault, ...]:
    """Count the call *query* in the faults of *world*, and return those that fire."""

    def change(controls: Controls) -> tuple[Controls, tuple[TriggeredFault, ...]]:
        faults, fired = armed_faults.trigger(controls.faults, query, now, world.machine(), has_answer=has_answer)
        return controls if faults is controls.faults else replace(controls, faults=faults), fired

    return world.change_with(change)[1]


def _undo_run_faults(world: World, query: FaultQuery, now: int, fired: _FiredFaults) -> None:
    """Keep the faults of runs for a later create, because the present call has started no run."""
    runs: Collection[str] = [name for name, kind in fired.faults if kind == "run"]
    fired.faults = [item for item in fired.faults if item[1] != "run"]

    def change(controls: Controls) -> Controls:
        return replace(controls, faults=armed_faults.undo_run_faults(controls.faults, query, now, runs))

    if query.method == CREATE and world.controls.faults:
        world.change(change)


def _base_model_id(query: FaultQuery, world: World) -> str:
    """Return the id of the base model for *query*. Tuned models share the quota of their base model."""
    record = world.store.get(query.model.removeprefix(TUNED_MODELS)) if query.model.startswith(TUNED_MODELS) else None
    return (record.base_model if record else query.model).rpartition("/")[2]
