"""Mutants of omission: what is left out, and what is not."""

from __future__ import annotations

from .. import predicates
from ..mutant import Shelf
from ..predicates import Json
from ..request import Ask
from ..response import Reply

SHELF = Shelf("omission")

_EXPLICIT = ("temperature", "topP", "topK", "index")


@SHELF.answer
def zeros_written(reply: Reply) -> None:
    """An operation says done: false, and that no step is completed."""

    def write(value: Json) -> None:
        if predicates.operation(value):
            value.setdefault("done", False)
        if predicates.progress(value):
            value.setdefault("completedSteps", 0)
            value.setdefault("completedPercent", 0)

    reply.change(write)


@SHELF.answer
def first_epoch_written(reply: Reply) -> None:
    """The first snapshots say that their epoch is 0."""
    reply.change(lambda value: value.setdefault("epoch", 0) if predicates.snapshot(value) else None)


@SHELF.answer
def empty_texts_written(reply: Reply) -> None:
    """A model without texts has empty ones, and so is the token of the last page."""

    def write(value: Json) -> None:
        if predicates.model(value):
            value.setdefault("displayName", "")
            value.setdefault("description", "")
        if predicates.page(value):
            value.setdefault("nextPageToken", "")

    reply.change(write)


@SHELF.answer_to
def empty_lists_written(ask: Ask, reply: Reply) -> None:
    """What has no entries is an empty list: snapshots, details of a refusal, a page."""

    def write(value: Json) -> None:
        if predicates.model(value):
            value["tuningTask"].setdefault("snapshots", [])
        if predicates.progress(value):
            value.setdefault("snapshots", [])

    reply.change(write)
    if reply.error and "details" not in reply.error:
        reply.change(lambda value: value.setdefault("details", []) if "message" in value else None)
    if ask.is_("GET tunedModels") and reply.json == {}:
        reply.json = {"tunedModels": []}


@SHELF.answer
def nulls_written(reply: Reply) -> None:
    """What there is not is null: the error of an operation, the description of a model, the details of a refusal."""

    def write(value: Json) -> None:
        if predicates.operation(value):
            value.setdefault("error", None)
        if predicates.model(value):
            value.setdefault("description", None)
        if "message" in value and "code" in value:
            value.setdefault("details", None)

    reply.change(write)


@SHELF.answer
def zeros_left_out(reply: Reply) -> None:
    """A zero is left out where it says something: a temperature of 0, the index of a candidate."""
    reply.change(
        lambda value: predicates.put(
            value, **{name: inner for name, inner in value.items() if name not in _EXPLICIT or inner != 0}
        )
    )
