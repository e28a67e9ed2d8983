"""Implements the methods of tunedModels over a world's store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from ...wire import fieldmask, pages
from ...wire.surface import surface_of
from .. import errors
from ..answers import ScriptedPoll
from ..base_models import BaseModel
from ..runs import interventions, view
from ..state.records import Role, TunedModelRecord
from . import access, create_request, list_filter, resources
from .request_context import RequestContext

Value = dict[str, Any]
Message = Mapping[str, Any]
T = TypeVar("T")

DEFAULT_PAGE_SIZE = 10  # documented
_REQUEST = "UpdateTunedModelRequest"
_MUTABLE = frozenset({"display_name", "description", "temperature", "top_p", "top_k", "reader_project_numbers"})
_ATTEMPTS = 100
_MISSING_BASE_MODEL = BaseModel("gone")  # stands for a base model that the server no longer has


def create(call: RequestContext, request: Value) -> Message:
    """Start a tuning run and return its operation. The model is visible at once, in state CREATING.

    All callers share the ids. If the id is taken, the error is "forbidden" for another caller's model, and "already
    exists" for the caller's own model (both observed).
    """
    model_id = request.get("tuned_model_id", "")
    for _ in range(_ATTEMPTS):
        record = create_request.new_record(call, model_id, request.get("tuned_model", {}), call.run)
        existing = call.world.store.get(record.id)
        if existing is None and call.world.store.insert(record):
            return resources.operation(record, call.now)
        if model_id and existing is not None:
            if access.role(existing, call.caller) is not Role.OWNER:
                raise errors.model_forbidden(existing.id)
            raise errors.model_exists(existing.name)
    raise errors.busy()


def get(call: RequestContext, request: Value) -> Message | ScriptedPoll:
    """Return one tuned model."""
    return poll(call, access.find(call, request["name"], Role.READER), resources.tuned_model)


def poll(
    call: RequestContext, record: TunedModelRecord, make: Callable[[TunedModelRecord, int], Message]
) -> Message | ScriptedPoll:
    """Poll the run that makes *record*. Return the resource that *make* makes of the record and the moment shown.

    The poll counts only if the run's script mentions this poll or a later one. If the script has a fault for the poll,
    the resource comes with its effect.
    """
    now = call.world.advance_on_poll(record.plan, call.now)

    def change(old: TunedModelRecord) -> tuple[TunedModelRecord, bool]:
        counts = old.plan.counts_polls
        return (replace(old, plan=old.plan.with_poll(now)) if counts else old), counts

    is_counted = False
    if record.plan.counts_polls:
        record, is_counted = update_with(call, record.name, Role.READER, change)
    if not is_counted:
        return make(record, now)
    plan, moment, fault = interventions.result_of_poll(record.plan, now)
    resource = make(replace(record, plan=plan), moment)
    return resource if fault is None else ScriptedPoll(resource, fault)


def list_(call: RequestContext, request: Value) -> Value:
    """Return a page of whole tuned models in order of creation (observed for lists of two and five)."""
    size = pages.page_size(request.get("page_size", 0), DEFAULT_PAGE_SIZE)
    parameters = (call.world.name, "tunedModels", request.get("filter", ""), call.caller.email)
    start = pages.page_start(request.get("page_token", ""), *parameters)
    matches = list_filter.parse(request.get("filter", ""), call.caller)
    visible = (record for record in call.world.store.records_after(start) if call.now >= record.plan.list_time)
    page = list(islice(filter(matches, visible), size + 1))
    answer: Value = {"tuned_models": [resources.tuned_model(record, call.now) for record in page[:size]]}
    if len(page) > size:
        answer["next_page_token"] = pages.page_token(page[size - 1].sequence, *parameters)
    return answer


def patch(call: RequestContext, request: Value) -> Value:
    """Change a tuned model and return only the members that the mask names (observed twice).

    Without a mask, every changeable member of the body is written (AIP-134); v1beta3 requires a mask. Members that only
    the service sets are ignored. An immutable member in the mask is refused. ``updateTime`` does not change (observed).
    """
    model = request["tuned_model"]
    mask = request.get("update_mask", "")
    surface = surface_of(call.version)
    message = surface.message("TunedModel")
    if mask:
        paths = fieldmask.update_paths(mask, message, surface, "update_mask")
        names = {path.partition(".")[0] for path in paths}
        writable = [field.name for field in message.fields if field.name in names and not field.is_output_only]
        if mask.strip() != "*" and not set(writable) <= _MUTABLE:
            raise errors.invalid_argument()
    elif "REQUIRED" in surface.message(_REQUEST).by_name["update_mask"].behavior:
        raise errors.not_specified(_REQUEST, "update_mask")
    else:
        names = set(model)
    names &= _MUTABLE
    if "display_name" in names:
        create_request.check_display_name(model.get("display_name", ""))
    create_request.check_sampling(_REQUEST, {name: model[name] for name in names if name in model})

    def change(record: TunedModelRecord) -> TunedModelRecord:
        blank = {"display_name": "", "description": "", "reader_project_numbers": ()}
        base = call.world.base_models.get(record.base_model, _MISSING_BASE_MODEL)
        cleared = {**blank, **create_request.sampling(base, {})}
        values = {name: model.get(name, cleared[name]) for name in names}
        if "reader_project_numbers" in values:
            values["reader_project_numbers"] = tuple(values["reader_project_numbers"])
        return replace(record, **values)

    changed = resources.changeable(update(call, model["name"], Role.WRITER, change))
    return {name: changed[name] for name in names}


def delete(call: RequestContext, request: Value) -> Value:
    """Delete a tuned model with its operation and permissions."""
    for _ in range(_ATTEMPTS):
        if call.world.store.delete(access.find(call, request["name"], Role.OWNER)):
            return {}
    raise errors.busy()


def update(
    call: RequestContext, name: str, needed: Role, change: Callable[[TunedModelRecord], TunedModelRecord]
) -> TunedModelRecord:
    """Put ``change(record)`` in the place of the record called *name* and return it.

    There is no lock: if the record changed meanwhile, *change* is called again. Raise StatusError if the model is
    missing, or if the caller's role is lower than *needed*.
    """
    return update_with(call, name, needed, lambda record: (change(record), None))[0]


def update_with(
    call: RequestContext, name: str, needed: Role, change: Callable[[TunedModelRecord], tuple[TunedModelRecord, T]]
) -> tuple[TunedModelRecord, T]:
    """Do the same as ``update`` with the first item of ``change(record)``, and return both items."""
    for _ in range(_ATTEMPTS):
        old = access.find(call, name, needed)
        new, result = change(old)
        if new is old or call.world.store.replace(old, new):
            return new, result
    raise errors.busy()


def cancel(call: RequestContext, name: str) -> None:
    """Cancel the run that makes the model called *name*. A finished run does not change."""

    def change(record: TunedModelRecord) -> TunedModelRecord:
        if view.view(record.plan, call.now).done:
            return record
        return replace(record, plan=interventions.with_event(record.plan, call.now, cancel=True))

    update(call, name, Role.WRITER, change)
