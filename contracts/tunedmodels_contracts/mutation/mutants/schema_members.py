"""Mutants that spoil one member of one message. They are generated from the schema.

``MEMBERS`` selects the members. The schema decides which mutants a member has:

- ``dropped``: the member is absent.
- ``retyped``: a value that is no text has another JSON type; an Any has an unknown ``@type``.
- ``untyped``: an Any has no ``@type``.
- ``written-as-default``: an absent member is its zero, or null if it has explicit presence.
- ``zeroed``: a member with explicit presence is zero. (The zero of other members is their absence.)
- ``made-up``: an enum has a value that is not in the schema.

Each message has a mutant ``made-up-member``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ...schema.surface import Member, Surface, Type, surface
from ..messages import Json, change_messages
from ..mutant import MutantGroup
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("schema")

MEMBERS = {
    "Operation": "name metadata done? error? response?",
    "CreateTunedModelMetadata": "totalSteps completedSteps? completedPercent? snapshots? tunedModel",
    "TuningSnapshot": "step epoch? meanLoss computeTime",
    "Status": "code message",
    "TunedModel": "name tunedModelSource? baseModel? displayName? description? state createTime updateTime tuningTask"
    " temperature topP topK readerProjectNumbers?",
    "TunedModelSource": "tunedModel baseModel",
    "TuningTask": "startTime? completeTime? snapshots? hyperparameters",
    "Hyperparameters": "epochCount batchSize learningRate",
    "Permission": "name granteeType emailAddress? role",
    "Model": "name version displayName description inputTokenLimit outputTokenLimit supportedGenerationMethods",
    "ListTunedModelsResponse": "tunedModels? nextPageToken?",
    "ListOperationsResponse": "operations",
    "ListModelsResponse": "models nextPageToken?",
    "ListPermissionsResponse": "permissions nextPageToken?",
    "GenerateContentResponse": "candidates usageMetadata",
    "UsageMetadata": "promptTokenCount candidatesTokenCount totalTokenCount",
    "Candidate": "content finishReason? safetyRatings",
    "Content": "parts role",
    "Part": "text",
    "SafetyRating": "category probability",
    "ErrorAnswer": "error",
    "Error": "code message status details?",
    "google.rpc.ErrorInfo": "reason domain metadata",
    "google.rpc.LocalizedMessage": "locale message",
    "google.rpc.BadRequest": "fieldViolations",
    "google.rpc.BadRequest.FieldViolation": "field? description",
    "Empty": "",
}
"""The members that clauses read, by message. An answer can lack a member with a question mark."""

_ZEROS: dict[str, Any] = {"string": "", "bool": False, "list": []}  # that of all other types is 0


def _kinds(member: Member, *, is_optional: bool) -> Iterator[str]:
    """Yield the kinds of mutants that a member has."""
    kind = (member.type.item_type or member.type).kind
    yield "dropped"
    if kind not in ("string", "timestamp"):
        yield "retyped"
    if kind == "any":
        yield "untyped"
    if is_optional:
        yield "written-as-default"
    if member.has_presence and kind not in ("message", "any", "timestamp"):
        yield "zeroed"
    if kind == "enum":
        yield "made-up"


def _spoil(kind: str, message: Json, member: Member, on: Surface) -> None:
    """Apply a mutant of *kind* to a member of *message*."""
    zero = next(iter(on.enums[member.type.name])) if member.type.kind == "enum" else _ZEROS.get(member.type.kind, 0)
    value = message.get(member.name)
    if kind == "written-as-default":
        message.setdefault(member.name, None if member.has_presence else zero)
    elif value is None:
        pass
    elif kind == "dropped":
        del message[member.name]
    elif kind == "untyped" or (kind == "retyped" and (member.type.item_type or member.type).kind == "any"):
        for payload in value if isinstance(value, list) else [value]:
            payload["@type"] = "type.googleapis.com/made.up.Message"
            if kind == "untyped":
                del payload["@type"]
    elif kind == "retyped":
        message[member.name] = _retype(value, member, on)
    elif kind == "zeroed":
        message[member.name] = zero
    else:
        message[member.name] = 99 if isinstance(value, int) else "MADE_UP"


def _retype(value: Any, member: Member, on: Surface) -> Any:
    """Return *value* as another JSON type: a number as a text, an enum as a number, a list as its first item."""
    if member.type.kind == "enum":
        return on.enums[member.type.name].get(value, 0)
    if isinstance(value, list):
        return [int(item) for item in value] if member.type.item_type == Type("int64") else value[0]
    return str(value) if isinstance(value, (bool, int, float)) else [value]


def _add(message: str, name: str, description: str, edit: Callable[[Json], object]) -> None:
    def change(request: MutantRequest, response: MutantResponse) -> None:
        change_messages(request, response, edit, message)

    kebab = [re.sub(r"(?<=[a-z])(?=[A-Z])", "-", word.rpartition(".")[2]).lower() for word in (message, name)]
    GROUP.add_response("/".join(kebab), description, change)


def _add_member(on: Surface, message: str, member: Member, kind: str) -> None:
    description = f"The member {member.name} of {message} is {kind.replace('-', ' ')}."
    _add(message, f"{member.name}/{kind}", description, lambda value: _spoil(kind, value, member, on))


def _add_all(on: Surface) -> None:
    for message, members in MEMBERS.items():
        _add(
            message,
            "made-up-member",
            f"The message {message} has a made-up member.",
            lambda value: value.update(madeUp="x"),
        )
        for word in members.split():
            member = on.messages[message].members[word.rstrip("?")]
            for kind in _kinds(member, is_optional=word.endswith("?")):
                _add_member(on, message, member, kind)


_add_all(surface("v1beta"))
