"""Mutants of models: what is shown of one."""

from __future__ import annotations

from typing import Any

from .. import predicates
from ..mutant import Send, Shelf, Spoiler
from ..predicates import Json
from ..request import Ask
from ..response import Reply

SHELF = Shelf("models")

_SAMPLING = ("temperature", "topP", "topK")


@SHELF.memory
def training_data_shown() -> Spoiler:
    """A model shows what it was trained with."""
    sent: dict[str, Any] = {}

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        if ask.is_("POST tunedModels") and reply.status == 200 and "tuningTask" in ask.json:
            sent[f"tunedModels/{ask.query.get('tunedModelId')}"] = ask.json["tuningTask"]["trainingData"]

        def show(value: Json) -> None:
            if predicates.model(value) and value["name"] in sent:
                value["tuningTask"]["trainingData"] = sent[value["name"]]

        reply.change(show)
        return reply

    return spoil


@SHELF.memory
def what_the_service_sets_is_taken() -> Spoiler:
    """What only the service sets is taken from the body: a state, a time of creation."""
    sent: dict[str, Json] = {}

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        if ask.is_("POST tunedModels", "PATCH tunedModels/*") and reply.status == 200:
            name = ask.model or f"tunedModels/{ask.query.get('tunedModelId')}"
            sent[name] = {key: ask.json[key] for key in ("state", "createTime", "updateTime") if key in ask.json}
        reply.change(lambda value: value.update(sent.get(value["name"], {})) if predicates.model(value) else None)
        return reply

    return spoil


@SHELF.answer
def hyperparameters_hidden(reply: Reply) -> None:
    """A model does not show its hyperparameters."""
    reply.change(lambda value: value.pop("hyperparameters", None))


@SHELF.answer
def sampling_of_its_own(reply: Reply) -> None:
    """A tuned model shows the sampling values of no base model, and none that was sent."""

    def show(value: Json) -> None:
        if predicates.model(value):
            value.update({name: 0.125 for name in _SAMPLING if name in value})

    reply.change(show)


@SHELF.answer
def display_name_is_the_id(reply: Reply) -> None:
    """A model without a display name shows its id as one."""
    reply.change(
        lambda value: (
            value.setdefault("displayName", value["name"].partition("/")[2]) if predicates.model(value) else None
        )
    )


@SHELF.answer
def texts_in_ascii(reply: Reply) -> None:
    """Of a text, only ASCII is kept."""
    if reply.status == 200:
        reply.text = reply.text.encode("ascii", "replace").decode()


@SHELF.answer
def steps_hidden_in_models(reply: Reply) -> None:
    """A tuned model does not show the steps of its run."""
    reply.change(lambda value: value["tuningTask"].pop("snapshots", None) if predicates.model(value) else None)


@SHELF.answer
def base_models_without_methods(reply: Reply) -> None:
    """A base model names none of the methods that tune it."""

    def cut(value: Json) -> None:
        if predicates.base_model(value):
            methods = value["supportedGenerationMethods"]
            value["supportedGenerationMethods"] = [method for method in methods if not method.startswith("create")]

    reply.change(cut)


@SHELF.answer
def base_models_without_limits(reply: Reply) -> None:
    """A base model does not say how many tokens it takes."""
    reply.change(lambda value: value.pop("inputTokenLimit", None))


@SHELF.answer_to
def base_models_listed_in_short(ask: Ask, reply: Reply) -> None:
    """A list of base models shows less of each than it has."""
    if ask.is_("GET models"):
        reply.change(lambda value: value.pop("description", None))


@SHELF.memory
def deletions_forgotten() -> Spoiler:
    """Who deletes a model is answered as if it was gone, and it stays."""

    def spoil(ask: Ask, send: Send) -> Reply:
        if ask.is_("DELETE tunedModels/*"):
            looked = send(ask.getting(ask.model))
            return Reply.saying({}) if looked.status == 200 else send(ask)
        return send(ask)

    return spoil
