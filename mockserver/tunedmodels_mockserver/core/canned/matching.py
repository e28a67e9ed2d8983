"""Matching: which canned rule answers a call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .conditions import Count, call_conditions, count_conditions
from .query import PromptQuery
from .rulebook import Rulebook
from .rules import Rule
from .templates import TemplateValues


@dataclass(frozen=True, slots=True)
class RuleHit:
    """The rule that answers, and how often it has, this time included."""

    rule: Rule
    call: int

    def template_values(self, query: PromptQuery) -> TemplateValues:
        """Return what fills the texts of the rule's answer to *query*."""
        return TemplateValues(query, self.rule.when.regex, self.call)


def find(book: Rulebook, rules: Iterable[Rule], query: PromptQuery) -> tuple[Rulebook, RuleHit | None]:
    """Return the first of *rules* that answers *query*, and the book that has counted it."""
    for rule in rules:
        when = rule.when
        # Most rules differ in their text alone, and a thousand of them must not cost a millisecond.
        if when.text is not None and when.text != query.text:
            continue
        if not all(condition.holds() for condition in call_conditions(when, query)):
            continue
        count = book.count(rule)
        if when.nth is not None:
            count = Count(count.seen + 1, count.hits)
            book = book.with_count(rule, count)
        if all(condition.holds() for condition in count_conditions(rule, count)):
            count = Count(count.seen, count.hits + 1)
            return book.with_count(rule, count), RuleHit(rule, count.hits)
    return book, None
