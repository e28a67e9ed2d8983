"""Mutants of reading: what is understood of a request, and what is said of the rest."""

from __future__ import annotations

import json
import re

from ..mutant import MutantGroup
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("reading")

_SNAKE = re.compile(rb'"[a-z]+(?:_[a-z]+)+"\s*:')
_TRAILING = re.compile(rb",\s*[\]}]")
_NUMBERED = re.compile(rb'"(?:role|granteeType|state)":\s*\d')
_LARGE = 1_000_000
_SYSTEM = ("quotaUser", "$quotaUser", "uploadType", "upload_protocol")


def _is_parse_error(response: MutantResponse, *words: str) -> bool:
    return response.is_parse_error and any(word in response.text for word in words)


@GROUP.response
def unknown_names_ignored(response: MutantResponse) -> None:
    """A member that there is not is passed over."""
    if _is_parse_error(response, "Cannot find field", "Cannot bind query parameter"):
        response.replace_with(MutantResponse.from_json({}))


@GROUP.response
def types_unchecked(response: MutantResponse) -> None:
    """A value of another type is passed over."""
    if _is_parse_error(response, "Invalid value at", "not repeating", "Root element", "scalar field"):
        response.replace_with(MutantResponse.from_json({}))


@GROUP.response
def findings_one_at_a_time(response: MutantResponse) -> None:
    """Of several findings the first one is told."""

    def first(value: dict[str, object]) -> None:
        if isinstance(value.get("fieldViolations"), list):
            value["fieldViolations"] = value["fieldViolations"][:1]  # type: ignore[index]
        if "code" in value:
            value["message"] = str(value["message"]).partition("\n")[0]

    if response.is_parse_error:
        response.change_objects(first)


@GROUP.response
def findings_without_details(response: MutantResponse) -> None:
    """A refusal of what cannot be read has a message alone."""
    if response.is_parse_error:
        response.change_objects(lambda value: value.pop("details", None))


@GROUP.response
def findings_without_fields(response: MutantResponse) -> None:
    """A finding does not name the field that it is about."""
    if response.is_parse_error:
        response.change_objects(lambda value: value.pop("field", None))


@GROUP.response
def fields_in_camel_case(response: MutantResponse) -> None:
    """A finding names a field as JSON calls it, not as protobuf does."""
    if response.is_parse_error and "generation_config" in response.text:
        response.text = response.text.replace("generation_config", "generationConfig")


@GROUP.response
def broken_json_breaks(response: MutantResponse) -> None:
    """A body that is no JSON is a fault of the server."""
    if response.status == 400 and "Invalid JSON payload" in response.text and "Unknown name" not in response.text:
        response.replace_with(MutantResponse.from_error(500, "INTERNAL", "Internal error encountered."))


@GROUP.response
def large_bodies_taken(response: MutantResponse) -> None:
    """A body of any size is read."""
    if "payload size exceeds" in response.text:
        response.replace_with(MutantResponse.from_error(400, "INVALID_ARGUMENT"))


@GROUP.request
def strict_json(request: MutantRequest) -> MutantRequest | MutantResponse:
    """A comma after the last member is no JSON."""
    trailing = len(request.body) < _LARGE and _TRAILING.search(request.body)
    return MutantResponse.from_error(400, "INVALID_ARGUMENT", "Invalid JSON payload received.") if trailing else request


@GROUP.request
def bodies_in_camel_case_alone(request: MutantRequest) -> MutantRequest | MutantResponse:
    """A member that is called as protobuf calls it is unknown."""
    snake = len(request.body) < _LARGE and _SNAKE.search(request.body)
    return MutantResponse.from_error(400, "INVALID_ARGUMENT", "Invalid JSON payload received.") if snake else request


@GROUP.request
def enums_by_name_alone(request: MutantRequest) -> MutantRequest | MutantResponse:
    """An enum cannot be sent as its number."""
    numbered = len(request.body) < _LARGE and _NUMBERED.search(request.body)
    return MutantResponse.from_error(400, "INVALID_ARGUMENT") if numbered else request


@GROUP.request
def parameters_in_camel_case_alone(request: MutantRequest) -> MutantRequest:
    """A parameter that is called as protobuf calls it is not looked at."""
    return request.with_query(pageSize=None) if "page_size" in request.query else request


@GROUP.request
def parameters_of_the_system_unknown(request: MutantRequest) -> MutantRequest | MutantResponse:
    """What any request may have is an unknown parameter."""
    return MutantResponse.from_error(400, "INVALID_ARGUMENT") if set(_SYSTEM) & set(request.query) else request


@GROUP.request
def members_of_a_body_are_parameters(request: MutantRequest) -> MutantRequest:
    """A member of the body can be given in the query string."""
    find_mutant = {name: None for name in request.query if name.endswith("displayName")}
    return request.with_query(**find_mutant) if find_mutant else request


@GROUP.request
def whole_models_refused(request: MutantRequest) -> MutantRequest | MutantResponse:
    """What only the service sets may not be sent."""
    sent = request.json if request.matches("POST tunedModels", "PATCH tunedModels/*") else {}
    set_by_the_service = {"state", "createTime"} <= set(sent)
    return MutantResponse.from_error(400, "INVALID_ARGUMENT") if set_by_the_service else request


@GROUP.response_to
def v1_knows_instructions(request: MutantRequest, response: MutantResponse) -> None:
    """Version v1 takes a systemInstruction, as v1beta does."""
    if request.version == "v1" and _is_parse_error(response, json.dumps("systemInstruction")[1:-1]):
        response.replace_with(MutantResponse.from_error(404, "NOT_FOUND"))
