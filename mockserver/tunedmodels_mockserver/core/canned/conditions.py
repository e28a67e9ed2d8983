"""Evaluates the conditions of a canned rule for one call.

Each condition has the expected and the actual value, so that a miss can be explained.
"""

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
    """The counters of one rule.

    ``seen`` is the number of calls for which all conditions except ``nth`` held; only rules with ``nth`` count it.
    ``hits`` is the number of calls that the rule has answered.
    """

    seen: int = 0
    hits: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a rule, for one call: its name, whether it holds, the expected and the actual value."""

    name: str
    holds: Callable[[], bool]
    expected: Any
    got: Callable[[], Any]


def call_conditions(when: When, query: PromptQuery) -> Iterator[Condition]:
    """Yield the conditions of *when* that depend only on the call *query*."""
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
    """Yield the conditions of *rule* that depend on its counters *count*. ``seen`` includes the present call."""
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
    """Return whether two JSON values are equal. Numbers compare by value; true and false equal no number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)
