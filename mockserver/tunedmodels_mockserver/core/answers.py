"""Defines an answer of the API as a value, with its content and with what happens to it on the way to the client.

The core makes answers. A face of the server, such as the HTTP layer, writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from ..wire.status import Status
from .effects import Effect, Page

_UNANSWERED = ("reset", "commit_then_drop")  # the client gets no answer
_INCOMPLETE = (*_UNANSWERED, "truncate")


class Pause(msgspec.Struct, frozen=True):
    """A pause of so many seconds between two messages of a stream."""

    seconds: float


class Stream(msgspec.Struct, frozen=True):
    """A stream of messages, with pauses between them."""

    messages: Iterable[Mapping[str, Any] | Pause]


Content: TypeAlias = "Mapping[str, Any] | Stream | Status | Page | None"
"""A message, a stream, an error, a page of HTML, or None if the client gets nothing."""


class ScriptedPoll(msgspec.Struct, frozen=True):
    """The message that answers a poll, and the effect that the script of the run has on this answer."""

    message: Mapping[str, Any]
    effect: Effect


class Answer(msgspec.Struct, frozen=True):
    """The answer to one call.

    ``faults`` has the id and the effect of each fault that fired. ``latency`` is the time in seconds before the answer.
    ``effect`` changes the body or the connection. If ``is_pedantic``, the JSON of the answer gets what clients have to
    tolerate.
    """

    content: Content
    faults: tuple[tuple[str, str], ...] = ()
    latency: float = 0.0
    effect: Effect | None = None
    is_pedantic: bool = False

    @property
    def is_lost(self) -> bool:
        """Whether the client gets only a part of the answer, or nothing."""
        effect = self.effect
        return effect is not None and (effect.kind in _INCOMPLETE or bool(effect.stall and not effect.stall.resumes))

    @property
    def is_unanswered(self) -> bool:
        """Whether the client gets nothing at all."""
        return self.effect is not None and self.effect.kind in _UNANSWERED

    @property
    def fault_summary(self) -> str:
        """The faults that fired, with commas: the id of each, a space, its effect."""
        return ", ".join(f"{name} {kind}" for name, kind in self.faults)
