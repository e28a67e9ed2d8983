"""Models: the methods of the collection of base models."""

from __future__ import annotations

from typing import Any

from ..wire import pages
from . import refusals
from .base_models import BASE_MODELS
from .call import Call

Value = dict[str, Any]

DEFAULT_PAGE_SIZE = 50  # documented


def get(call: Call, request: Value) -> Value:
    """Return one base model."""
    model = BASE_MODELS.get(request["name"])
    if model is None:
        raise refusals.base_model_missing(request["name"], call.version)
    return model.value()


def list_(_call: Call, request: Value) -> Value:
    """Return a page of base models, in the order of the recorded list."""
    size = pages.page_size(request.get("page_size", 0), DEFAULT_PAGE_SIZE)
    start = pages.place(request.get("page_token", ""), "models")
    models = list(BASE_MODELS.values())
    answer: Value = {"models": [model.value() for model in models[start : start + size]]}
    if start + size < len(models):
        answer["next_page_token"] = pages.token(start + size, "models")
    return answer
