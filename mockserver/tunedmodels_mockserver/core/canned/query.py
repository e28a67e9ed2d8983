"""Defines the part of a call that canned rules can see."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from ...wire.protojson.writing import COMPACT, write
from ...wire.surface import surface_of
from .message_checks import FULL_VERSION


class PromptQuery(msgspec.Struct, frozen=True, dict=True):
    """One call, as canned rules see it.

    ``model`` is the full name, ``text`` the text of the last turn, and ``caller`` an e-mail address. ``request`` is the
    request as a value of the message called ``message``.
    """

    method: str
    model: str
    text: str
    caller: str
    message: str
    request: Mapping[str, Any]

    @property
    def model_id(self) -> str:
        """The name of the model without its collection."""
        return self.model.rpartition("/")[2]

    @cached_property
    def document(self) -> Any:
        """The request in the JSON form of the API: members in camel case, enums by name, zero values omitted."""
        surface = surface_of(FULL_VERSION)
        return json.loads(write(surface.message(self.message), self.request, surface, COMPACT))
