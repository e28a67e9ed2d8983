"""Mutants of enums: how their values are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..mutant import MutantGroup
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("enums")

_NUMBERS = {
    "state": {"CREATING": 1, "ACTIVE": 2, "FAILED": 3},
    "granteeType": {"USER": 1, "GROUP": 2, "EVERYONE": 3},
    "role": {"OWNER": 1, "WRITER": 2, "READER": 3},
    "finishReason": {"STOP": 1, "MAX_TOKENS": 2, "SAFETY": 3},
    "probability": {"NEGLIGIBLE": 1, "LOW": 2, "MEDIUM": 3, "HIGH": 4},
}


def _edit_enums(response: MutantResponse, edit: Callable[[str, str], Any]) -> None:
    def write(value: dict[str, Any]) -> None:
        for name, numbers in _NUMBERS.items():
            if isinstance(value.get(name), str) and value[name] in numbers:
                value[name] = edit(name, value[name])

    response.change_objects(write)


@GROUP.response
def enums_as_numbers(response: MutantResponse) -> None:
    """An enum is its number, though nobody asked for that."""
    _edit_enums(response, lambda name, value: _NUMBERS[name][value])


@GROUP.request
def enums_never_as_numbers(request: MutantRequest) -> MutantRequest:
    """An enum is its name, though its number was asked for."""
    return request.with_query(**{"$alt": None, "alt": None}) if "enum-encoding" in request.url else request


@GROUP.response
def enums_in_small_letters(response: MutantResponse) -> None:
    """An enum's name is in small letters."""
    _edit_enums(response, lambda _, value: value.lower())


@GROUP.response
def enums_with_their_type(response: MutantResponse) -> None:
    """An enum's name has its type before it: STATE_ACTIVE."""
    _edit_enums(response, lambda name, value: f"{name.upper()}_{value}")
