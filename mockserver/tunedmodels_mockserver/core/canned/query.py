"""Queries: what a canned rule can see of one call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...wire.protojson.writing import COMPACT, dump, to_json
from ...wire.surface import surface
from .message_checks import FULL_VERSION


@dataclass(frozen=True)
class PromptQuery:
    """One call: its method and full model name, the text of its last turn, its caller, and its request message."""

    method: str
    model: str
    text: str
    caller: str
    message: str
    request: Mapping[str, Any]

    @property
    def model_id(self) -> str:
        """The model's name without its collection."""
        return self.model.rpartition("/")[2]

    @cached_property
    def document(self) -> Any:
        """The request as JSON of the API: names in camel case, enums by name, zeros left out."""
        on = surface(FULL_VERSION)
        return json.loads(dump(to_json(on.message(self.message), self.request, on), COMPACT))
