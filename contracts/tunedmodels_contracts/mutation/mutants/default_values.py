"""Mutants of omission: what is left out, and what is not."""

from __future__ import annotations

from .. import predicates
from ..mutant import MutantGroup
from ..predicates import Json
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("omission")

_EXPLICIT = ("temperature", "topP", "topK", "index")


@GROUP.response
def zeros_written(response: MutantResponse) -> None:
    """An operation says done: false, and that no step is completed."""

    def write(value: Json) -> None:
        if predicates.is_operation(value):
            value.setdefault("done", False)
        if predicates.is_progress(value):
            value.setdefault("completedSteps", 0)
            value.setdefault("completedPercent", 0)

    response.change_objects(write)


@GROUP.response
def first_epoch_written(response: MutantResponse) -> None:
    """The first snapshots say that their epoch is 0."""
    response.change_objects(lambda value: value.setdefault("epoch", 0) if predicates.is_snapshot(value) else None)


@GROUP.response
def empty_texts_written(response: MutantResponse) -> None:
    """A model without texts has empty ones, and so is the token of the last page."""

    def write(value: Json) -> None:
        if predicates.is_model(value):
            value.setdefault("displayName", "")
            value.setdefault("description", "")
        if predicates.entries_member(value):
            value.setdefault("nextPageToken", "")

    response.change_objects(write)


@GROUP.response_to
def empty_lists_written(request: MutantRequest, response: MutantResponse) -> None:
    """What has no entries is an empty list: snapshots, details of a refusal, a page."""

    def write(value: Json) -> None:
        if predicates.is_model(value):
            value["tuningTask"].setdefault("snapshots", [])
        if predicates.is_progress(value):
            value.setdefault("snapshots", [])

    response.change_objects(write)
    if response.error and "details" not in response.error:
        response.change_objects(lambda value: value.setdefault("details", []) if "message" in value else None)
    if request.matches("GET tunedModels") and response.json == {}:
        response.json = {"tunedModels": []}


@GROUP.response
def nulls_written(response: MutantResponse) -> None:
    """What there is not is null: the error of an operation, the description of a model, the details of a refusal."""

    def write(value: Json) -> None:
        if predicates.is_operation(value):
            value.setdefault("error", None)
        if predicates.is_model(value):
            value.setdefault("description", None)
        if "message" in value and "code" in value:
            value.setdefault("details", None)

    response.change_objects(write)


@GROUP.response
def zeros_left_out(response: MutantResponse) -> None:
    """A zero is left out where it says something: a temperature of 0, the index of a candidate."""
    response.change_objects(
        lambda value: predicates.replace_members(
            value, **{name: inner for name, inner in value.items() if name not in _EXPLICIT or inner != 0}
        )
    )
