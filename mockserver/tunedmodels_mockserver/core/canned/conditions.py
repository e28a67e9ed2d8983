"""Conditions: what a canned rule asks of a call, each with what it wants and what there was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from . import patterns
from .query import PromptQuery
from .rules import JsonPath, Rule, When


class Count(msgspec.Struct, frozen=True):
    """How often a rule's conditions besides nth held (kept where it has one), and how often it answered."""

    seen: int = 0
    hits: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition before one call: its name, whether it holds, what it wants and what there was."""

    name: str
    holds: Callable[[], bool]
    expected: Any
    got: Callable[[], Any]


def call_conditions(when: When, query: PromptQuery) -> Iterator[Condition]:
    """Yield the conditions of *when* that look at the call alone."""
    method = query.method
    if when.method is not None:
        yield Condition("method", lambda: when.method == method, when.method, lambda: method)
    elif method == "countTokens":
        yield Condition("method", lambda: False, "one that generates", lambda: method)
    if when.model is not None:
        model = when.model
        name = query.model if "/" in model else query.model_id
        yield Condition("model", lambda: fnmatchcase(name, model), model, lambda: query.model)
    if when.text is not None:
        yield Condition("text", lambda: when.text == query.text, when.text, lambda: query.text)
    if when.contains is not None:
        part = when.contains
        yield Condition("contains", lambda: part in query.text, part, lambda: query.text)
    if when.regex is not None:
        regex = when.regex
        yield Condition("regex", lambda: bool(patterns.regex(regex).search(query.text)), regex, lambda: query.text)
    for item in when.json_paths:
        yield _at_path(item, query)


def count_conditions(rule: Rule, count: Count) -> Iterator[Condition]:
    """Yield the conditions of *rule* that look at how often it was met, *count*, this call included in ``seen``."""
    nth, times = rule.when.nth, rule.times
    if nth is not None:
        yield Condition("nth", lambda: _is_nth(nth, count.seen), nth, lambda: count.seen)
    if times is not None:
        yield Condition("times", lambda: count.hits < times, f"{times} answers at most", lambda: count.hits)


def _is_nth(nth: int | tuple[int, ...] | str, seen: int) -> bool:
    if isinstance(nth, str):
        return seen == 1 if nth == "first" else seen > 1
    return seen == nth if isinstance(nth, int) else seen in nth


def _at_path(item: JsonPath, query: PromptQuery) -> Condition:
    def values() -> list[Any]:
        return patterns.select(item.path, query.document)

    if item.equals is msgspec.UNSET:
        return Condition("json_path", lambda: bool(values()), f"something at {item.path}", values)
    return Condition(
        "json_path", lambda: any(_equal(value, item.equals) for value in values()), {item.path: item.equals}, values
    )


def _equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: numbers by value, and true is no number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)
