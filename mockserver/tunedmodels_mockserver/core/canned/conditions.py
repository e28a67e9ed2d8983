"""Evaluates the conditions of a canned rule for one call.

Each condition has the expected and the actual value, so that a miss can be explained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from . import patterns
from .query import PromptQuery
from .rules import JsonPath, Rule, When


class RuleCounters(msgspec.Struct, frozen=True):
    """The counters of one rule.

    ``matched`` is the number of calls for which all conditions except ``nth`` held; only rules with ``nth`` count it.
    ``hits`` is the number of calls that the rule has answered.
    """

    matched: int = 0
    hits: int = 0


class Condition(msgspec.Struct, frozen=True):
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
        yield Condition("method", lambda: False, "a method that generates", lambda: method)
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
        yield _json_path_condition(item, query)


def count_conditions(rule: Rule, counters: RuleCounters) -> Iterator[Condition]:
    """Yield the conditions of *rule* that depend on its *counters*. ``matched`` includes the present call."""
    nth, times = rule.when.nth, rule.times
    if nth is not None:
        yield Condition("nth", lambda: _is_nth(nth, counters.matched), nth, lambda: counters.matched)
    if times is not None:
        yield Condition("times", lambda: counters.hits < times, f"at most {times} answers", lambda: counters.hits)


def _is_nth(nth: int | tuple[int, ...] | str, matched: int) -> bool:
    if isinstance(nth, str):
        return matched == 1 if nth == "first" else matched > 1
    return matched == nth if isinstance(nth, int) else matched in nth


def _json_path_condition(condition: JsonPath, query: PromptQuery) -> Condition:
    def values() -> list[Any]:
        return patterns.select(condition.path, query.document)

    if condition.equals is msgspec.UNSET:
        return Condition("json_path", lambda: bool(values()), f"something at {condition.path}", values)
    return Condition(
        "json_path",
        lambda: any(_json_equal(value, condition.equals) for value in values()),
        {condition.path: condition.equals},
        values,
    )


def _json_equal(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal. Numbers compare by value; true and false equal no number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_json_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_json_equal, left, right))
    return bool(left == right)
