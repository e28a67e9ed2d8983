"""Implements models.get and models.list for base models."""

from __future__ import annotations

from typing import Any

from ...wire import pages
from .. import errors
from .request_context import RequestContext

Value = dict[str, Any]

DEFAULT_PAGE_SIZE = 50  # documented


def get(call: RequestContext, request: Value) -> Value:
    """Return one base model."""
    model = call.world.base_models.get(request["name"])
    if model is None:
        call.note_similar_models(request["name"])
        raise errors.base_model_missing(request["name"], call.version)
    return model.value()


def list_(call: RequestContext, request: Value) -> Value:
    """Return a page of base models in the order of the recorded lists. Custom models come last."""
    size = pages.page_size(request.get("page_size", 0), DEFAULT_PAGE_SIZE)
    start = pages.page_start(request.get("page_token", ""), "models")
    models = list(call.world.base_models.values())
    answer: Value = {"models": [model.value() for model in models[start : start + size]]}
    if start + size < len(models):
        answer["next_page_token"] = pages.page_token(start + size, "models")
    return answer
