"""Mutants of streams: arrays and events."""

from __future__ import annotations

import json

from ..mutant import MutantGroup
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("streams")

_STREAM = "POST tunedModels/*:streamGenerateContent"


def _is_array(request: MutantRequest, response: MutantResponse) -> bool:
    return request.matches(_STREAM) and isinstance(response.json, list) and not response.is_event_stream


@GROUP.response_to
def arrays_are_objects(request: MutantRequest, response: MutantResponse) -> None:
    """A stream that is no events is one object, the last of its chunks."""
    if _is_array(request, response) and response.status == 200:
        response.json = response.json[-1]


@GROUP.response_to
def arrays_are_lines(request: MutantRequest, response: MutantResponse) -> None:
    """A stream that is no events is lines of JSON, and no array around them."""
    if _is_array(request, response) and response.status == 200:
        response.text = "".join(f"{json.dumps(chunk)}\n" for chunk in response.json)


@GROUP.response_to
def refusals_never_in_arrays(request: MutantRequest, response: MutantResponse) -> None:
    """A refusal of a stream is an object, whatever the stream would have been."""
    if _is_array(request, response) and response.status != 200:
        response.json = response.json[0]


@GROUP.response_to
def refusals_of_events_in_arrays(request: MutantRequest, response: MutantResponse) -> None:
    """A refusal of a stream is in an array, whatever the stream would have been."""
    if request.matches(_STREAM) and response.error and isinstance(response.json, dict):
        response.json = [response.json]


@GROUP.request
def events_never(request: MutantRequest) -> MutantRequest:
    """A stream is an array, though events were asked for."""
    return (
        request.with_query(**{"alt": None, "$alt": None})
        if request.matches(_STREAM) and "alt" in request.url
        else request
    )


@GROUP.response
def events_end_with_a_mark(response: MutantResponse) -> None:
    """Events end with one that says so: [DONE]."""
    if response.is_event_stream:
        response.text += "data: [DONE]\n\n"


@GROUP.response
def events_are_named(response: MutantResponse) -> None:
    """Each event says what it is called."""
    if response.is_event_stream:
        response.text = response.text.replace("data: ", "event: message\ndata: ")


@GROUP.response
def events_run_together(response: MutantResponse) -> None:
    """There is no empty line between two events."""
    if response.is_event_stream:
        response.text = response.text.replace("\r\n", "\n").replace("\n\n", "\n")


@GROUP.response
def events_are_json(response: MutantResponse) -> None:
    """Events are said to be JSON."""
    if response.is_event_stream:
        response.set_header("Content-Type", "application/json; charset=UTF-8")


@GROUP.response_to
def every_chunk_is_the_last(request: MutantRequest, response: MutantResponse) -> None:
    """The last chunk does not say why the answer ended, and the first one does."""
    value = response.json
    if request.matches(_STREAM) and isinstance(value, list) and response.status == 200:
        reason = value[-1]["candidates"][0].pop("finishReason", None)
        if reason and len(value) > 1:
            value[0]["candidates"][0]["finishReason"] = reason
        response.json = value


@GROUP.response_to
def one_chunk(request: MutantRequest, response: MutantResponse) -> None:
    """An answer comes in one chunk."""
    value = response.json
    if request.matches(_STREAM) and isinstance(value, list) and response.status == 200 and len(value) > 1:
        parts = [part for chunk in value for part in chunk["candidates"][0].get("content", {}).get("parts", [])]
        value[0]["candidates"][0]["content"]["parts"] = [{"text": "".join(part.get("text", "") for part in parts)}]
        value[0]["candidates"][0]["finishReason"] = "STOP"
        response.json = value[:1]
