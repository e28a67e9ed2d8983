"""Mutants of enums: how their values are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..mutant import Shelf
from ..request import Ask
from ..response import Reply

SHELF = Shelf("enums")

_NUMBERS = {
    "state": {"CREATING": 1, "ACTIVE": 2, "FAILED": 3},
    "granteeType": {"USER": 1, "GROUP": 2, "EVERYONE": 3},
    "role": {"OWNER": 1, "WRITER": 2, "READER": 3},
    "finishReason": {"STOP": 1, "MAX_TOKENS": 2, "SAFETY": 3},
    "probability": {"NEGLIGIBLE": 1, "LOW": 2, "MEDIUM": 3, "HIGH": 4},
}


def _each(reply: Reply, how: Callable[[str, str], Any]) -> None:
    def write(value: dict[str, Any]) -> None:
        for name, numbers in _NUMBERS.items():
            if isinstance(value.get(name), str) and value[name] in numbers:
                value[name] = how(name, value[name])

    reply.change(write)


@SHELF.answer
def enums_as_numbers(reply: Reply) -> None:
    """An enum is its number, though nobody asked for that."""
    _each(reply, lambda name, value: _NUMBERS[name][value])


@SHELF.question
def enums_never_as_numbers(ask: Ask) -> Ask:
    """An enum is its name, though its number was asked for."""
    return ask.with_query(**{"$alt": None, "alt": None}) if "enum-encoding" in ask.url else ask


@SHELF.answer
def enums_in_small_letters(reply: Reply) -> None:
    """An enum's name is in small letters."""
    _each(reply, lambda _, value: value.lower())


@SHELF.answer
def enums_with_their_type(reply: Reply) -> None:
    """An enum's name has its type before it: STATE_ACTIVE."""
    _each(reply, lambda name, value: f"{name.upper()}_{value}")
