"""Mutants of streams: arrays and events."""

from __future__ import annotations

import json

from ..mutant import Shelf
from ..request import Ask
from ..response import Reply

SHELF = Shelf("streams")

_STREAM = "POST tunedModels/*:streamGenerateContent"


def _is_array(ask: Ask, reply: Reply) -> bool:
    return ask.is_(_STREAM) and isinstance(reply.json, list) and not reply.events


@SHELF.answer_to
def arrays_are_objects(ask: Ask, reply: Reply) -> None:
    """A stream that is no events is one object, the last of its chunks."""
    if _is_array(ask, reply) and reply.status == 200:
        reply.json = reply.json[-1]


@SHELF.answer_to
def arrays_are_lines(ask: Ask, reply: Reply) -> None:
    """A stream that is no events is lines of JSON, and no array around them."""
    if _is_array(ask, reply) and reply.status == 200:
        reply.text = "".join(f"{json.dumps(chunk)}\n" for chunk in reply.json)


@SHELF.answer_to
def refusals_never_in_arrays(ask: Ask, reply: Reply) -> None:
    """A refusal of a stream is an object, whatever the stream would have been."""
    if _is_array(ask, reply) and reply.status != 200:
        reply.json = reply.json[0]


@SHELF.answer_to
def refusals_of_events_in_arrays(ask: Ask, reply: Reply) -> None:
    """A refusal of a stream is in an array, whatever the stream would have been."""
    if ask.is_(_STREAM) and reply.error and isinstance(reply.json, dict):
        reply.json = [reply.json]


@SHELF.question
def events_never(ask: Ask) -> Ask:
    """A stream is an array, though events were asked for."""
    return ask.with_query(**{"alt": None, "$alt": None}) if ask.is_(_STREAM) and "alt" in ask.url else ask


@SHELF.answer
def events_end_with_a_mark(reply: Reply) -> None:
    """Events end with one that says so: [DONE]."""
    if reply.events:
        reply.text += "data: [DONE]\n\n"


@SHELF.answer
def events_are_named(reply: Reply) -> None:
    """Each event says what it is called."""
    if reply.events:
        reply.text = reply.text.replace("data: ", "event: message\ndata: ")


@SHELF.answer
def events_run_together(reply: Reply) -> None:
    """There is no empty line between two events."""
    if reply.events:
        reply.text = reply.text.replace("\r\n", "\n").replace("\n\n", "\n")


@SHELF.answer
def events_are_json(reply: Reply) -> None:
    """Events are said to be JSON."""
    if reply.events:
        reply.set_header("Content-Type", "application/json; charset=UTF-8")


@SHELF.answer_to
def every_chunk_is_the_last(ask: Ask, reply: Reply) -> None:
    """The last chunk does not say why the answer ended, and the first one does."""
    value = reply.json
    if ask.is_(_STREAM) and isinstance(value, list) and reply.status == 200:
        reason = value[-1]["candidates"][0].pop("finishReason", None)
        if reason and len(value) > 1:
            value[0]["candidates"][0]["finishReason"] = reason
        reply.json = value


@SHELF.answer_to
def one_chunk(ask: Ask, reply: Reply) -> None:
    """An answer comes in one chunk."""
    value = reply.json
    if ask.is_(_STREAM) and isinstance(value, list) and reply.status == 200 and len(value) > 1:
        parts = [part for chunk in value for part in chunk["candidates"][0].get("content", {}).get("parts", [])]
        value[0]["candidates"][0]["content"]["parts"] = [{"text": "".join(part.get("text", "") for part in parts)}]
        value[0]["candidates"][0]["finishReason"] = "STOP"
        reply.json = value[:1]
