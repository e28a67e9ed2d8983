"""Mutants of operations: their end, their result, their lists."""

from __future__ import annotations

from typing import Any

from .. import predicates
from ..mutant import Send, Shelf, Spoiler
from ..predicates import Json
from ..request import Ask
from ..response import Reply

SHELF = Shelf("operations")

_POLL = "GET tunedModels/*/operations/*"


def _each(reply: Reply, how: Any) -> None:
    reply.change(lambda value: how(value) if predicates.operation(value) else None)


def _ended(value: Json) -> bool:
    return bool(value.get("done"))


@SHELF.memory
def done_goes_back() -> Spoiler:
    """An operation that was done is seen running again."""
    done: dict[str, int] = {}

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)

        def undo(value: Json) -> None:
            if ask.is_(_POLL) and _ended(value):
                done[value["name"]] = done.get(value["name"], 0) + 1
                if done[value["name"]] % 2 == 0:
                    del value["done"]
                    value.pop("response", None)

        _each(reply, undo)
        return reply

    return spoil


@SHELF.answer
def no_result(reply: Reply) -> None:
    """An operation is done without a response."""
    _each(reply, lambda value: value.pop("response", None))


@SHELF.answer
def result_before_the_end(reply: Reply) -> None:
    """An operation that runs has a response, which is empty."""
    _each(reply, lambda value: None if _ended(value) else value.update(response={"name": "tunedModels/none"}))


@SHELF.answer
def result_and_error(reply: Reply) -> None:
    """An operation that has ended well has an error too, of code 0."""
    _each(reply, lambda value: value.update(error={"code": 0}) if "response" in value else None)


@SHELF.answer_to
def done_not_said(ask: Ask, reply: Reply) -> None:
    """An operation in a list says state: DONE in place of done: true."""
    if not ask.is_(_POLL):
        _each(reply, lambda value: value.update(state="DONE") if value.pop("done", None) else None)


@SHELF.answer
def never_done(reply: Reply) -> None:
    """An operation that has ended looks as if it ran: it is never done, and has no result."""

    def change(value: Json) -> None:
        if predicates.operation(value):
            for name in ("done", "response", "error"):
                value.pop(name, None)

    reply.change(change)


@SHELF.answer
def done_first(reply: Reply) -> None:
    """An operation says before its metadata that it is done."""
    _each(reply, lambda value: value.update(metadata=value.pop("metadata")) if _ended(value) else None)


@SHELF.answer
def progress_lost_at_the_end(reply: Reply) -> None:
    """An operation that is done has no metadata but its total and its model."""
    names = ("completedSteps", "completedPercent", "snapshots")
    _each(reply, lambda value: [value["metadata"].pop(name, None) for name in names] if _ended(value) else None)


@SHELF.answer
def response_without_type(reply: Reply) -> None:
    """The response of an operation does not say that it is a model."""
    _each(reply, lambda value: value.get("response", {}).pop("@type", None))


@SHELF.answer
def response_is_of_the_beginning(reply: Reply) -> None:
    """The response of an operation is the model as it was when the run began."""
    _each(reply, lambda value: value["response"].update(state="CREATING") if "response" in value else None)


@SHELF.memory
def end_moves_on() -> Spoiler:
    """The response of an operation that has ended has the time of the look at it."""
    looks: list[str] = []

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)

        def move(value: Json) -> None:
            if "response" in value:
                looks.append(value["name"])
                value["response"]["updateTime"] = f"2031-02-03T04:05:{len(looks) % 60:02}.000000Z"

        _each(reply, move)
        return reply

    return spoil


@SHELF.answer_to
def done_at_once(ask: Ask, reply: Reply) -> None:
    """The answer to a create call says that the run has ended."""
    if ask.is_("POST tunedModels"):
        _each(reply, lambda value: value.update(done=True, response={"name": value["metadata"]["tunedModel"]}))


@SHELF.answer_to
def metadata_says_little(ask: Ask, reply: Reply) -> None:
    """The answer to a create call does not say which model is made."""
    if ask.is_("POST tunedModels"):
        reply.change(lambda value: value.pop("totalSteps", None))


@SHELF.answer_to
def metadata_of_the_version_asked(ask: Ask, reply: Reply) -> None:
    """The type of the metadata is of the version that asks, not of the one that created."""
    reply.text = reply.text.replace("generativelanguage.v1beta.", f"generativelanguage.{ask.version}.")


@SHELF.answer
def metadata_of_the_latest_version(reply: Reply) -> None:
    """The type of the metadata is of version v1, whichever created."""
    reply.text = reply.text.replace("generativelanguage.v1beta.", "generativelanguage.v1.")


@SHELF.answer_to
def other_model_named(ask: Ask, reply: Reply) -> None:
    """An operation names another model than its own."""
    if ask.is_(_POLL):
        reply.change(lambda value: value.update(tunedModel="tunedModels/other") if predicates.progress(value) else None)


@SHELF.answer_to
def no_operations_of_a_model(ask: Ask, reply: Reply) -> None:
    """A model's list of operations is empty, for its run is over."""
    if ask.is_("GET tunedModels/*/operations") and reply.status == 200:
        reply.json = {}


@SHELF.answer_to
def nameless_operations(ask: Ask, reply: Reply) -> None:
    """The list of all operations has one that says nothing."""
    if ask.is_("GET operations") and reply.status == 200:
        reply.json = {"operations": [{"name": ""}]}
