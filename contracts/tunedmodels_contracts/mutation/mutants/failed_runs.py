"""Mutants of failing: what becomes of a run that fails, and of its model."""

from __future__ import annotations

from collections.abc import Callable

from .. import predicates
from ..mutant import Handler, MutantGroup, Send
from ..predicates import Json
from ..request import MutantRequest
from ..response import MutantResponse, objects

GROUP = MutantGroup("failing")

_CREATE = "POST tunedModels"
_ASK = ("POST tunedModels/*:generateContent", "POST tunedModels/*:streamGenerateContent")
_ANSWER: Json = {"candidates": [{"content": {"parts": [{"text": "4"}], "role": "model"}, "finishReason": "STOP"}]}


def _edit_failed_operations(response: MutantResponse, edit: Callable[[Json], object]) -> None:
    response.change_objects(lambda value: edit(value) if _is_failed_operation(value) else None)


def _is_failed_operation(value: Json) -> bool:
    """Whether it is an operation that failed; a cancelled one has an error too."""
    return predicates.is_operation(value) and value.get("error", {}).get("code", 1) != 1


@GROUP.response
def failures_by_http_status(response: MutantResponse) -> None:
    """The error of a failed run has the number of an HTTP status, 500."""
    _edit_failed_operations(response, lambda value: value["error"].update(code=500))


@GROUP.response
def failures_without_words(response: MutantResponse) -> None:
    """The error of a failed run has no message."""
    _edit_failed_operations(response, lambda value: value["error"].pop("message"))


@GROUP.response
def failures_are_results(response: MutantResponse) -> None:
    """A failed run has a response as if it had succeeded, with the model that failed."""
    _edit_failed_operations(
        response,
        lambda value: (
            value.update(response={"name": value["metadata"]["tunedModel"], "state": "FAILED"}) or value.pop("error")
        ),
    )


@GROUP.response
def failures_go_on(response: MutantResponse) -> None:
    """A failed run has its error, and does not say that it is done."""
    _edit_failed_operations(response, lambda value: value.pop("done"))


@GROUP.response
def failures_come_first(response: MutantResponse) -> None:
    """A failed operation has its error before all else."""

    def first(value: Json) -> None:
        predicates.replace_members(value, **{"error": value["error"]} | value)

    _edit_failed_operations(response, first)


@GROUP.response
def failures_lose_their_steps(response: MutantResponse) -> None:
    """A failed operation shows no step that it took; its model does."""
    names = ("completedSteps", "completedPercent", "snapshots")
    _edit_failed_operations(response, lambda value: [value["metadata"].pop(name, None) for name in names])


@GROUP.response
def failed_models_are_active(response: MutantResponse) -> None:
    """The model of a failed run is ACTIVE."""
    response.change_objects(
        lambda value: (
            value.update(state="ACTIVE") if predicates.is_model(value) and value.get("state") == "FAILED" else None
        )
    )


def _with_failed_models(answer: Callable[[MutantRequest, set[str]], MutantResponse | None]) -> Handler:
    """Return what answers in the place of the server where *answer*, told which models' runs have failed, does."""
    failed: set[str] = set()

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        changed_answers = answer(request, failed)
        if changed_answers is not None:
            return changed_answers
        response = send(request)
        failed.update(_failed_models(response))
        return response

    return handle


@GROUP.stateful
def ids_of_failed_models_are_free() -> Handler:
    """Who creates a model under the id of one whose run failed is answered as if there was none."""

    def answer(request: MutantRequest, failed: set[str]) -> MutantResponse | None:
        name = f"tunedModels/{request.query.get('tunedModelId')}"
        if name not in failed or not request.matches(_CREATE):
            return None
        operation = {"name": f"{name}/operations/again", "metadata": {"totalSteps": 38, "tunedModel": name}}
        return MutantResponse.from_json(operation)

    return _with_failed_models(answer)


@GROUP.stateful
def failed_models_answer() -> Handler:
    """The model of a failed run can be asked."""

    def answer(request: MutantRequest, failed: set[str]) -> MutantResponse | None:
        if request.model not in failed or not request.matches(*_ASK):
            return None
        return MutantResponse.from_json([_ANSWER] if "stream" in request.path else _ANSWER)

    return _with_failed_models(answer)


@GROUP.stateful
def failed_models_stay() -> Handler:
    """The model of a failed run cannot be deleted."""

    def answer(request: MutantRequest, failed: set[str]) -> MutantResponse | None:
        if request.model not in failed or not request.matches("DELETE tunedModels/*"):
            return None
        return MutantResponse.from_error(400, "FAILED_PRECONDITION", "Precondition check failed.")

    return _with_failed_models(answer)


@GROUP.stateful
def failures_spread() -> Handler:
    """Once a run has failed, no other is begun under the same display name."""
    failed: set[str] = set()

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        if request.matches(_CREATE) and request.json.get("displayName") in failed:
            return MutantResponse.from_error(400, "FAILED_PRECONDITION", "Precondition check failed.")
        response = send(request)
        shown = (value for value in objects(response.json) if predicates.is_model(value))
        failed.update(value["displayName"] for value in shown if value.get("state") == "FAILED")
        return response

    return handle


def _failed_models(response: MutantResponse) -> set[str]:
    """Return the models of the failed runs that an answer shows."""
    return {value["metadata"]["tunedModel"] for value in objects(response.json) if _is_failed_operation(value)}
