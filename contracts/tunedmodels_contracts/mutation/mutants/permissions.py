"""Mutants of permissions: who is given what, and what is shown of it."""

from __future__ import annotations

import re

from .. import predicates
from ..mutant import Send, Shelf, Spoiler
from ..predicates import Json
from ..request import Ask
from ..response import Reply

SHELF = Shelf("permissions")

_GRANT, _LIST = "POST tunedModels/*/permissions", "GET tunedModels/*/permissions"
_WITHDRAW = "DELETE tunedModels/*/permissions/*"
_TRANSFER = "POST tunedModels/*:transferOwnership"


def _wanted(ask: Ask) -> Json:
    return ask.json if ask.is_(_GRANT) else {}


def _as_another_role(role: str, given: str) -> Spoiler:
    """Return a spoiler that gives one role for another, and says that it gave what was asked for."""

    def spoil(ask: Ask, send: Send) -> Reply:
        if _wanted(ask).get("role") != role:
            return send(ask)
        reply = send(ask.with_json({**_wanted(ask), "role": given}))
        reply.change(lambda value: value.update(role=role) if predicates.permission(value) else None)
        return reply

    return spoil


@SHELF.memory
def readers_write() -> Spoiler:
    """Who may read a model may write it as well."""
    return _as_another_role("READER", "WRITER")


@SHELF.memory
def writers_read() -> Spoiler:
    """Who may write a model may but read it."""
    return _as_another_role("WRITER", "READER")


@SHELF.memory
def grants_without_effect() -> Spoiler:
    """Who is given a permission is answered to have it, and has it not."""

    def spoil(ask: Ask, send: Send) -> Reply:
        address = _wanted(ask).get("emailAddress")
        if not address:
            return send(ask)
        reply = send(ask.with_json({**_wanted(ask), "emailAddress": f"not-{address}"}))
        reply.change(lambda value: value.update(emailAddress=address) if predicates.permission(value) else None)
        return reply

    return spoil


@SHELF.memory
def everyone_is_nobody() -> Spoiler:
    """What everyone may read is read by nobody who was not told so by name."""

    def spoil(ask: Ask, send: Send) -> Reply:
        if _wanted(ask).get("granteeType") == "EVERYONE" and "emailAddress" not in _wanted(ask):
            name = f"{ask.model}/permissions/everyone"
            return Reply.saying({"name": name, "granteeType": "EVERYONE", "role": _wanted(ask).get("role", "")})
        return send(ask)

    return spoil


@SHELF.answer_to
def grants_unchecked(ask: Ask, reply: Reply) -> None:
    """A permission is given, whatever it lacks."""
    if ask.is_(_GRANT) and reply.invalid:
        reply.become(Reply.saying({"name": f"{ask.model}/permissions/1", **ask.json}))


@SHELF.answer_to
def owner_last(ask: Ask, reply: Reply) -> None:
    """The owner's permission comes last."""
    if ask.is_(_LIST):
        reply.change(lambda value: value["permissions"].reverse() if "permissions" in value else None)


@SHELF.answer_to
def owner_unlisted(ask: Ask, reply: Reply) -> None:
    """The owner has no permission that is shown: ownership is something else."""

    def drop(value: Json) -> None:
        value["permissions"] = [held for held in value["permissions"] if held["role"] != "OWNER"]

    if ask.is_(_LIST) and "pageSize" not in ask.query:
        reply.change(lambda value: drop(value) if "permissions" in value else None)


@SHELF.answer_to
def addresses_hidden(ask: Ask, reply: Reply) -> None:
    """A permission does not show whose it is."""
    if not ask.is_(_LIST):
        reply.change(lambda value: value.pop("emailAddress", None))


@SHELF.memory
def short_ids_of_permissions() -> Spoiler:
    """A permission's id is short, and everyone's is a number as well."""
    full: dict[str, str] = {"0": "everyone"}

    def spoil(ask: Ask, send: Send) -> Reply:
        head, _, key = ask.path.partition("/permissions/")
        reply = send(ask.with_path(f"{head}/permissions/{full[key]}") if key in full else ask)

        def cut(found: re.Match[str]) -> str:
            key = "0" if found[2] == "everyone" else found[2][-6:]
            full[key] = found[2]
            return f"{found[1]}{key}"

        reply.text = re.sub(r"(/permissions/)(\d{20,}|everyone)", cut, reply.text)
        return reply

    return spoil


@SHELF.memory
def withdrawals_forgotten() -> Spoiler:
    """Who takes a permission back is answered as if it was gone, and it stays."""

    def spoil(ask: Ask, send: Send) -> Reply:
        if ask.is_(_WITHDRAW):
            looked = send(ask.getting(ask.path))
            return Reply.saying({}) if looked.status == 200 and "OWNER" not in looked.text else send(ask)
        return send(ask)

    return spoil


@SHELF.memory
def transfers_forgotten() -> Spoiler:
    """Who hands a model on is answered as if it was done, and stays the owner."""

    def spoil(ask: Ask, send: Send) -> Reply:
        heir = ask.json.get("emailAddress") if ask.is_(_TRANSFER) else None
        if heir and send(ask.getting(ask.model)).status == 200:
            return Reply.saying({})
        return send(ask)

    return spoil


@SHELF.answer_to
def transfers_to_nobody(ask: Ask, reply: Reply) -> None:
    """A model is handed on without an heir."""
    if ask.is_(_TRANSFER) and reply.invalid:
        reply.become(Reply.saying({}))


@SHELF.answer_to
def missing_models_are_forbidden(ask: Ask, reply: Reply) -> None:
    """Whether a model is missing is not told: it is forbidden."""
    if ask.model and reply.status == 404 and reply.error:
        reply.become(Reply.refusing(403, "PERMISSION_DENIED", reply.error["message"]))


@SHELF.answer_to
def forbidden_models_are_missing(ask: Ask, reply: Reply) -> None:
    """Whether a model is forbidden is not told: it is missing."""
    if ask.model and reply.status == 403 and reply.error:
        reply.become(Reply.refusing(404, "NOT_FOUND", reply.error["message"]))
