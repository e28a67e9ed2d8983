"""Defines the rulebook, which has the canned rules of one world with their counters and the calls that none matched.

A rulebook is an immutable value: each change returns a new one.
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
    """A rule id that another rule of the world already has."""


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file of rules, with the number of its rules.

    ``problem`` says what is wrong with the present text of the file. In that case, the rules are those of the last good
    version.
    """

    path: str
    rules: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FileRules:
    """The rules of all files, which apply to every world. The id of a rule is ``<path>#<its own id>``."""

    rules: tuple[Rule, ...] = ()
    strict: bool = False
    files: tuple[RuleFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The canned rules of one world.

    ``made`` is the number in the last generated id. ``missed`` is the number of calls that no rule matched, and
    ``misses`` has the last of them. ``counts`` has the counters by rule id, those of rules from files included.
    """

    rules: tuple[Rule, ...] = ()
    strict: bool = False
    counts: dict[str, Count] = field(default_factory=dict)
    misses: tuple[Miss, ...] = ()
    made: int = 0
    missed: int = 0

    def count(self, rule: Rule) -> Count:
        """Return the counters of *rule*."""
        return self.counts.get(rule.id, Count())

    def with_count(self, rule: Rule, count: Count) -> Rulebook:
        """Return the book with *count* as the counters of *rule*."""
        return replace(self, counts={**self.counts, rule.id: count})

    def with_rules(self, more: Iterable[Rule], *, first: bool = False) -> Rulebook:
        """Return the book with *more* rules, at its end or *first*. A rule without an id gets one.

        Raises DuplicateRuleId for an id that another rule has. Raises ValueError for an invalid id, and for more than
        10,000 rules.
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
        """Return a new book with only the rules *given*. All counters are zero and there are no misses."""
        return Rulebook(strict=given.strict).with_rules(given.rules)

    def without(self, rule_id: str) -> Rulebook:
        """Return the book without the rule that has this id. Raises KeyError if no rule has it."""
        kept = tuple(rule for rule in self.rules if rule.id != rule_id)
        if len(kept) == len(self.rules):
            raise KeyError(rule_id)
        counts = {key: count for key, count in self.counts.items() if key != rule_id}
        return replace(self, rules=kept, counts=counts)

    def with_miss(self, miss: Miss) -> Rulebook:
        """Return the book with *miss* as its last miss. The miss gets its number, and only the last 50 stay."""
        number = self.missed + 1
        last = (*self.misses, msgspec.structs.replace(miss, number=number))
        return replace(self, misses=last[-MAX_MISSES:], missed=number)
