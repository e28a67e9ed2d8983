"""Mutants of failing: what becomes of a run that fails, and of its model."""

from __future__ import annotations

from collections.abc import Callable

from .. import predicates
from ..mutant import Send, Shelf, Spoiler
from ..predicates import Json
from ..request import Ask
from ..response import Reply, objects

SHELF = Shelf("failing")

_CREATE = "POST tunedModels"
_ASK = ("POST tunedModels/*:generateContent", "POST tunedModels/*:streamGenerateContent")
_ANSWER: Json = {"candidates": [{"content": {"parts": [{"text": "4"}], "role": "model"}, "finishReason": "STOP"}]}


def _each(reply: Reply, how: Callable[[Json], object]) -> None:
    reply.change(lambda value: how(value) if _failure(value) else None)


def _failure(value: Json) -> bool:
    """Whether it is an operation that failed; a cancelled one has an error too."""
    return predicates.operation(value) and value.get("error", {}).get("code", 1) != 1


@SHELF.answer
def failures_by_http_status(reply: Reply) -> None:
    """The error of a failed run has the number of an HTTP status, 500."""
    _each(reply, lambda value: value["error"].update(code=500))


@SHELF.answer
def failures_without_words(reply: Reply) -> None:
    """The error of a failed run has no message."""
    _each(reply, lambda value: value["error"].pop("message"))


@SHELF.answer
def failures_are_results(reply: Reply) -> None:
    """A failed run has a response as if it had succeeded, with the model that failed."""
    _each(
        reply,
        lambda value: (
            value.update(response={"name": value["metadata"]["tunedModel"], "state": "FAILED"}) or value.pop("error")
        ),
    )


@SHELF.answer
def failures_go_on(reply: Reply) -> None:
    """A failed run has its error, and does not say that it is done."""
    _each(reply, lambda value: value.pop("done"))


@SHELF.answer
def failures_come_first(reply: Reply) -> None:
    """A failed operation has its error before all else."""

    def first(value: Json) -> None:
        predicates.put(value, **{"error": value["error"]} | value)

    _each(reply, first)


@SHELF.answer
def failures_lose_their_steps(reply: Reply) -> None:
    """A failed operation shows no step that it took; its model does."""
    names = ("completedSteps", "completedPercent", "snapshots")
    _each(reply, lambda value: [value["metadata"].pop(name, None) for name in names])


@SHELF.answer
def failed_models_are_active(reply: Reply) -> None:
    """The model of a failed run is ACTIVE."""
    reply.change(
        lambda value: (
            value.update(state="ACTIVE") if predicates.model(value) and value.get("state") == "FAILED" else None
        )
    )


def _remembering(answer: Callable[[Ask, set[str]], Reply | None]) -> Spoiler:
    """Return what answers in the place of the server where *answer*, told which models' runs have failed, does."""
    failed: set[str] = set()

    def spoil(ask: Ask, send: Send) -> Reply:
        spoiled = answer(ask, failed)
        if spoiled is not None:
            return spoiled
        reply = send(ask)
        failed.update(_failed(reply))
        return reply

    return spoil


@SHELF.memory
def ids_of_failed_models_are_free() -> Spoiler:
    """Who creates a model under the id of one whose run failed is answered as if there was none."""

    def answer(ask: Ask, failed: set[str]) -> Reply | None:
        name = f"tunedModels/{ask.query.get('tunedModelId')}"
        if name not in failed or not ask.is_(_CREATE):
            return None
        operation = {"name": f"{name}/operations/again", "metadata": {"totalSteps": 38, "tunedModel": name}}
        return Reply.saying(operation)

    return _remembering(answer)


@SHELF.memory
def failed_models_answer() -> Spoiler:
    """The model of a failed run can be asked."""

    def answer(ask: Ask, failed: set[str]) -> Reply | None:
        if ask.model not in failed or not ask.is_(*_ASK):
            return None
        return Reply.saying([_ANSWER] if "stream" in ask.path else _ANSWER)

    return _remembering(answer)


@SHELF.memory
def failed_models_stay() -> Spoiler:
    """The model of a failed run cannot be deleted."""

    def answer(ask: Ask, failed: set[str]) -> Reply | None:
        if ask.model not in failed or not ask.is_("DELETE tunedModels/*"):
            return None
        return Reply.refusing(400, "FAILED_PRECONDITION", "Precondition check failed.")

    return _remembering(answer)


@SHELF.memory
def failures_spread() -> Spoiler:
    """Once a run has failed, no other is begun under the same display name."""
    failed: set[str] = set()

    def spoil(ask: Ask, send: Send) -> Reply:
        if ask.is_(_CREATE) and ask.json.get("displayName") in failed:
            return Reply.refusing(400, "FAILED_PRECONDITION", "Precondition check failed.")
        reply = send(ask)
        shown = (value for value in objects(reply.json) if predicates.model(value))
        failed.update(value["displayName"] for value in shown if value.get("state") == "FAILED")
        return reply

    return spoil


def _failed(reply: Reply) -> set[str]:
    """Return the models of the failed runs that an answer shows."""
    return {value["metadata"]["tunedModel"] for value in objects(reply.json) if _failure(value)}
