"""Mutants that treat the credentials or the permissions of callers in another way."""

from __future__ import annotations

from ..messages import Json, change_messages
from ..mutant import Memory, MutantGroup, Send
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("callers")

_CREATE, _GRANT = "POST tunedModels", "POST tunedModels/*/permissions"


# -- Credentials -----------------------------------------------------------------------------------------------


@GROUP.stateful
def permissions_unchecked(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """Each caller has all permissions."""
    if request.model in memory and request.caller:
        request = request.with_credentials_of(memory[request.model])
    response = send(request)
    if request.matches(_CREATE) and response.status == 200:
        memory[response.json["metadata"]["tunedModel"]] = request
    return response


@GROUP.stateful
def credentials_unchecked(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A request without valid credentials is answered as if it had those of another caller."""
    response = send(request)
    if response.status == 200 and request.token:
        memory["known"] = request
    is_unknown = response.status == 401 or any(
        words in response.text for words in ("API_KEY_INVALID", "unregistered callers")
    )
    return send(request.with_credentials_of(memory["known"])) if is_unknown and memory else response


@GROUP.stateful
def one_user_for_all(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """All tokens belong to one user."""
    if memory and request.token and "no-token" not in request.token:
        return send(request.with_credentials_of(memory["first"]))
    response = send(request)
    if response.status == 200 and request.token:
        memory.setdefault("first", request)
    return response


# -- Permissions -----------------------------------------------------------------------------------------------


def _grant_body(request: MutantRequest) -> Json:
    return request.json if request.matches(_GRANT) else {}


def _grant_otherwise(request: MutantRequest, send: Send, member: str, given: str) -> MutantResponse:
    """Grant a permission with another value of a member, and answer with the value of the request."""
    sent = _grant_body(request)
    response = send(request.with_json({**sent, member: given}))
    change_messages(request, response, lambda value: value.update({member: sent[member]}), "Permission")
    return response


@GROUP.stateful
def readers_write(_: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A reader of a model can write it."""
    is_reader = _grant_body(request).get("role") == "READER"
    return _grant_otherwise(request, send, "role", "WRITER") if is_reader else send(request)


@GROUP.stateful
def writers_read(_: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A writer of a model can only read it."""
    is_writer = _grant_body(request).get("role") == "WRITER"
    return _grant_otherwise(request, send, "role", "READER") if is_writer else send(request)


@GROUP.stateful
def grants_without_effect(_: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A grant for a user succeeds without any effect."""
    address = _grant_body(request).get("emailAddress")
    return _grant_otherwise(request, send, "emailAddress", f"not-{address}") if address else send(request)


@GROUP.stateful
def everyone_without_effect(_: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A grant for everyone succeeds without any effect."""
    sent = _grant_body(request)
    if sent.get("granteeType") != "EVERYONE" or "emailAddress" in sent:
        return send(request)
    name = f"{request.model}/permissions/everyone"
    return MutantResponse.from_json({"name": name, "granteeType": "EVERYONE", "role": sent.get("role", "")})
