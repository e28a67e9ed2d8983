"""Matching: which canned rule answers a call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .conditions import Count, of_call, of_count
from .query import Query
from .rulebook import Rulebook
from .rules import Rule
from .templates import Filling


@dataclass(frozen=True, slots=True)
class Hit:
    """The rule that answers, and how often it has, this time included."""

    rule: Rule
    call: int

    def filling(self, query: Query) -> Filling:
        """Return what fills the texts of the rule's answer to *query*."""
        return Filling(query, self.rule.when.regex, self.call)


def find(book: Rulebook, rules: Iterable[Rule], query: Query) -> tuple[Rulebook, Hit | None]:
    """Return the first of *rules* that answers *query*, and the book that has counted it."""
    for rule in rules:
        when = rule.when
        # Most rules differ in their text alone, and a thousand of them must not cost a millisecond.
        if when.text is not None and when.text != query.text:
            continue
        if not all(condition.holds() for condition in of_call(when, query)):
            continue
        count = book.count(rule)
        if when.nth is not None:
            count = Count(count.seen + 1, count.hits)
            book = book.counted(rule, count)
        if all(condition.holds() for condition in of_count(rule, count)):
            count = Count(count.seen, count.hits + 1)
            return book.counted(rule, count), Hit(rule, count.hits)
    return book, None
