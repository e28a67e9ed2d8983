"""Describes misses, which are calls that no canned rule matched, with the nearest rules and why each of them failed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import msgspec

from .conditions import Condition, RuleCounters, call_conditions, count_conditions
from .query import PromptQuery
from .rules import Rule

NEAREST = 3
MAX_TEXT = 2048  # bytes of the prompt that a miss keeps
_COMPARED = 500  # characters of each text that a comparison uses
_MAX_SHOWN = 300  # characters of an expected or actual value that a message shows
_AROUND = 30  # characters that a message shows on each side of a difference
_WORD = re.compile(r"\s+|\w+|.", re.DOTALL)


class FailedCondition(msgspec.Struct, frozen=True, omit_defaults=True):
    """A condition that did not hold.

    For a condition ``text``, ``difference`` marks words that the prompt lacks as ``[-this-]``, and words that it has in
    addition as ``{+this+}``.
    """

    condition: str
    expected: str
    got: str
    difference: str = ""


class NearRule(msgspec.Struct, frozen=True):
    """A rule that nearly matched. ``holding`` of its ``conditions`` hold, and ``failed`` has the others."""

    rule: str
    holding: int
    conditions: int
    failed: tuple[FailedCondition, ...]


class Miss(msgspec.Struct, frozen=True):
    """A call that no rule matched. ``moment`` is the time of the world in nanoseconds."""

    moment: int
    method: str
    model: str
    caller: str
    text: str
    nearest: tuple[NearRule, ...]
    number: int = 0

    @property
    def summary(self) -> str:
        """A sentence that names the nearest rule and its first condition that failed."""
        near = self.nearest[0]
        failed = near.failed[0]
        reason = failed.difference or f"expected {failed.expected}, got {failed.got}"
        rank = f"the nearest rule is {near.rule}: {near.holding} of its {near.conditions} conditions hold"
        return f"{rank}; {failed.condition}: {reason}"


def describe_miss(rules: Sequence[Rule], counts: Mapping[str, RuleCounters], query: PromptQuery, now: int) -> Miss:
    """Return the miss for *query*, which none of *rules* (at least one) answered at *now*.

    *counts* has the counters of rules by id.
    """
    ranked = [(rule, *_check_rule(rule, counts.get(rule.id, RuleCounters()), query)) for rule in rules]
    ranked.sort(key=lambda item: (-item[1], -_similarity(item[0], query.text)))
    text = query.text.encode()[:MAX_TEXT].decode("utf-8", "ignore")
    nearest = tuple(
        NearRule(rule.id, holding, holding + len(failed), tuple(_failure(condition) for condition in failed))
        for rule, holding, failed in ranked[:NEAREST]
    )
    return Miss(now, query.method, query.model, query.caller, text, nearest)


def difference(expected: str, got: str) -> str:
    """Return one line that shows how two texts differ, word by word, such as ``the [-quick-]{+slow+} fox``.

    Long passages that are equal are shortened.
    """
    before, after = _WORD.findall(expected[:_COMPARED]), _WORD.findall(got[:_COMPARED])
    changes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    pieces = []
    for place, (kind, start, end, low, high) in enumerate(changes):
        removed, added = "".join(before[start:end]), "".join(after[low:high])
        if kind == "equal":
            pieces.append(_elide(removed, first=place == 0, last=place == len(changes) - 1))
        else:
            pieces.append((f"[-{removed}-]" if removed else "") + (f"{{+{added}+}}" if added else ""))
    return _truncate("".join(pieces))


def _check_rule(rule: Rule, counters: RuleCounters, query: PromptQuery) -> tuple[int, list[Condition]]:
    """Return the number of conditions of *rule* that hold, and the conditions that do not hold."""
    call_checks = list(call_conditions(rule.when, query))
    failed = [condition for condition in call_checks if not condition.holds()]
    # The other conditions count the calls for which these hold, so for any other call they mean nothing.
    count_checks = [] if failed else list(count_conditions(rule, counters))
    failed += [condition for condition in count_checks if not condition.holds()]
    return len(call_checks) + len(count_checks) - len(failed), failed


def _similarity(rule: Rule, text: str) -> float:
    """Return the similarity, from 0 to 100, of *text* and the text that *rule* expects."""
    from rapidfuzz import fuzz  # imported here, so that only a miss waits for the import

    if rule.when.text is not None:
        return fuzz.ratio(rule.when.text[:_COMPARED], text[:_COMPARED])
    if rule.when.contains is not None:
        return fuzz.partial_ratio(rule.when.contains[:_COMPARED], text[:_COMPARED])
    return 0.0


def _failure(condition: Condition) -> FailedCondition:
    got = condition.got()
    differs = difference(condition.expected, got) if condition.name == "text" else ""
    return FailedCondition(condition.name, _value_text(condition.expected), _value_text(got), differs)


def _value_text(value: Any) -> str:
    return _truncate(value if isinstance(value, str) else json.dumps(msgspec.to_builtins(value), ensure_ascii=False))


def _truncate(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _elide(text: str, *, first: bool, last: bool) -> str:
    """Return *text*, which two texts share, shortened to the characters next to a difference.

    *first* means that no difference comes before it, and *last* that none comes after it.
    """
    if first and last:
        return text
    if first:
        return text if len(text) <= _AROUND else f"…{text[-_AROUND:]}"
    if last:
        return text if len(text) <= _AROUND else f"{text[:_AROUND]}…"
    return text if len(text) <= 2 * _AROUND else f"{text[:_AROUND]}…{text[-_AROUND:]}"
