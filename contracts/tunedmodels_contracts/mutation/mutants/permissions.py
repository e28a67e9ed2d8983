"""Mutants of permissions: who is given what, and what is shown of it."""

from __future__ import annotations

import re

from .. import predicates
from ..mutant import Handler, MutantGroup, Send
from ..predicates import Json
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("permissions")

_GRANT, _LIST = "POST tunedModels/*/permissions", "GET tunedModels/*/permissions"
_WITHDRAW = "DELETE tunedModels/*/permissions/*"
_TRANSFER = "POST tunedModels/*:transferOwnership"


def _grant_body(request: MutantRequest) -> Json:
    return request.json if request.matches(_GRANT) else {}


def _grant_other_role(role: str, given: str) -> Handler:
    """Return a spoiler that gives one role for another, and says that it gave what was asked for."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        if _grant_body(request).get("role") != role:
            return send(request)
        response = send(request.with_json({**_grant_body(request), "role": given}))
        response.change_objects(lambda value: value.update(role=role) if predicates.is_permission(value) else None)
        return response

    return handle


@GROUP.stateful
def readers_write() -> Handler:
    """Who may read a model may write it as well."""
    return _grant_other_role("READER", "WRITER")


@GROUP.stateful
def writers_read() -> Handler:
    """Who may write a model may but read it."""
    return _grant_other_role("WRITER", "READER")


@GROUP.stateful
def grants_without_effect() -> Handler:
    """Who is given a permission is answered to have it, and has it not."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        address = _grant_body(request).get("emailAddress")
        if not address:
            return send(request)
        response = send(request.with_json({**_grant_body(request), "emailAddress": f"not-{address}"}))
        response.change_objects(
            lambda value: value.update(emailAddress=address) if predicates.is_permission(value) else None
        )
        return response

    return handle


@GROUP.stateful
def everyone_is_nobody() -> Handler:
    """What everyone may read is read by nobody who was not told so by name."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        if _grant_body(request).get("granteeType") == "EVERYONE" and "emailAddress" not in _grant_body(request):
            name = f"{request.model}/permissions/everyone"
            return MutantResponse.from_json(
                {"name": name, "granteeType": "EVERYONE", "role": _grant_body(request).get("role", "")}
            )
        return send(request)

    return handle


@GROUP.response_to
def grants_unchecked(request: MutantRequest, response: MutantResponse) -> None:
    """A permission is given, whatever it lacks."""
    if request.matches(_GRANT) and response.is_invalid_argument:
        response.replace_with(MutantResponse.from_json({"name": f"{request.model}/permissions/1", **request.json}))


@GROUP.response_to
def owner_last(request: MutantRequest, response: MutantResponse) -> None:
    """The owner's permission comes last."""
    if request.matches(_LIST):
        response.change_objects(lambda value: value["permissions"].reverse() if "permissions" in value else None)


@GROUP.response_to
def owner_unlisted(request: MutantRequest, response: MutantResponse) -> None:
    """The owner has no permission that is shown: ownership is something else."""

    def drop(value: Json) -> None:
        value["permissions"] = [held for held in value["permissions"] if held["role"] != "OWNER"]

    if request.matches(_LIST) and "pageSize" not in request.query:
        response.change_objects(lambda value: drop(value) if "permissions" in value else None)


@GROUP.response_to
def addresses_hidden(request: MutantRequest, response: MutantResponse) -> None:
    """A permission does not show whose it is."""
    if not request.matches(_LIST):
        response.change_objects(lambda value: value.pop("emailAddress", None))


@GROUP.stateful
def short_ids_of_permissions() -> Handler:
    """A permission's id is short, and everyone's is a number as well."""
    full: dict[str, str] = {"0": "everyone"}

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        head, _, key = request.path.partition("/permissions/")
        response = send(request.with_path(f"{head}/permissions/{full[key]}") if key in full else request)

        def cut(found: re.Match[str]) -> str:
            key = "0" if found[2] == "everyone" else found[2][-6:]
            full[key] = found[2]
            return f"{found[1]}{key}"

        response.text = re.sub(r"(/permissions/)(\d{20,}|everyone)", cut, response.text)
        return response

    return handle


@GROUP.stateful
def withdrawals_forgotten() -> Handler:
    """Who takes a permission back is answered as if it was gone, and it stays."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        if request.matches(_WITHDRAW):
            looked = send(request.to_get(request.path))
            return (
                MutantResponse.from_json({}) if looked.status == 200 and "OWNER" not in looked.text else send(request)
            )
        return send(request)

    return handle


@GROUP.stateful
def transfers_forgotten() -> Handler:
    """Who hands a model on is answered as if it was done, and stays the owner."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        heir = request.json.get("emailAddress") if request.matches(_TRANSFER) else None
        if heir and send(request.to_get(request.model)).status == 200:
            return MutantResponse.from_json({})
        return send(request)

    return handle


@GROUP.response_to
def transfers_to_nobody(request: MutantRequest, response: MutantResponse) -> None:
    """A model is handed on without an heir."""
    if request.matches(_TRANSFER) and response.is_invalid_argument:
        response.replace_with(MutantResponse.from_json({}))


@GROUP.response_to
def missing_models_are_forbidden(request: MutantRequest, response: MutantResponse) -> None:
    """Whether a model is missing is not told: it is forbidden."""
    if request.model and response.status == 404 and response.error:
        response.replace_with(MutantResponse.from_error(403, "PERMISSION_DENIED", response.error["message"]))


@GROUP.response_to
def forbidden_models_are_missing(request: MutantRequest, response: MutantResponse) -> None:
    """Whether a model is forbidden is not told: it is missing."""
    if request.model and response.status == 403 and response.error:
        response.replace_with(MutantResponse.from_error(404, "NOT_FOUND", response.error["message"]))
