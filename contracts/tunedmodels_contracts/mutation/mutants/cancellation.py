"""Mutants of cancelling: what becomes of a run that is stopped, and of its model."""

from __future__ import annotations

from .. import predicates
from ..mutant import Send, Shelf, Spoiler
from ..predicates import Json
from ..request import Ask
from ..response import Reply, objects

SHELF = Shelf("cancelling")

_CANCEL = "POST tunedModels/*/operations/*:cancel"
_ASK = ("POST tunedModels/*:generateContent", "POST tunedModels/*:streamGenerateContent")


@SHELF.answer
def cancelled_by_http_status(reply: Reply) -> None:
    """The error of a cancelled run has the number of an HTTP status, 499."""
    reply.change(
        lambda value: value["error"].update(code=499) if predicates.operation(value) and "error" in value else None
    )


@SHELF.memory
def cancel_ignored() -> Spoiler:
    """Who cancels a run is answered as if it was stopped, and it goes on."""

    def spoil(ask: Ask, send: Send) -> Reply:
        if ask.is_(_CANCEL) and ask.version == "v1":
            looked = send(ask.getting(ask.path.partition(":")[0]))
            return Reply.saying({}) if looked.status == 200 else looked
        return send(ask)

    return spoil


@SHELF.question
def cancel_needs_a_body(ask: Ask) -> Ask | Reply:
    """Who cancels a run without a body is refused."""
    return Reply.refusing(400, "INVALID_ARGUMENT") if ask.is_(_CANCEL) and not ask.body else ask


@SHELF.memory
def cancel_changes_the_end() -> Spoiler:
    """Who cancels a run that has ended makes it a cancelled one."""
    stopped: set[str] = set()

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        if ask.is_(_CANCEL) and reply.status == 200:
            stopped.add(ask.path.removesuffix(":cancel"))

        def change(value: Json) -> None:
            if value["name"] in stopped and value.pop("response", None):
                value["error"] = {"code": 1, "message": "Cancelled."}

        reply.change(lambda value: change(value) if predicates.operation(value) else None)
        return reply

    return spoil


@SHELF.memory
def cancelled_models_are_dead() -> Spoiler:
    """The model of a cancelled run is not listed, cannot be asked, and cannot be shared."""
    stopped: set[str] = set()

    def spoil(ask: Ask, send: Send) -> Reply:
        if ask.model in stopped and ask.is_("POST tunedModels/*/permissions", *_ASK):
            return Reply.refusing(400, "FAILED_PRECONDITION")
        reply = send(ask)
        stopped.update(_stopped(reply))

        def drop(page: Json) -> None:
            if predicates.page(page) == "tunedModels":
                page["tunedModels"] = [model for model in page["tunedModels"] if model["name"] not in stopped]

        reply.change(drop)
        return reply

    return spoil


@SHELF.memory
def cancelled_models_stay_in_creation() -> Spoiler:
    """The model of a cancelled run is being created for ever."""
    stopped: set[str] = set()

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        stopped.update(_stopped(reply))
        reply.change(
            lambda value: (
                value.update(state="CREATING") if predicates.model(value) and value["name"] in stopped else None
            )
        )
        return reply

    return spoil


def _stopped(reply: Reply) -> set[str]:
    """Return the models of the cancelled runs that an answer shows."""
    shown = (value for value in objects(reply.json) if predicates.operation(value))
    return {value["metadata"]["tunedModel"] for value in shown if value.get("error", {}).get("code") == 1}
