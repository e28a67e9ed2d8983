"""Mutants that write an answer in another form. They change headers, JSON, values, streams or errors."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from typing import Any

from ...schema.surface import Message
from ..messages import Json, change_messages, change_typed_messages
from ..mutant import MutantGroup
from ..request import MutantRequest
from ..response import MutantResponse
from .statuses import GENERATE

GROUP = MutantGroup("formats")

_STREAM = GENERATE[1]
_TIME = re.compile(r'"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z"')


def _replace_members(value: Json, members: Json) -> None:
    value.clear()
    value.update(members)


def _rename_members(response: MutantResponse, rename: Callable[[str], str]) -> None:
    response.change_objects(
        lambda value: _replace_members(value, {rename(name): inner for name, inner in value.items()})
    )


# -- Headers ---------------------------------------------------------------------------------------------------


@GROUP.response
def type_without_charset(response: MutantResponse) -> None:
    """The content type of JSON has no charset."""
    if response.header("Content-Type").startswith("application/json"):
        response.set_header("Content-Type", "application/json")


@GROUP.response
def type_is_text(response: MutantResponse) -> None:
    """The content type is HTML."""
    response.set_header("Content-Type", "text/html; charset=utf-8")


@GROUP.response
def few_headers(response: MutantResponse) -> None:
    """An answer has only the headers that HTTP needs."""
    response.headers[:] = [(name, value) for name, value in response.headers if name.lower().startswith("content-")]


@GROUP.response
def vary_in_one(response: MutantResponse) -> None:
    """Several headers Vary are joined into one."""
    response.set_header("Vary", ",".join(value for name, value in response.headers if name == "Vary") or None)


@GROUP.response
def always_compressed(response: MutantResponse) -> None:
    """An answer is compressed, even if the client does not accept that."""
    response.set_header("Content-Encoding", "gzip")


@GROUP.response
def never_compressed(response: MutantResponse) -> None:
    """An answer is not compressed, even if the client accepts that."""
    response.set_header("Content-Encoding", None)


# -- Layout ----------------------------------------------------------------------------------------------------


@GROUP.response
def members_in_snake_case(response: MutantResponse) -> None:
    """Members have the names of the protos: total_steps."""
    _rename_members(
        response,
        lambda name: name if "@" in name else re.sub(r"[A-Z]", lambda capital: f"_{capital[0].lower()}", name),
    )


@GROUP.response
def member_renamed(response: MutantResponse) -> None:
    """The member completeTime has the name endTime."""
    _rename_members(response, lambda name: "endTime" if name == "completeTime" else name)


@GROUP.response
def members_sorted(response: MutantResponse) -> None:
    """Members are in alphabetical order."""
    response.change_objects(lambda value: _replace_members(value, dict(sorted(value.items()))))


@GROUP.response
def always_compact(response: MutantResponse) -> None:
    """JSON has no spaces and no line ends."""
    if response.json is not None and not response.is_event_stream:
        response.text = json.dumps(response.json, ensure_ascii=False, separators=(",", ":"))


@GROUP.response
def four_spaces(response: MutantResponse) -> None:
    """JSON is indented by four spaces."""
    if isinstance(response.json, dict):
        response.text = json.dumps(response.json, ensure_ascii=False, indent=4) + "\n"


@GROUP.response
def other_scripts_escaped(response: MutantResponse) -> None:
    """Characters outside ASCII are escaped, as Python does by default."""
    response.text = re.sub(r"[^\x00-\x7f]", lambda character: json.dumps(character[0])[1:-1], response.text)


@GROUP.response
def texts_in_ascii(response: MutantResponse) -> None:
    """Characters outside ASCII are lost."""
    if response.status == 200:
        response.text = response.text.encode("ascii", "replace").decode()


@GROUP.response
def nothing_is_no_body(response: MutantResponse) -> None:
    """An empty answer has no body in place of an empty object."""
    if response.json == {}:
        response.text = ""


@GROUP.response
def types_without_host(response: MutantResponse) -> None:
    """The type of an Any has no type.googleapis.com/ before its name."""
    response.text = response.text.replace('"type.googleapis.com/', '"')


@GROUP.response
def types_last(response: MutantResponse) -> None:
    """The type of an Any is its last member."""
    response.change_objects(lambda value: value.update({"@type": value.pop("@type")}) if "@type" in value else None)


# -- Values ----------------------------------------------------------------------------------------------------


def _edit_values(request: MutantRequest, response: MutantResponse, kinds: str, edit: Callable[[str, Any], Any]) -> None:
    """Replace each value whose type in the schema is one of *kinds* by ``edit(name, value)``."""

    def change(message: Message, value: Json) -> None:
        for name in value:
            if name in message.members and message.members[name].type.kind in kinds.split():
                value[name] = edit(name, value[name])

    change_typed_messages(request, response, change)


@GROUP.response_to
def floats_of_64_bits(request: MutantRequest, response: MutantResponse) -> None:
    """A 32-bit float is written with the digits of 64 bits: 0.10000000149011612."""
    _edit_values(request, response, "float", lambda _, value: struct.unpack("<f", struct.pack("<f", value))[0])


@GROUP.response_to
def whole_floats_with_a_point(request: MutantRequest, response: MutantResponse) -> None:
    """A whole float has a point: 100.0."""
    _edit_values(request, response, "float", lambda _, value: float(value))


@GROUP.response_to
def zeros_left_out(request: MutantRequest, response: MutantResponse) -> None:
    """A zero is left out even if it has explicit presence: a temperature of 0."""

    def change(message: Message, value: Json) -> None:
        for name in [name for name, member in message.members.items() if member.has_presence and value.get(name) == 0]:
            del value[name]

    change_typed_messages(request, response, change)


@GROUP.response_to
def enums_in_lower_case(request: MutantRequest, response: MutantResponse) -> None:
    """The value of an enum is in lower case."""
    _edit_values(request, response, "enum", lambda _, value: str(value).lower())


@GROUP.response_to
def enums_with_their_type(request: MutantRequest, response: MutantResponse) -> None:
    """The value of an enum has its type before it: STATE_ACTIVE."""
    _edit_values(request, response, "enum", lambda name, value: f"{name.upper()}_{value}")


def _add_times(name: str, description: str, edit: str | Callable[[re.Match[str]], str]) -> None:
    def change(_: MutantRequest, response: MutantResponse) -> None:
        if response.status == 200:
            response.text = _TIME.sub(edit, response.text)

    GROUP.add_response(f"times-{name}", description, change)


_add_times("in-local-form", "A time has a space, and no zone: 2024-03-14 15:09:26.", r'"\1 \2"')
_add_times("with-an-offset", "A time ends with +00:00 in place of Z, as Python writes it.", r'"\1T\2\3+00:00"')
_add_times("in-seconds", "A time has no fraction of a second.", r'"\1T\2Z"')
_add_times(
    "in-milliseconds",
    "A time has three digits after the point, as JavaScript writes it.",
    lambda time: f'"{time[1]}T{time[2]}{(time[3] or ".")[:4].ljust(4, "0")}Z"',
)


# -- Streams ---------------------------------------------------------------------------------------------------


def _is_array(request: MutantRequest, response: MutantResponse) -> bool:
    return request.matches(_STREAM) and isinstance(response.json, list) and not response.is_event_stream


@GROUP.response_to
def arrays_are_objects(request: MutantRequest, response: MutantResponse) -> None:
    """A stream is one object, its last chunk, in place of an array."""
    if _is_array(request, response) and response.status == 200:
        response.json = response.json[-1]


@GROUP.response_to
def arrays_are_lines(request: MutantRequest, response: MutantResponse) -> None:
    """A stream is lines of JSON in place of an array."""
    if _is_array(request, response) and response.status == 200:
        response.text = "".join(f"{json.dumps(chunk)}\n" for chunk in response.json)


@GROUP.response_to
def errors_never_in_arrays(request: MutantRequest, response: MutantResponse) -> None:
    """The error of a stream is an object, even if the stream is an array."""
    if _is_array(request, response) and response.status != 200:
        response.json = response.json[0]


@GROUP.response_to
def errors_of_events_in_arrays(request: MutantRequest, response: MutantResponse) -> None:
    """The error of a stream is in an array, even if the stream has events."""
    if request.matches(_STREAM) and response.error and isinstance(response.json, dict):
        response.json = [response.json]


@GROUP.response
def events_end_with_a_mark(response: MutantResponse) -> None:
    """The last event is [DONE]."""
    if response.is_event_stream:
        response.text += "data: [DONE]\n\n"


@GROUP.response
def events_are_named(response: MutantResponse) -> None:
    """Each event has a name."""
    if response.is_event_stream:
        response.text = response.text.replace("data: ", "event: message\ndata: ")


@GROUP.response
def events_run_together(response: MutantResponse) -> None:
    """There is no empty line between two events."""
    if response.is_event_stream:
        response.text = response.text.replace("\r\n", "\n").replace("\n\n", "\n")


@GROUP.response
def events_are_json(response: MutantResponse) -> None:
    """The content type of events is JSON."""
    if response.is_event_stream:
        response.set_header("Content-Type", "application/json; charset=UTF-8")


@GROUP.response_to
def every_chunk_is_the_last(request: MutantRequest, response: MutantResponse) -> None:
    """The first chunk of a stream has the finish reason in place of the last chunk."""
    value = response.json
    if request.matches(_STREAM) and isinstance(value, list) and response.status == 200 and len(value) > 1:
        value[0]["candidates"][0]["finishReason"] = value[-1]["candidates"][0].pop("finishReason", "STOP")
        response.json = value


@GROUP.response_to
def one_chunk(request: MutantRequest, response: MutantResponse) -> None:
    """A stream has one chunk."""
    value = response.json
    if request.matches(_STREAM) and isinstance(value, list) and response.status == 200 and len(value) > 1:
        parts = [part for chunk in value for part in chunk["candidates"][0].get("content", {}).get("parts", [])]
        value[0]["candidates"][0]["content"]["parts"] = [{"text": "".join(part.get("text", "") for part in parts)}]
        value[0]["candidates"][0]["finishReason"] = "STOP"
        response.json = value[:1]


# -- Errors ----------------------------------------------------------------------------------------------------


@GROUP.response
def errors_succeed(response: MutantResponse) -> None:
    """The HTTP status of an error is 200."""
    if response.error:
        response.status = 200


@GROUP.response
def no_envelope(response: MutantResponse) -> None:
    """An error is a bare message, as Flask writes it."""
    if response.error:
        response.json = {"message": response.error["message"]}


@GROUP.response
def errors_are_pages(response: MutantResponse) -> None:
    """An error is an HTML page."""
    if response.error:
        response.text = f"<!doctype html>\n<title>{response.status}</title>\n<h1>{response.error['message']}</h1>\n"
        response.set_header("Content-Type", "text/html; charset=utf-8")


@GROUP.response
def unknown_paths_in_envelopes(response: MutantResponse) -> None:
    """The error for an unknown path has the envelope of the API."""
    if response.status == 404 and not response.error:
        response.replace_with(MutantResponse.from_error(404, "NOT_FOUND", "Not found."))


@GROUP.message("Error")
def codes_of_rpc(value: Json) -> None:
    """The code of an error is that of gRPC: 5 for NOT_FOUND."""
    numbers = {"INVALID_ARGUMENT": 3, "NOT_FOUND": 5, "ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7}
    value["code"] = numbers.get(value["status"], value["code"])


@GROUP.message("Error")
def other_words(value: Json) -> None:
    """The message of an error is the name of its status."""
    value["message"] = value["status"].replace("_", " ").capitalize()


@GROUP.message("Error")
def one_more_line(value: Json) -> None:
    """The message of an error does not end with a line end, although some of the service do."""
    value["message"] = value["message"].strip()


@GROUP.message("Error")
def debug_details(value: Json) -> None:
    """An error shows the place in the source of the server."""
    trace = {"@type": "type.googleapis.com/google.rpc.DebugInfo", "detail": "server.py, line 1"}
    value["details"] = [*value.get("details", []), trace]


@GROUP.response_to
def secret_echoed(request: MutantRequest, response: MutantResponse) -> None:
    """An error repeats the key or token of the request."""

    def echo(value: Json) -> None:
        value["message"] += f" ({request.caller})"

    if request.caller and response.status in (400, 401):
        change_messages(request, response, echo, "Error")


@GROUP.message("google.rpc.BadRequest Error")
def violations_one_at_a_time(value: Json) -> None:
    """The error for an unreadable request has only the first violation."""
    if "fieldViolations" in value:
        value["fieldViolations"] = value["fieldViolations"][:1]
    elif "details" in value:
        value["message"] = value["message"].partition("\n")[0]


@GROUP.response
def fields_in_camel_case(response: MutantResponse) -> None:
    """A violation names a field as JSON does, not as protobuf does."""
    if response.is_parse_error:
        response.text = response.text.replace("generation_config", "generationConfig")


@GROUP.response_to
def wordings_of_v1beta(request: MutantRequest, response: MutantResponse) -> None:
    """An error of version v1 names version v1beta."""
    if request.version == "v1" and response.error:
        response.text = response.text.replace("API version v1,", "API version v1beta,")
