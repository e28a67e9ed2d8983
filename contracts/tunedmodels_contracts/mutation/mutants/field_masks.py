"""Mutants of masks: what a patch writes and shows, and what a partial answer has."""

from __future__ import annotations

from dataclasses import replace

from .. import predicates
from ..mutant import Handler, MutantGroup, Send
from ..predicates import Json
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("masks")

_PATCH = "PATCH tunedModels/*"
_CHANGE = "PATCH tunedModels/*/permissions/*"


def _update_mask(request: MutantRequest) -> str:
    return request.query.get("updateMask", request.query.get("update_mask", ""))


@GROUP.stateful
def patches_show_the_whole() -> Handler:
    """Who patches a model is answered with the whole model."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        return send(request.to_get(request.model)) if request.matches(_PATCH) and response.status == 200 else response

    return handle


@GROUP.request
def masks_unused(request: MutantRequest) -> MutantRequest:
    """A patch writes all that the body has, whatever its mask names."""
    return request.with_query(updateMask=None) if request.matches(_PATCH) and _update_mask(request) else request


@GROUP.request
def masks_in_camel_case_alone(request: MutantRequest) -> MutantRequest | MutantResponse:
    """A mask that names members as protobuf does is refused."""
    return (
        MutantResponse.from_error(400, "INVALID_ARGUMENT")
        if request.matches(_PATCH) and "_" in _update_mask(request)
        else request
    )


@GROUP.request
def masks_with_escaped_commas_alone(request: MutantRequest) -> MutantRequest | MutantResponse:
    """A mask whose commas are not percent-encoded names one member, which there is not."""
    encoded = request.matches(_PATCH) and "," in request.url.partition("?")[2]
    return MutantResponse.from_error(400, "INVALID_ARGUMENT") if encoded else request


@GROUP.request
def masks_required(request: MutantRequest) -> MutantRequest | MutantResponse:
    """A patch of a model without a mask is refused."""
    return (
        MutantResponse.from_error(400, "INVALID_ARGUMENT")
        if request.matches(_PATCH) and not _update_mask(request)
        else request
    )


@GROUP.request
def masks_of_permissions_not_required(request: MutantRequest) -> MutantRequest:
    """A patch of a permission needs no mask."""
    return request.with_query(updateMask="role") if request.matches(_CHANGE) and not _update_mask(request) else request


@GROUP.stateful
def patches_forgotten() -> Handler:
    """Who patches a model is answered as if it was written, and it is not."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        if not request.matches(_PATCH):
            return send(request)
        kept = send(request.to_get(request.model)).json
        response = send(request)
        if response.status == 200 and isinstance(kept, dict):
            names = ("displayName", "description", "temperature", "topP", "topK", "readerProjectNumbers")
            back = request.with_query(updateMask=",".join(names))
            send(back.with_json({name: kept[name] for name in names if name in kept}))
        return response

    return handle


@GROUP.stateful
def masks_reach_everything() -> Handler:
    """A mask may name what never changes, a base model or a state: it is written, and shown from then on."""
    written: dict[str, Json] = {}

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        fixed: Json = {
            name: request.json[name]
            for name in ("baseModel", "state")
            if name in request.json and name in _update_mask(request)
        }
        if request.matches(_PATCH) and fixed:
            written.setdefault(request.model, {}).update(fixed)
            return MutantResponse.from_json(fixed)
        response = send(request)
        response.change_objects(
            lambda value: value.update(written.get(str(value.get("name")), {})) if predicates.is_model(value) else None
        )
        return response

    return handle


@GROUP.response_to
def changed_permissions_in_part(request: MutantRequest, response: MutantResponse) -> None:
    """Who changes a permission is answered with what the mask names, as of a model."""
    if request.matches(_CHANGE) and response.status == 200:
        response.json = {"role": response.json["role"]}


@GROUP.stateful
def permissions_change_in_word_alone() -> Handler:
    """Who changes a permission is answered as if it was written, and it is not."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        if request.matches(_CHANGE) and isinstance(request.json.get("role"), str) and _update_mask(request) == "role":
            response = send(request.to_get(request.path))
            response.change_objects(lambda value: value.update(role=request.json["role"]))
            return response
        return send(request)

    return handle


@GROUP.request
def partial_answers_unknown(request: MutantRequest) -> MutantRequest:
    """An answer is whole, whatever was asked for."""
    headers = {name: value for name, value in request.headers.items() if name.lower() != "x-goog-fieldmask"}
    whole = replace(request, headers=headers) if len(headers) < len(request.headers) else request
    return (
        whole.with_query(**{"fields": None, "$fields": None}) if {"fields", "$fields"} & set(request.query) else whole
    )


@GROUP.request
def partial_answers_one_level_deep(request: MutantRequest) -> MutantRequest:
    """A mask of an answer names members of the first level alone."""
    fields = request.query.get("fields", "")
    return request.with_query(fields=fields.replace("(", "/").split("/")[0]) if {"/", "("} & set(fields) else request
