"""Mutants of creation: ids, limits, and what a run begins with."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from .. import predicates
from ..mutant import Send, Shelf, Spoiler
from ..predicates import Json
from ..request import Ask
from ..response import Reply

SHELF = Shelf("creation")

_CREATE = "POST tunedModels"
_TYPE = "type.googleapis.com/google.ai.generativelanguage.v1beta.CreateTunedModelMetadata"


def _hyperparameters(ask: Ask) -> Json:
    task = ask.json.get("tuningTask") or {}
    hyperparameters = task.get("hyperparameters") if isinstance(task, dict) else None
    return hyperparameters if isinstance(hyperparameters, dict) else {}


@SHELF.answer_to
def creations_unchecked(ask: Ask, reply: Reply) -> None:
    """Whatever model is to be made, a run begins: its id, its examples and its limits are not checked."""
    if ask.is_(_CREATE) and reply.invalid:
        name = f"tunedModels/{ask.query.get('tunedModelId', 'unchecked')}"
        metadata = {"@type": _TYPE, "totalSteps": 1, "tunedModel": name}
        reply.become(Reply.saying({"name": f"{name}/operations/abcdefghijkl", "metadata": metadata}))


@SHELF.question
def bytes_are_characters(ask: Ask) -> Ask:
    """The limit of a display name counts its characters, not their bytes."""
    sent = ask.json if ask.is_(_CREATE, "PATCH tunedModels/*") else {}
    name = sent.get("displayName", "")
    return ask.with_json({**sent, "displayName": "x" * len(name)}) if isinstance(name, str) and name else ask


@SHELF.question
def limits_off_by_one(ask: Ask) -> Ask | Reply:
    """What is as long as it may be is too long: ids and display names of forty."""
    if ask.is_(_CREATE):
        display_name = ask.json.get("displayName", "")
        if len(ask.query.get("tunedModelId", "")) == 40 or len(str(display_name).encode()) == 40:
            return Reply.refusing(400, "INVALID_ARGUMENT")
    return ask


@SHELF.question
def ids_always_made_up(ask: Ask) -> Ask:
    """A model gets an id that the display name has nothing to do with, where none was sent."""
    if ask.is_(_CREATE) and "tunedModelId" not in ask.query:
        return ask.with_query(tunedModelId=f"m-{secrets.token_hex(8)}")
    return ask


@SHELF.question
def ids_without_a_random_part(ask: Ask) -> Ask:
    """A model gets its display name as its id, so that there is but one of a name."""
    name = ask.json.get("displayName") if ask.is_(_CREATE) else None
    if name and "tunedModelId" not in ask.query:
        return ask.with_query(tunedModelId=re.sub("[^a-z0-9]+", "-", str(name).lower()).strip("-")[:40])
    return ask


@SHELF.question
def given_ids_unused(ask: Ask) -> Ask:
    """A model gets an id of the service's making, though one was sent."""
    given = ask.query.get("tunedModelId", "") if ask.is_(_CREATE) else ""
    return (
        ask.with_query(tunedModelId=f"m-{secrets.token_hex(8)}") if re.fullmatch("contracts-[0-9a-f]+", given) else ask
    )


def _renamed(there: Callable[[str], str], back: Callable[[str], str], pattern: str) -> Spoiler:
    """Return a spoiler that renames ids in answers, and takes them under their new names."""

    def spoil(ask: Ask, send: Send) -> Reply:
        path = re.sub(pattern, lambda found: found[1] + back(found[2]), ask.path)
        reply = send(ask.with_path(path) if path != ask.path else ask)
        if reply.status == 200:
            reply.text = re.sub(pattern, lambda found: found[1] + there(found[2]), reply.text)
        return reply

    return spoil


@SHELF.memory
def operation_ids_in_capitals() -> Spoiler:
    """The ids of operations have capital letters."""
    return _renamed(str.upper, str.lower, r"(/operations/)([A-Za-z0-9]+)")


@SHELF.memory
def operations_of_no_model() -> Spoiler:
    """An operation's name is operations/ and an id, as in other APIs, without its model before it."""
    full: dict[str, str] = {}

    def spoil(ask: Ask, send: Send) -> Reply:
        name, _, verb = ask.path.partition(":")
        path = f"{full.get(name, name)}{':' if verb else ''}{verb}"
        reply = send(ask.with_path(path) if path != ask.path else ask)

        def cut(value: Json) -> None:
            if predicates.operation(value):
                short = value["name"].partition("/operations/")[2]
                full[f"operations/{short}"] = value["name"]
                value["name"] = f"operations/{short}"

        reply.change(cut)
        return reply

    return spoil


@SHELF.answer
def conflicts_as_bad_requests(reply: Reply) -> None:
    """An id that is taken is an invalid argument."""
    if reply.status == 409:
        reply.become(Reply.refusing(400, "INVALID_ARGUMENT"))


@SHELF.answer_to
def ids_of_others_are_conflicts(ask: Ask, reply: Reply) -> None:
    """An id that somebody else has is taken, not forbidden."""
    if ask.is_(_CREATE) and reply.status == 403:
        reply.become(Reply.refusing(409, "ALREADY_EXISTS"))


@SHELF.question
def hyperparameters_required(ask: Ask) -> Ask | Reply:
    """A run without hyperparameters is refused."""
    if ask.is_(_CREATE) and "baseModel" in ask.json and not _hyperparameters(ask):
        return Reply.refusing(400, "INVALID_ARGUMENT")
    return ask


@SHELF.question
def default_batches_of_eight(ask: Ask) -> Ask:
    """Where no batch size is sent, a batch has eight examples."""
    if ask.is_(_CREATE) and "baseModel" in ask.json and not _hyperparameters(ask):
        task = {**ask.json.get("tuningTask", {}), "hyperparameters": {"batchSize": 8}}
        return ask.with_json({**ask.json, "tuningTask": task})
    return ask


@SHELF.question
def multipliers_unknown(ask: Ask) -> Ask | Reply:
    """A learning rate cannot be a multiple of the recommended one."""
    if ask.is_(_CREATE) and "learningRateMultiplier" in _hyperparameters(ask):
        return Reply.refusing(400, "INVALID_ARGUMENT")
    return ask


@SHELF.memory
def steps_rounded_down() -> Spoiler:
    """The last batch, which is not full, is not counted among the steps."""

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        asked = _hyperparameters(ask) if ask.is_(_CREATE) else {}
        if asked and reply.status == 200:
            rows = ask.json["tuningTask"]["trainingData"]["examples"]["examples"]
            steps = len(rows) * asked.get("epochCount", 5) // asked.get("batchSize", 4)
            reply.change(lambda value: value.update(totalSteps=steps) if predicates.progress(value) else None)
        return reply

    return spoil


@SHELF.memory
def invisible_at_first() -> Spoiler:
    """A new model is not seen at once: the first look at it, and the first list, do not find it."""
    new: set[str] = set()
    unlisted: set[str] = set()

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        if ask.is_(_CREATE) and reply.status == 200:
            name = f"tunedModels/{ask.query.get('tunedModelId', '')}"
            new.add(name)
            unlisted.add(name)
        elif ask.is_("GET tunedModels/*") and ask.model in new:
            new.remove(ask.model)
            return Reply.refusing(404, "NOT_FOUND")
        elif ask.is_("GET tunedModels"):
            reply.change(
                lambda page: (
                    page.update(tunedModels=[one for one in page["tunedModels"] if one["name"] not in unlisted])
                    if predicates.page(page)
                    else None
                )
            )
            unlisted.clear()
        return reply

    return spoil
