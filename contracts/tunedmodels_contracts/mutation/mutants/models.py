"""Mutants of models: what is shown of one."""

from __future__ import annotations

from typing import Any

from .. import predicates
from ..mutant import Handler, MutantGroup, Send
from ..predicates import Json
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("models")

_SAMPLING = ("temperature", "topP", "topK")


@GROUP.stateful
def training_data_shown() -> Handler:
    """A model shows what it was trained with."""
    sent: dict[str, Any] = {}

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        if request.matches("POST tunedModels") and response.status == 200 and "tuningTask" in request.json:
            sent[f"tunedModels/{request.query.get('tunedModelId')}"] = request.json["tuningTask"]["trainingData"]

        def show(value: Json) -> None:
            if predicates.is_model(value) and value["name"] in sent:
                value["tuningTask"]["trainingData"] = sent[value["name"]]

        response.change_objects(show)
        return response

    return handle


@GROUP.stateful
def what_the_service_sets_is_taken() -> Handler:
    """What only the service sets is taken from the body: a state, a time of creation."""
    sent: dict[str, Json] = {}

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        if request.matches("POST tunedModels", "PATCH tunedModels/*") and response.status == 200:
            name = request.model or f"tunedModels/{request.query.get('tunedModelId')}"
            sent[name] = {
                key: request.json[key] for key in ("state", "createTime", "updateTime") if key in request.json
            }
        response.change_objects(
            lambda value: value.update(sent.get(value["name"], {})) if predicates.is_model(value) else None
        )
        return response

    return handle


@GROUP.response
def hyperparameters_hidden(response: MutantResponse) -> None:
    """A model does not show its hyperparameters."""
    response.change_objects(lambda value: value.pop("hyperparameters", None))


@GROUP.response
def sampling_of_its_own(response: MutantResponse) -> None:
    """A tuned model shows the sampling values of no base model, and none that was sent."""

    def show(value: Json) -> None:
        if predicates.is_model(value):
            value.update({name: 0.125 for name in _SAMPLING if name in value})

    response.change_objects(show)


@GROUP.response
def display_name_is_the_id(response: MutantResponse) -> None:
    """A model without a display name shows its id as one."""
    response.change_objects(
        lambda value: (
            value.setdefault("displayName", value["name"].partition("/")[2]) if predicates.is_model(value) else None
        )
    )


@GROUP.response
def texts_in_ascii(response: MutantResponse) -> None:
    """Of a text, only ASCII is kept."""
    if response.status == 200:
        response.text = response.text.encode("ascii", "replace").decode()


@GROUP.response
def steps_hidden_in_models(response: MutantResponse) -> None:
    """A tuned model does not show the steps of its run."""
    response.change_objects(
        lambda value: value["tuningTask"].pop("snapshots", None) if predicates.is_model(value) else None
    )


@GROUP.response
def base_models_without_methods(response: MutantResponse) -> None:
    """A base model names none of the methods that tune it."""

    def cut(value: Json) -> None:
        if predicates.is_base_model(value):
            methods = value["supportedGenerationMethods"]
            value["supportedGenerationMethods"] = [method for method in methods if not method.startswith("create")]

    response.change_objects(cut)


@GROUP.response
def base_models_without_limits(response: MutantResponse) -> None:
    """A base model does not say how many tokens it takes."""
    response.change_objects(lambda value: value.pop("inputTokenLimit", None))


@GROUP.response_to
def base_models_listed_in_short(request: MutantRequest, response: MutantResponse) -> None:
    """A list of base models shows less of each than it has."""
    if request.matches("GET models"):
        response.change_objects(lambda value: value.pop("description", None))


@GROUP.stateful
def deletions_forgotten() -> Handler:
    """Who deletes a model is answered as if it was gone, and it stays."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        if request.matches("DELETE tunedModels/*"):
            looked = send(request.to_get(request.model))
            return MutantResponse.from_json({}) if looked.status == 200 else send(request)
        return send(request)

    return handle
