"""Mutants of operations: their end, their result, their lists."""

from __future__ import annotations

from typing import Any

from .. import predicates
from ..mutant import Handler, MutantGroup, Send
from ..predicates import Json
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("operations")

_POLL = "GET tunedModels/*/operations/*"


def _edit_operations(response: MutantResponse, edit: Any) -> None:
    response.change_objects(lambda value: edit(value) if predicates.is_operation(value) else None)


def _is_done(value: Json) -> bool:
    return bool(value.get("done"))


@GROUP.stateful
def done_goes_back() -> Handler:
    """An operation that was done is seen running again."""
    done: dict[str, int] = {}

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)

        def undo(value: Json) -> None:
            if request.matches(_POLL) and _is_done(value):
                done[value["name"]] = done.get(value["name"], 0) + 1
                if done[value["name"]] % 2 == 0:
                    del value["done"]
                    value.pop("response", None)

        _edit_operations(response, undo)
        return response

    return handle


@GROUP.response
def no_result(response: MutantResponse) -> None:
    """An operation is done without a response."""
    _edit_operations(response, lambda value: value.pop("response", None))


@GROUP.response
def result_before_the_end(response: MutantResponse) -> None:
    """An operation that runs has a response, which is empty."""
    _edit_operations(
        response, lambda value: None if _is_done(value) else value.update(response={"name": "tunedModels/none"})
    )


@GROUP.response
def result_and_error(response: MutantResponse) -> None:
    """An operation that has ended well has an error too, of code 0."""
    _edit_operations(response, lambda value: value.update(error={"code": 0}) if "response" in value else None)


@GROUP.response_to
def done_not_said(request: MutantRequest, response: MutantResponse) -> None:
    """An operation in a list says state: DONE in place of done: true."""
    if not request.matches(_POLL):
        _edit_operations(response, lambda value: value.update(state="DONE") if value.pop("done", None) else None)


@GROUP.response
def never_done(response: MutantResponse) -> None:
    """An operation that has ended looks as if it ran: it is never done, and has no result."""

    def change(value: Json) -> None:
        if predicates.is_operation(value):
            for name in ("done", "response", "error"):
                value.pop(name, None)

    response.change_objects(change)


@GROUP.response
def done_first(response: MutantResponse) -> None:
    """An operation says before its metadata that it is done."""
    _edit_operations(response, lambda value: value.update(metadata=value.pop("metadata")) if _is_done(value) else None)


@GROUP.response
def progress_lost_at_the_end(response: MutantResponse) -> None:
    """An operation that is done has no metadata but its total and its model."""
    names = ("completedSteps", "completedPercent", "snapshots")
    _edit_operations(
        response, lambda value: [value["metadata"].pop(name, None) for name in names] if _is_done(value) else None
    )


@GROUP.response
def response_without_type(response: MutantResponse) -> None:
    """The response of an operation does not say that it is a model."""
    _edit_operations(response, lambda value: value.get("response", {}).pop("@type", None))


@GROUP.response
def response_is_of_the_beginning(response: MutantResponse) -> None:
    """The response of an operation is the model as it was when the run began."""
    _edit_operations(
        response, lambda value: value["response"].update(state="CREATING") if "response" in value else None
    )


@GROUP.stateful
def end_moves_on() -> Handler:
    """The response of an operation that has ended has the time of the look at it."""
    looks: list[str] = []

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)

        def move(value: Json) -> None:
            if "response" in value:
                looks.append(value["name"])
                value["response"]["updateTime"] = f"2031-02-03T04:05:{len(looks) % 60:02}.000000Z"

        _edit_operations(response, move)
        return response

    return handle


@GROUP.response_to
def done_at_once(request: MutantRequest, response: MutantResponse) -> None:
    """The answer to a create call says that the run has ended."""
    if request.matches("POST tunedModels"):
        _edit_operations(
            response, lambda value: value.update(done=True, response={"name": value["metadata"]["tunedModel"]})
        )


@GROUP.response_to
def metadata_says_little(request: MutantRequest, response: MutantResponse) -> None:
    """The answer to a create call does not say which model is made."""
    if request.matches("POST tunedModels"):
        response.change_objects(lambda value: value.pop("totalSteps", None))


@GROUP.response_to
def metadata_of_the_version_asked(request: MutantRequest, response: MutantResponse) -> None:
    """The type of the metadata is of the version that asks, not of the one that created."""
    response.text = response.text.replace("generativelanguage.v1beta.", f"generativelanguage.{request.version}.")


@GROUP.response
def metadata_of_the_latest_version(response: MutantResponse) -> None:
    """The type of the metadata is of version v1, whichever created."""
    response.text = response.text.replace("generativelanguage.v1beta.", "generativelanguage.v1.")


@GROUP.response_to
def other_model_named(request: MutantRequest, response: MutantResponse) -> None:
    """An operation names another model than its own."""
    if request.matches(_POLL):
        response.change_objects(
            lambda value: value.update(tunedModel="tunedModels/other") if predicates.is_progress(value) else None
        )


@GROUP.response_to
def no_operations_of_a_model(request: MutantRequest, response: MutantResponse) -> None:
    """A model's list of operations is empty, for its run is over."""
    if request.matches("GET tunedModels/*/operations") and response.status == 200:
        response.json = {}


@GROUP.response_to
def nameless_operations(request: MutantRequest, response: MutantResponse) -> None:
    """The list of all operations has one that says nothing."""
    if request.matches("GET operations") and response.status == 200:
        response.json = {"operations": [{"name": ""}]}
