"""Parses the JSON of an answer, and refuses what ``json.loads`` accepts without a word."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def parse(text: str | bytes) -> Any:
    """Return the value of *text*, with its members in the order of the text.

    Raises ValueError if it is not JSON, if it has ``NaN`` or ``Infinity`` as bare words, or if an object has two
    members of one name, of which ``json.loads`` keeps the last.
    """
    return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"The answer has an object with two members of one name: {', '.join(map(repr, twice))}.")
    return value


def _constant(word: str) -> NoReturn:
    raise ValueError(f"The answer has {word} as a bare word, which JSON does not know.")
