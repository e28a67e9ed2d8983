"""Mutants of cancelling: what becomes of a run that is stopped, and of its model."""

from __future__ import annotations

from .. import predicates
from ..mutant import Handler, MutantGroup, Send
from ..predicates import Json
from ..request import MutantRequest
from ..response import MutantResponse, objects

GROUP = MutantGroup("cancelling")

_CANCEL = "POST tunedModels/*/operations/*:cancel"
_ASK = ("POST tunedModels/*:generateContent", "POST tunedModels/*:streamGenerateContent")


@GROUP.response
def cancelled_by_http_status(response: MutantResponse) -> None:
    """The error of a cancelled run has the number of an HTTP status, 499."""
    response.change_objects(
        lambda value: value["error"].update(code=499) if predicates.is_operation(value) and "error" in value else None
    )


@GROUP.stateful
def cancel_ignored() -> Handler:
    """Who cancels a run is answered as if it was stopped, and it goes on."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        if request.matches(_CANCEL) and request.version == "v1":
            looked = send(request.to_get(request.path.partition(":")[0]))
            return MutantResponse.from_json({}) if looked.status == 200 else looked
        return send(request)

    return handle


@GROUP.request
def cancel_needs_a_body(request: MutantRequest) -> MutantRequest | MutantResponse:
    """Who cancels a run without a body is refused."""
    return (
        MutantResponse.from_error(400, "INVALID_ARGUMENT") if request.matches(_CANCEL) and not request.body else request
    )


@GROUP.stateful
def cancel_changes_the_end() -> Handler:
    """Who cancels a run that has ended makes it a cancelled one."""
    stopped: set[str] = set()

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        if request.matches(_CANCEL) and response.status == 200:
            stopped.add(request.path.removesuffix(":cancel"))

        def change(value: Json) -> None:
            if value["name"] in stopped and value.pop("response", None):
                value["error"] = {"code": 1, "message": "Cancelled."}

        response.change_objects(lambda value: change(value) if predicates.is_operation(value) else None)
        return response

    return handle


@GROUP.stateful
def cancelled_models_are_dead() -> Handler:
    """The model of a cancelled run is not listed, cannot be asked, and cannot be shared."""
    stopped: set[str] = set()

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        if request.model in stopped and request.matches("POST tunedModels/*/permissions", *_ASK):
            return MutantResponse.from_error(400, "FAILED_PRECONDITION")
        response = send(request)
        stopped.update(_cancelled_models(response))

        def drop(page: Json) -> None:
            if predicates.entries_member(page) == "tunedModels":
                page["tunedModels"] = [model for model in page["tunedModels"] if model["name"] not in stopped]

        response.change_objects(drop)
        return response

    return handle


@GROUP.stateful
def cancelled_models_stay_in_creation() -> Handler:
    """The model of a cancelled run is being created for ever."""
    stopped: set[str] = set()

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        stopped.update(_cancelled_models(response))
        response.change_objects(
            lambda value: (
                value.update(state="CREATING") if predicates.is_model(value) and value["name"] in stopped else None
            )
        )
        return response

    return handle


def _cancelled_models(response: MutantResponse) -> set[str]:
    """Return the models of the cancelled runs that an answer shows."""
    shown = (value for value in objects(response.json) if predicates.is_operation(value))
    return {value["metadata"]["tunedModel"] for value in shown if value.get("error", {}).get("code") == 1}
