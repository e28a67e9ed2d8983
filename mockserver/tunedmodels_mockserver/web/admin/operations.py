"""Serves ``/operations``, which lists the runs of a world, moves, stalls and ends them, and replaces their scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import msgspec
from flask import Response, request

from ...core.effects import Error
from ...core.runs import interventions, view
from ...core.runs.interventions import RunOver
from ...core.runs.plan import Plan
from ...core.runs.script import Event
from ...core.state.records import TunedModelRecord
from ...core.state.worlds import World
from ...core.strict_input import BadInput, nearest, read_json
from ...wire.status import Code, StatusError
from .. import responses
from .endpoints import AdminEndpoint, AdminEndpoints

_MEMBERS = ("operation", "model", "state", "done", "steps", "totalSteps", "percent", "polls", "pending")
_PositiveNumber = Annotated[float, msgspec.Meta(gt=0, le=1e9)]


class NoOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No members. Send an empty object, or no body."""


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The distance of a jump: so many more steps, percent of all steps, or seconds of the run. Set exactly one."""

    steps: Annotated[int, msgspec.Meta(gt=0, le=1_000_000)] | None = None
    percent: Annotated[float, msgspec.Meta(gt=0, le=100)] | None = None
    seconds: _PositiveNumber | None = None


class Fail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The error with which the operation ends."""

    code: str | int = "INTERNAL"
    message: str = "The tuning run failed."


class Stall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stall of so many ``seconds`` without progress. Without ``seconds`` it lasts until a call moves the run."""

    seconds: _PositiveNumber | None = None


def add(endpoints: AdminEndpoints, world: Callable[[], World]) -> None:
    """Add the routes ``/operations``. *world* returns the world of the present request."""

    @endpoints.add("GET", "/operations", "List the runs.", members=("operations",))
    def runs() -> Response:
        current = world()
        now = current.now()
        return responses.document(
            {"operations": [_run_document(record, now) for record in current.store.records_after(0)]}
        )

    @endpoints.add("GET", "/operations/{operation}", "Read a run.", members=_MEMBERS, error_statuses=(404,))
    def run(operation: str) -> Response:
        current = world()
        return responses.document(_run_document(_find_run(current, operation), current.now()))

    # One route for all verbs, so that the answer to an unknown verb names the known ones.
    @endpoints.blueprint.post("/operations/<path:target>")
    def apply_verb(target: str) -> Response:
        operation, _, name = target.rpartition(":")
        if not operation or name not in _VERBS:
            close = nearest(name, list(_VERBS))
            raise StatusError(Code.NOT_FOUND, f"Runs have no verb {name!r}{close}; send one of {_VERB_LIST}.")
        change = _VERBS[name].read(request.get_data() or b"{}")
        return _change_run(world(), operation, change)

    for name, verb in _VERBS.items():
        path = f"/operations/{{operation}}:{name}"
        endpoints.all.append(
            AdminEndpoint(
                "POST", path, verb.summary, _MEMBERS, body=(verb.body,), required=False, error_statuses=(404, 409)
            )
        )

    @endpoints.add(
        "PUT",
        "/operations/{operation}/script",
        "Replace the pending events of a run.",
        members=_MEMBERS,
        body=(tuple[Event, ...],),
        error_statuses=(404, 409),
    )
    def replace_script(operation: str) -> Response:
        script = read_json(request.get_data(), tuple[Event, ...])
        return _change_run(world(), operation, lambda plan, now: interventions.with_script(plan, now, script))


Change = Callable[[Plan, int], Plan]


def _advance(body: bytes) -> Change:
    distance = read_json(body, Advance)
    if sum(value is not None for value in (distance.steps, distance.percent, distance.seconds)) != 1:
        raise BadInput('Send one of {"steps": 5}, {"percent": 10} and {"seconds": 60}: how far to move the run.')
    if distance.seconds is not None:
        return lambda plan, now: interventions.with_event(plan, now, skip=distance.seconds)
    if distance.percent is not None:
        percent = distance.percent
        return lambda plan, now: interventions.advance(plan, now, percent * plan.total_steps / 100)
    steps = distance.steps or 0
    return lambda plan, now: interventions.advance(plan, now, steps)


def _fail(body: bytes) -> Change:
    failure = read_json(body, Fail)
    try:
        error = Error(code=failure.code, message=failure.message)
        Event(step=0, fail=error)
    except ValueError as problem:
        raise BadInput(f"{problem}.") from None
    return lambda plan, now: interventions.with_event(plan, now, fail=error)


def _stall(body: bytes) -> Change:
    seconds = read_json(body, Stall).seconds
    return lambda plan, now: interventions.with_event(plan, now, stall=-1.0 if seconds is None else seconds)


def _event_reader(**event: Any) -> Callable[[bytes], Change]:
    """Return the reader for a verb without options, which always adds *event*."""

    def read(body: bytes) -> Change:
        read_json(body, NoOptions)
        return lambda plan, now: interventions.with_event(plan, now, **event)

    return read


class _Verb(NamedTuple):
    """A verb of a run: its summary, the type of its body, and the function that reads the body."""

    summary: str
    body: type[msgspec.Struct]
    read: Callable[[bytes], Change]


_VERBS = {
    "advance": _Verb("Move a run forward by steps, percent or seconds.", Advance, _advance),
    "fail": _Verb("Make a run fail.", Fail, _fail),
    "stall": _Verb("Stall a run for some seconds, or until a call moves it.", Stall, _stall),
    "resume": _Verb("Resume a stalled run.", NoOptions, _event_reader(stall=0.0)),
    "finish": _Verb("Finish a run.", NoOptions, _event_reader(done=True)),
    "cancel": _Verb("Cancel a run.", NoOptions, _event_reader(cancel=True)),
}
_VERB_LIST = ", ".join(f":{verb}" for verb in _VERBS)


def _change_run(world: World, target: str, change: Change) -> Response:
    """Replace the plan of the run *target* by ``change(plan, now)``, and return the run.

    If another request changes the record in the meantime, try again. Raise StatusError if there is no such run, or if
    it is over.
    """
    while True:
        record, now = _find_run(world, target), world.now()
        try:
            new = replace(record, plan=change(record.plan, now))
        except RunOver as error:
            raise StatusError(Code.ABORTED, str(error)) from None
        if world.store.replace(record, new):
            return responses.document(_run_document(new, now))


def _find_run(world: World, target: str) -> TunedModelRecord:
    """Return the record of the run *target*: the name or id of an operation, or of its model.

    Raise StatusError if there is none.
    """
    record = world.store.get(target.removeprefix("tunedModels/").partition("/")[0])
    if record is not None and target in (record.id, record.name, record.operation_name):
        return record
    names = []
    for record in world.store.records_after(0):
        if target == record.operation_id:
            return record
        names += [record.operation_name] if "/" in target else [record.operation_id, record.id]
    raise StatusError(Code.NOT_FOUND, f"There is no operation {target!r} in this world{nearest(target, names)}.")


def _run_document(record: TunedModelRecord, now: int) -> dict[str, Any]:
    run_view = view.view(record.plan, now)
    return {
        "operation": record.operation_name,
        "model": record.name,
        "state": view.model_view(record.plan, now).state.name,
        "done": run_view.done,
        "steps": run_view.completed_steps,
        "totalSteps": record.plan.total_steps,
        "percent": run_view.completed_percent,
        "polls": len(record.plan.polls),
        "pending": msgspec.to_builtins(view.pending_events(record.plan, now)),
    }
