"""Mutants of creation: ids, limits, and what a run begins with."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from .. import predicates
from ..mutant import Handler, MutantGroup, Send
from ..predicates import Json
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("creation")

_CREATE = "POST tunedModels"
_TYPE = "type.googleapis.com/google.ai.generativelanguage.v1beta.CreateTunedModelMetadata"


def _hyperparameters(request: MutantRequest) -> Json:
    task = request.json.get("tuningTask") or {}
    hyperparameters = task.get("hyperparameters") if isinstance(task, dict) else None
    return hyperparameters if isinstance(hyperparameters, dict) else {}


@GROUP.response_to
def creations_unchecked(request: MutantRequest, response: MutantResponse) -> None:
    """Whatever model is to be made, a run begins: its id, its examples and its limits are not checked."""
    if request.matches(_CREATE) and response.is_invalid_argument:
        name = f"tunedModels/{request.query.get('tunedModelId', 'unchecked')}"
        metadata = {"@type": _TYPE, "totalSteps": 1, "tunedModel": name}
        response.replace_with(
            MutantResponse.from_json({"name": f"{name}/operations/abcdefghijkl", "metadata": metadata})
        )


@GROUP.request
def bytes_are_characters(request: MutantRequest) -> MutantRequest:
    """The limit of a display name counts its characters, not their bytes."""
    sent = request.json if request.matches(_CREATE, "PATCH tunedModels/*") else {}
    name = sent.get("displayName", "")
    return request.with_json({**sent, "displayName": "x" * len(name)}) if isinstance(name, str) and name else request


@GROUP.request
def limits_off_by_one(request: MutantRequest) -> MutantRequest | MutantResponse:
    """What is as long as it may be is too long: ids and display names of forty."""
    if request.matches(_CREATE):
        display_name = request.json.get("displayName", "")
        if len(request.query.get("tunedModelId", "")) == 40 or len(str(display_name).encode()) == 40:
            return MutantResponse.from_error(400, "INVALID_ARGUMENT")
    return request


@GROUP.request
def ids_always_made_up(request: MutantRequest) -> MutantRequest:
    """A model gets an id that the display name has nothing to do with, where none was sent."""
    if request.matches(_CREATE) and "tunedModelId" not in request.query:
        return request.with_query(tunedModelId=f"m-{secrets.token_hex(8)}")
    return request


@GROUP.request
def ids_without_a_random_part(request: MutantRequest) -> MutantRequest:
    """A model gets its display name as its id, so that there is but one of a name."""
    name = request.json.get("displayName") if request.matches(_CREATE) else None
    if name and "tunedModelId" not in request.query:
        return request.with_query(tunedModelId=re.sub("[^a-z0-9]+", "-", str(name).lower()).strip("-")[:40])
    return request


@GROUP.request
def given_ids_unused(request: MutantRequest) -> MutantRequest:
    """A model gets an id of the service's making, though one was sent."""
    given = request.query.get("tunedModelId", "") if request.matches(_CREATE) else ""
    return (
        request.with_query(tunedModelId=f"m-{secrets.token_hex(8)}")
        if re.fullmatch("contracts-[0-9a-f]+", given)
        else request
    )


def _rename_both_ways(there: Callable[[str], str], back: Callable[[str], str], pattern: str) -> Handler:
    """Return a spoiler that renames ids in answers, and takes them under their new names."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        path = re.sub(pattern, lambda found: found[1] + back(found[2]), request.path)
        response = send(request.with_path(path) if path != request.path else request)
        if response.status == 200:
            response.text = re.sub(pattern, lambda found: found[1] + there(found[2]), response.text)
        return response

    return handle


@GROUP.stateful
def operation_ids_in_capitals() -> Handler:
    """The ids of operations have capital letters."""
    return _rename_both_ways(str.upper, str.lower, r"(/operations/)([A-Za-z0-9]+)")


@GROUP.stateful
def operations_of_no_model() -> Handler:
    """An operation's name is operations/ and an id, as in other APIs, without its model before it."""
    full: dict[str, str] = {}

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        name, _, verb = request.path.partition(":")
        path = f"{full.get(name, name)}{':' if verb else ''}{verb}"
        response = send(request.with_path(path) if path != request.path else request)

        def cut(value: Json) -> None:
            if predicates.is_operation(value):
                short = value["name"].partition("/operations/")[2]
                full[f"operations/{short}"] = value["name"]
                value["name"] = f"operations/{short}"

        response.change_objects(cut)
        return response

    return handle


@GROUP.response
def conflicts_as_bad_requests(response: MutantResponse) -> None:
    """An id that is taken is an invalid argument."""
    if response.status == 409:
        response.replace_with(MutantResponse.from_error(400, "INVALID_ARGUMENT"))


@GROUP.response_to
def ids_of_others_are_conflicts(request: MutantRequest, response: MutantResponse) -> None:
    """An id that somebody else has is taken, not forbidden."""
    if request.matches(_CREATE) and response.status == 403:
        response.replace_with(MutantResponse.from_error(409, "ALREADY_EXISTS"))


@GROUP.request
def hyperparameters_required(request: MutantRequest) -> MutantRequest | MutantResponse:
    """A run without hyperparameters is refused."""
    if request.matches(_CREATE) and "baseModel" in request.json and not _hyperparameters(request):
        return MutantResponse.from_error(400, "INVALID_ARGUMENT")
    return request


@GROUP.request
def default_batches_of_eight(request: MutantRequest) -> MutantRequest:
    """Where no batch size is sent, a batch has eight examples."""
    if request.matches(_CREATE) and "baseModel" in request.json and not _hyperparameters(request):
        task = {**request.json.get("tuningTask", {}), "hyperparameters": {"batchSize": 8}}
        return request.with_json({**request.json, "tuningTask": task})
    return request


@GROUP.request
def multipliers_unknown(request: MutantRequest) -> MutantRequest | MutantResponse:
    """A learning rate cannot be a multiple of the recommended one."""
    if request.matches(_CREATE) and "learningRateMultiplier" in _hyperparameters(request):
        return MutantResponse.from_error(400, "INVALID_ARGUMENT")
    return request


@GROUP.stateful
def steps_rounded_down() -> Handler:
    """The last batch, which is not full, is not counted among the steps."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        asked = _hyperparameters(request) if request.matches(_CREATE) else {}
        if asked and response.status == 200:
            rows = request.json["tuningTask"]["trainingData"]["examples"]["examples"]
            steps = len(rows) * asked.get("epochCount", 5) // asked.get("batchSize", 4)
            response.change_objects(
                lambda value: value.update(totalSteps=steps) if predicates.is_progress(value) else None
            )
        return response

    return handle


@GROUP.stateful
def invisible_at_first() -> Handler:
    """A new model is not seen at once: the first look at it, and the first list, do not find it."""
    new: set[str] = set()
    unlisted: set[str] = set()

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        if request.matches(_CREATE) and response.status == 200:
            name = f"tunedModels/{request.query.get('tunedModelId', '')}"
            new.add(name)
            unlisted.add(name)
        elif request.matches("GET tunedModels/*") and request.model in new:
            new.remove(request.model)
            return MutantResponse.from_error(404, "NOT_FOUND")
        elif request.matches("GET tunedModels"):
            response.change_objects(
                lambda page: (
                    page.update(tunedModels=[one for one in page["tunedModels"] if one["name"] not in unlisted])
                    if predicates.entries_member(page)
                    else None
                )
            )
            unlisted.clear()
        return response

    return handle
