"""Rulebooks: the canned rules of one world, how often each has answered, and the calls that none of them did.

A value: whoever changes it gets a new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import msgspec

from . import rules
from .conditions import Count
from .rules import Rule, Rules
from .unmatched_prompts import Miss

MAX_RULES = 10_000
MAX_MISSES = 50


class DuplicateRuleId(ValueError):
    """A rule of this id is there already."""


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file of rules: how many it gave, and what is wrong with its present text (then the rules are of before)."""

    path: str
    rules: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FileRules:
    """What the files of rules give to every world; a rule's id is ``<path>#<its own>``."""

    rules: tuple[Rule, ...] = ()
    strict: bool = False
    files: tuple[RuleFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Rulebook:
    """One world's. ``made`` rules were given an id, ``missed`` calls matched none; the last of these are kept."""

    rules: tuple[Rule, ...] = ()
    strict: bool = False
    counts: dict[str, Count] = field(default_factory=dict)
    misses: tuple[Miss, ...] = ()
    made: int = 0
    missed: int = 0

    def count(self, rule: Rule) -> Count:
        """Return how often *rule* was met."""
        return self.counts.get(rule.id, Count())

    def with_count(self, rule: Rule, count: Count) -> Rulebook:
        """Return the book in which *rule* was met so often."""
        return replace(self, counts={**self.counts, rule.id: count})

    def with_rules(self, more: Iterable[Rule], *, first: bool = False) -> Rulebook:
        """Return the book with *more* rules, at its end or *first*; those without an id get one.

        Raises Taken where an id is taken, ValueError for one that is no id, and for more than 10,000 rules.
        """
        known, named, made = {rule.id for rule in self.rules}, [], self.made
        for rule in more:
            if not rule.id:
                made += 1
                while f"rule-{made}" in known:
                    made += 1
                rule = msgspec.structs.replace(rule, id=f"rule-{made}")
            rules.check_id(rule.id)
            if rule.id in known:
                raise DuplicateRuleId(
                    f"There is a rule {rule.id!r} already. Give another id, or delete that one first."
                )
            known.add(rule.id)
            named.append(rule)
        if len(self.rules) + len(named) > MAX_RULES:
            raise ValueError(f"A world has at most {MAX_RULES} rules.")
        return replace(self, rules=(*named, *self.rules) if first else (*self.rules, *named), made=made)

    def with_only(self, given: Rules) -> Rulebook:
        """Return a new book with the rules *given*, of which none has answered, and with no misses."""
        return Rulebook(strict=given.strict).with_rules(given.rules)

    def without(self, rule_id: str) -> Rulebook:
        """Return the book without the rule of this id. Raises KeyError where there is none."""
        kept = tuple(rule for rule in self.rules if rule.id != rule_id)
        if len(kept) == len(self.rules):
            raise KeyError(rule_id)
        counts = {key: count for key, count in self.counts.items() if key != rule_id}
        return replace(self, rules=kept, counts=counts)

    def with_miss(self, miss: Miss) -> Rulebook:
        """Return the book that has *miss* as its last; it gets its number."""
        number = self.missed + 1
        last = (*self.misses, msgspec.structs.replace(miss, number=number))
        return replace(self, misses=last[-MAX_MISSES:], missed=number)
