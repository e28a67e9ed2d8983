"""Finds the messages in an answer. The schema decides which object is which message."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from ..schema.methods import method_of
from ..schema.surface import Message, Surface, Type, surface
from .request import MutantRequest
from .response import MutantResponse

Json = dict[str, Any]


def values_of(request: MutantRequest, response: MutantResponse, *names: str) -> list[Json]:
    """Return the messages with one of *names* in the body, outer messages first."""
    return [value for _, value in _messages_in(request, response, response.json, names)]


def change_messages(
    request: MutantRequest, response: MutantResponse, edit: Callable[[Json], object], *names: str
) -> None:
    """Call *edit* for each message with one of *names* in the body."""
    change_typed_messages(request, response, lambda _, value: edit(value), *names)


def change_typed_messages(
    request: MutantRequest, response: MutantResponse, edit: Callable[[Message, Json], object], *names: str
) -> None:
    """Call *edit* for each message with one of *names* in the body, by default for each; write only a changed body."""
    body = response.json
    found = _messages_in(request, response, body, names)
    if not found:
        return
    before = json.dumps(body)
    for message, value in found:
        edit(message, value)
    if json.dumps(body) != before:  # another order of members counts as a change
        response.json = body


def _messages_in(
    request: MutantRequest, response: MutantResponse, body: Any, names: tuple[str, ...]
) -> list[tuple[Message, Json]]:
    method = method_of(request.effective_method, request.url)
    if response.status >= 400:
        on, name = method[0] if method else surface("v1beta"), "ErrorAnswer"
    elif method:
        on, name = method[0], method[1].response
    else:
        return []
    bodies = body if isinstance(body, list) else [body]
    found = (pair for value in bodies for pair in _walk(on, Type("message", name), value))
    return [(message, value) for message, value in found if not names or message.name in names]


def _walk(on: Surface, type_: Type, value: Any) -> Iterator[tuple[Message, Json]]:
    if type_.item_type is not None:
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from _walk(on, type_.item_type, item)
    elif isinstance(value, dict):
        payload = on.payload(str(value.get("@type"))) if type_.kind == "any" else None
        if type_.kind == "message":
            payload = on, on.messages[type_.name]
        if payload is not None:
            on, message = payload
            yield message, value
            for name, inner in value.items():
                if name in message.members:
                    yield from _walk(on, message.members[name].type, inner)
