"""Mutants of reading: what is understood of a request, and what is said of the rest."""

from __future__ import annotations

import json
import re

from ..mutant import Shelf
from ..request import Ask
from ..response import Reply

SHELF = Shelf("reading")

_SNAKE = re.compile(rb'"[a-z]+(?:_[a-z]+)+"\s*:')
_TRAILING = re.compile(rb",\s*[\]}]")
_NUMBERED = re.compile(rb'"(?:role|granteeType|state)":\s*\d')
_LARGE = 1_000_000
_SYSTEM = ("quotaUser", "$quotaUser", "uploadType", "upload_protocol")


def _unread(reply: Reply, *words: str) -> bool:
    return reply.unread and any(word in reply.text for word in words)


@SHELF.answer
def unknown_names_ignored(reply: Reply) -> None:
    """A member that there is not is passed over."""
    if _unread(reply, "Cannot find field", "Cannot bind query parameter"):
        reply.become(Reply.saying({}))


@SHELF.answer
def types_unchecked(reply: Reply) -> None:
    """A value of another type is passed over."""
    if _unread(reply, "Invalid value at", "not repeating", "Root element", "scalar field"):
        reply.become(Reply.saying({}))


@SHELF.answer
def findings_one_at_a_time(reply: Reply) -> None:
    """Of several findings the first one is told."""

    def first(value: dict[str, object]) -> None:
        if isinstance(value.get("fieldViolations"), list):
            value["fieldViolations"] = value["fieldViolations"][:1]  # type: ignore[index]
        if "code" in value:
            value["message"] = str(value["message"]).partition("\n")[0]

    if reply.unread:
        reply.change(first)


@SHELF.answer
def findings_without_details(reply: Reply) -> None:
    """A refusal of what cannot be read has a message alone."""
    if reply.unread:
        reply.change(lambda value: value.pop("details", None))


@SHELF.answer
def findings_without_fields(reply: Reply) -> None:
    """A finding does not name the field that it is about."""
    if reply.unread:
        reply.change(lambda value: value.pop("field", None))


@SHELF.answer
def fields_in_camel_case(reply: Reply) -> None:
    """A finding names a field as JSON calls it, not as protobuf does."""
    if reply.unread and "generation_config" in reply.text:
        reply.text = reply.text.replace("generation_config", "generationConfig")


@SHELF.answer
def broken_json_breaks(reply: Reply) -> None:
    """A body that is no JSON is a fault of the server."""
    if reply.status == 400 and "Invalid JSON payload" in reply.text and "Unknown name" not in reply.text:
        reply.become(Reply.refusing(500, "INTERNAL", "Internal error encountered."))


@SHELF.answer
def large_bodies_taken(reply: Reply) -> None:
    """A body of any size is read."""
    if "payload size exceeds" in reply.text:
        reply.become(Reply.refusing(400, "INVALID_ARGUMENT"))


@SHELF.question
def strict_json(ask: Ask) -> Ask | Reply:
    """A comma after the last member is no JSON."""
    trailing = len(ask.body) < _LARGE and _TRAILING.search(ask.body)
    return Reply.refusing(400, "INVALID_ARGUMENT", "Invalid JSON payload received.") if trailing else ask


@SHELF.question
def bodies_in_camel_case_alone(ask: Ask) -> Ask | Reply:
    """A member that is called as protobuf calls it is unknown."""
    snake = len(ask.body) < _LARGE and _SNAKE.search(ask.body)
    return Reply.refusing(400, "INVALID_ARGUMENT", "Invalid JSON payload received.") if snake else ask


@SHELF.question
def enums_by_name_alone(ask: Ask) -> Ask | Reply:
    """An enum cannot be sent as its number."""
    numbered = len(ask.body) < _LARGE and _NUMBERED.search(ask.body)
    return Reply.refusing(400, "INVALID_ARGUMENT") if numbered else ask


@SHELF.question
def parameters_in_camel_case_alone(ask: Ask) -> Ask:
    """A parameter that is called as protobuf calls it is not looked at."""
    return ask.with_query(pageSize=None) if "page_size" in ask.query else ask


@SHELF.question
def parameters_of_the_system_unknown(ask: Ask) -> Ask | Reply:
    """What any request may have is an unknown parameter."""
    return Reply.refusing(400, "INVALID_ARGUMENT") if set(_SYSTEM) & set(ask.query) else ask


@SHELF.question
def members_of_a_body_are_parameters(ask: Ask) -> Ask:
    """A member of the body can be given in the query string."""
    named = {name: None for name in ask.query if name.endswith("displayName")}
    return ask.with_query(**named) if named else ask


@SHELF.question
def whole_models_refused(ask: Ask) -> Ask | Reply:
    """What only the service sets may not be sent."""
    sent = ask.json if ask.is_("POST tunedModels", "PATCH tunedModels/*") else {}
    set_by_the_service = {"state", "createTime"} <= set(sent)
    return Reply.refusing(400, "INVALID_ARGUMENT") if set_by_the_service else ask


@SHELF.answer_to
def v1_knows_instructions(ask: Ask, reply: Reply) -> None:
    """Version v1 takes a systemInstruction, as v1beta does."""
    if ask.version == "v1" and _unread(reply, json.dumps("systemInstruction")[1:-1]):
        reply.become(Reply.refusing(404, "NOT_FOUND"))
