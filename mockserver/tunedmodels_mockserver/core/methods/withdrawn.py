"""Simulates the service after June 2025, when it still listed tuned models and offered nothing else.

Source: a report of 2025-06-13 (generation answers 404 and names the base model). A create is refused like one for a
base model that cannot be tuned (inferred).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import errors
from ..faults.fault import CREATE
from ..resource_names import TUNED_MODELS
from ..state.records import Role
from . import access
from .request_context import RequestContext

Value = dict[str, Any]
View = Callable[[RequestContext, Value], Any]

_TUNING = frozenset({"createTunedModel", "createTunedTextModel"})


def without_tuning(method: str, view: View) -> View:
    """Return *view*, which answers *method*, as it is after the withdrawal."""
    if method == CREATE:
        return _create
    if method in ("models.get", "models.list"):
        return lambda call, request: _without_tuning_methods(view(call, request))
    return lambda call, request: _generate(call, request, method.rpartition(".")[2])


def _create(call: RequestContext, request: Value) -> Value:
    model = request.get("tuned_model", {})
    base = model.get("base_model") or model.get("tuned_model_source", {}).get("base_model") or "models/"
    source = model.get("tuned_model_source", {}).get("tuned_model", "")
    if source.startswith(TUNED_MODELS):
        base = access.find(call, source, Role.READER).base_model
    raise errors.not_tunable(base, call.version)


def _generate(call: RequestContext, request: Value, method: str) -> Value:
    record = access.find(call, request["model"], Role.READER)
    raise errors.not_supported(record.base_model, call.version, method)


def _without_tuning_methods(answer: Value) -> Value:
    """Return *answer*, which has base models in it, with the tuning methods removed."""
    if "models" in answer:
        return {**answer, "models": [_without_tuning_methods(model) for model in answer["models"]]}
    methods = tuple(name for name in answer["supported_generation_methods"] if name not in _TUNING)
    return {**answer, "supported_generation_methods": methods}
