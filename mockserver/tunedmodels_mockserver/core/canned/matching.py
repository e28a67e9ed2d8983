"""Finds the canned rule that answers a call."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from .conditions import RuleCounters, call_conditions, count_conditions
from .query import PromptQuery
from .rulebook import Rulebook
from .rules import Rule
from .templates import TemplateSources


class RuleHit(msgspec.Struct, frozen=True):
    """The rule that answers a call. ``hits`` is the number of calls that it has answered, this one included."""

    rule: Rule
    hits: int

    def template_values(self, query: PromptQuery) -> TemplateSources:
        """Return the values for the placeholders in the rule's answer to *query*."""
        return TemplateSources(query, self.rule.when.regex, self.hits)


def find(book: Rulebook, rules: Iterable[Rule], query: PromptQuery) -> tuple[Rulebook, RuleHit | None]:
    """Return the first of *rules* that answers *query*, or None, and *book* with the call counted."""
    for rule in rules:
        when = rule.when
        # This fast check comes first: most rules differ only in their text, and a thousand must not cost a millisecond.
        if when.text is not None and when.text != query.text:
            continue
        if not all(condition.holds() for condition in call_conditions(when, query)):
            continue
        counters = book.counters(rule)
        if when.nth is not None:
            counters = RuleCounters(counters.matched + 1, counters.hits)
            book = book.with_counters(rule, counters)
        if all(condition.holds() for condition in count_conditions(rule, counters)):
            counters = RuleCounters(counters.matched, counters.hits + 1)
            return book.with_counters(rule, counters), RuleHit(rule, counters.hits)
    return book, None
