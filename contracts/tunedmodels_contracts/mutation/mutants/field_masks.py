"""Mutants of masks: what a patch writes and shows, and what a partial answer has."""

from __future__ import annotations

from dataclasses import replace

from .. import predicates
from ..mutant import Send, Shelf, Spoiler
from ..predicates import Json
from ..request import Ask
from ..response import Reply

SHELF = Shelf("masks")

_PATCH = "PATCH tunedModels/*"
_CHANGE = "PATCH tunedModels/*/permissions/*"


def _mask(ask: Ask) -> str:
    return ask.query.get("updateMask", ask.query.get("update_mask", ""))


@SHELF.memory
def patches_show_the_whole() -> Spoiler:
    """Who patches a model is answered with the whole model."""

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        return send(ask.getting(ask.model)) if ask.is_(_PATCH) and reply.status == 200 else reply

    return spoil


@SHELF.question
def masks_unused(ask: Ask) -> Ask:
    """A patch writes all that the body has, whatever its mask names."""
    return ask.with_query(updateMask=None) if ask.is_(_PATCH) and _mask(ask) else ask


@SHELF.question
def masks_in_camel_case_alone(ask: Ask) -> Ask | Reply:
    """A mask that names members as protobuf does is refused."""
    return Reply.refusing(400, "INVALID_ARGUMENT") if ask.is_(_PATCH) and "_" in _mask(ask) else ask


@SHELF.question
def masks_with_escaped_commas_alone(ask: Ask) -> Ask | Reply:
    """A mask whose commas are not percent-encoded names one member, which there is not."""
    encoded = ask.is_(_PATCH) and "," in ask.url.partition("?")[2]
    return Reply.refusing(400, "INVALID_ARGUMENT") if encoded else ask


@SHELF.question
def masks_required(ask: Ask) -> Ask | Reply:
    """A patch of a model without a mask is refused."""
    return Reply.refusing(400, "INVALID_ARGUMENT") if ask.is_(_PATCH) and not _mask(ask) else ask


@SHELF.question
def masks_of_permissions_not_required(ask: Ask) -> Ask:
    """A patch of a permission needs no mask."""
    return ask.with_query(updateMask="role") if ask.is_(_CHANGE) and not _mask(ask) else ask


@SHELF.memory
def patches_forgotten() -> Spoiler:
    """Who patches a model is answered as if it was written, and it is not."""

    def spoil(ask: Ask, send: Send) -> Reply:
        if not ask.is_(_PATCH):
            return send(ask)
        kept = send(ask.getting(ask.model)).json
        reply = send(ask)
        if reply.status == 200 and isinstance(kept, dict):
            names = ("displayName", "description", "temperature", "topP", "topK", "readerProjectNumbers")
            back = ask.with_query(updateMask=",".join(names))
            send(back.with_json({name: kept[name] for name in names if name in kept}))
        return reply

    return spoil


@SHELF.memory
def masks_reach_everything() -> Spoiler:
    """A mask may name what never changes, a base model or a state: it is written, and shown from then on."""
    written: dict[str, Json] = {}

    def spoil(ask: Ask, send: Send) -> Reply:
        fixed: Json = {
            name: ask.json[name] for name in ("baseModel", "state") if name in ask.json and name in _mask(ask)
        }
        if ask.is_(_PATCH) and fixed:
            written.setdefault(ask.model, {}).update(fixed)
            return Reply.saying(fixed)
        reply = send(ask)
        reply.change(
            lambda value: value.update(written.get(str(value.get("name")), {})) if predicates.model(value) else None
        )
        return reply

    return spoil


@SHELF.answer_to
def changed_permissions_in_part(ask: Ask, reply: Reply) -> None:
    """Who changes a permission is answered with what the mask names, as of a model."""
    if ask.is_(_CHANGE) and reply.status == 200:
        reply.json = {"role": reply.json["role"]}


@SHELF.memory
def permissions_change_in_word_alone() -> Spoiler:
    """Who changes a permission is answered as if it was written, and it is not."""

    def spoil(ask: Ask, send: Send) -> Reply:
        if ask.is_(_CHANGE) and isinstance(ask.json.get("role"), str) and _mask(ask) == "role":
            reply = send(ask.getting(ask.path))
            reply.change(lambda value: value.update(role=ask.json["role"]))
            return reply
        return send(ask)

    return spoil


@SHELF.question
def partial_answers_unknown(ask: Ask) -> Ask:
    """An answer is whole, whatever was asked for."""
    headers = {name: value for name, value in ask.headers.items() if name.lower() != "x-goog-fieldmask"}
    whole = replace(ask, headers=headers) if len(headers) < len(ask.headers) else ask
    return whole.with_query(**{"fields": None, "$fields": None}) if {"fields", "$fields"} & set(ask.query) else whole


@SHELF.question
def partial_answers_one_level_deep(ask: Ask) -> Ask:
    """A mask of an answer names members of the first level alone."""
    fields = ask.query.get("fields", "")
    return ask.with_query(fields=fields.replace("(", "/").split("/")[0]) if {"/", "("} & set(fields) else ask
