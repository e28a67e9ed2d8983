"""Converts records at a given time to the messages that callers see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...wire.constant_message import ConstantMessage
from ...wire.status import AnyValue
from ..runs import view
from ..state.records import Permission, TunedModelRecord

Value = dict[str, Any]


def tuned_model(record: TunedModelRecord, now: int) -> Mapping[str, Any]:
    """Return *record* at *now* as the message TunedModel. It never shows training data."""
    if is_constant(record, now):
        return ConstantMessage(record, lambda: _tuned_model(record, view.model_view(record.plan, now)))
    return _tuned_model(record, view.model_view(record.plan, now))


def is_constant(record: TunedModelRecord, now: int) -> bool:
    """Whether the messages of *record* are the same from *now* on: those of a finished run without events."""
    return not record.plan.script and view.is_settled(record.plan, now)


def changeable(record: TunedModelRecord) -> Value:
    """Return the members of TunedModel that a patch can change, with the values of *record*."""
    return {
        "display_name": record.display_name,
        "description": record.description,
        "temperature": record.temperature,
        "top_p": record.top_p,
        "top_k": record.top_k,
        "reader_project_numbers": record.reader_project_numbers,
    }


def _tuned_model(record: TunedModelRecord, view_: view.View) -> Value:
    if record.source:
        origin: Value = {"tuned_model_source": {"tuned_model": record.source, "base_model": record.base_model}}
    else:
        origin = {"base_model": record.base_model}
    return {
        "name": record.name,
        **origin,
        **changeable(record),
        "state": int(view_.state),
        "create_time": record.plan.created,
        "update_time": view_.update_time,
        "tuning_task": {
            "start_time": view_.start_time,
            "complete_time": view_.complete_time,
            "snapshots": view_.snapshots(),
            "hyperparameters": {
                "epoch_count": record.epoch_count,
                "batch_size": record.batch_size,
                "learning_rate": record.learning_rate,
            },
        },
    }


def operation(record: TunedModelRecord, now: int) -> Mapping[str, Any]:
    """Return the operation that makes *record*, at *now*.

    The types in it are those of the create call's API version, even if the caller asks by another version (observed). A
    finished operation keeps its metadata (observed). Its response repeats the whole model (inferred).
    """
    return (
        ConstantMessage(record, lambda: _operation(record, now))
        if is_constant(record, now)
        else _operation(record, now)
    )


def _operation(record: TunedModelRecord, now: int) -> Value:
    view_ = view.view(record.plan, now)
    model = _tuned_model(record, view_)
    metadata = {
        "total_steps": record.plan.total_steps,
        "completed_steps": view_.completed_steps,
        "completed_percent": view_.completed_percent,
        "snapshots": model["tuning_task"]["snapshots"],
        "tuned_model": record.name,
    }
    value: Value = {
        "name": record.operation_name,
        "metadata": AnyValue(record.version, "CreateTunedModelMetadata", metadata),
        "done": view_.done,
    }
    if view_.error:
        value["error"] = view_.error.value()
    elif view_.done:
        # Older clients do not know reader_project_numbers, and refuse an operation with an unknown member.
        value["response"] = AnyValue(record.version, "TunedModel", {**model, "reader_project_numbers": ()})
    return value


def permission(record: TunedModelRecord, grant: Permission) -> Value:
    """Return one of *record*'s permissions as the message Permission."""
    return {
        "name": permission_name(record, grant.id),
        "grantee_type": int(grant.grantee_type),
        "email_address": grant.email or None,
        "role": int(grant.role),
    }


def permission_name(record: TunedModelRecord, permission_id: str) -> str:
    """Return the resource name of one of *record*'s permissions."""
    return f"{record.name}/permissions/{permission_id}"
