"""Converts prompts and conversations of a caller to the contents of a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from .._messages.content import Content, Part
from . import arguments

Turn = str | Content | Mapping[str, Any]
"""A text of the user, or one content. If it is a dict, its parts can be texts."""

Contents = str | Content | Mapping[str, Any] | Iterable[Content | Mapping[str, Any]]
"""A text, one content, or the turns of a conversation."""


def contents(value: Contents) -> tuple[Content, ...]:
    """Return *value* as the turns of a conversation. A text is one turn of the user."""
    if isinstance(value, (str, Content, Mapping)):
        return (content(cast("Turn", value), "contents"),)
    turns = tuple(value)
    for index, turn in enumerate(turns):
        if isinstance(turn, str):
            raise TypeError(f"contents[{index}] must be a Content, got {turn!r:.100}; a text alone needs no list")
    return tuple(content(turn, f"contents[{index}]") for index, turn in enumerate(turns))


def content(value: Turn, name: str) -> Content:
    """Return *value*, the argument *name*, as one content. A text has the role ``user``."""
    if isinstance(value, str):
        return Content(role="user", parts=(Part(text=value),))
    if isinstance(value, Mapping) and "parts" in value:
        value = {**value, "parts": _parts(value["parts"])}
    return arguments.message(Content, value, name)


def _parts(value: Any) -> Any:
    """Return the *value* of the member ``parts`` of a dict, with each text replaced by a part."""
    if isinstance(value, str):
        value = [value]
    return (
        [{"text": part} if isinstance(part, str) else part for part in value] if isinstance(value, Iterable) else value
    )
