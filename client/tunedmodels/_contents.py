"""Contents: what a caller wants to say, in the form that a request has."""

from __future__ import annotations

from collections.abc import Iterable

from ._messages.content import Content, Part

Contents = str | Content | Iterable[Content]
"""A text, one content, or the turns of a conversation."""


def contents(value: Contents) -> tuple[Content, ...]:
    """Return *value* as the turns of a conversation; a text is one turn of the user."""
    if isinstance(value, str):
        return (Content(role="user", parts=(Part(text=value),)),)
    if isinstance(value, Content):
        return (value,)
    turns = tuple(value)
    for place, turn in enumerate(turns):
        if not isinstance(turn, Content):
            raise TypeError(f"contents[{place}] must be a Content, got {turn!r:.100}; a text alone needs no list")
    return turns
