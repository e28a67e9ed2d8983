"""Defines the rulebook, which has the canned rules of one world with their counters and the calls that none matched.

A rulebook is an immutable value: each change returns a new one.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from . import rules
from .conditions import RuleCounters
from .rules import Rule, Rules
from .unmatched_prompts import Miss

MAX_RULES = 10_000
MAX_MISSES = 50


class DuplicateRuleId(ValueError):
    """A rule id that another rule of the world already has."""


class RuleFile(msgspec.Struct, frozen=True):
    """One file of rules, with the number of its rules.

    ``problem`` says what is wrong with the present text of the file. In that case, the rules are those of the last good
    version.
    """

    path: str
    rules: int = 0
    problem: str = ""


class FileRules(msgspec.Struct, frozen=True):
    """The rules of all files, which apply to every world. The id of a rule is ``<path>#<its own id>``."""

    rules: tuple[Rule, ...] = ()
    strict: bool = False
    files: tuple[RuleFile, ...] = ()


class Rulebook(msgspec.Struct, frozen=True):
    """The canned rules of one world.

    ``last_generated_id`` is the number in the last generated id. ``miss_count`` is the number of calls that no rule
    matched, and ``misses`` has the last of them. ``counts`` has the counters by rule id, also for rules from files.
    """

    rules: tuple[Rule, ...] = ()
    strict: bool = False
    counts: dict[str, RuleCounters] = msgspec.field(default_factory=dict)
    misses: tuple[Miss, ...] = ()
    last_generated_id: int = 0
    miss_count: int = 0

    def counters(self, rule: Rule) -> RuleCounters:
        """Return the counters of *rule*."""
        return self.counts.get(rule.id, RuleCounters())

    def with_counters(self, rule: Rule, counters: RuleCounters) -> Rulebook:
        """Return the book with *counters* as the counters of *rule*."""
        return replace(self, counts={**self.counts, rule.id: counters})

    def with_rules(self, rules_to_add: Iterable[Rule], *, first: bool = False) -> Rulebook:
        """Return the book with *rules_to_add* at its end, or *first*. A rule without an id gets one.

        Raises DuplicateRuleId for an id that another rule has. Raises ValueError for an invalid id, and for more than
        10,000 rules.
        """
        ids, with_ids, last_id = {rule.id for rule in self.rules}, [], self.last_generated_id
        for rule in rules_to_add:
            if not rule.id:
                last_id += 1
                while f"rule-{last_id}" in ids:
                    last_id += 1
                rule = msgspec.structs.replace(rule, id=f"rule-{last_id}")
            rules.check_id(rule.id)
            if rule.id in ids:
                raise DuplicateRuleId(
                    f"The rule {rule.id!r} already exists. Give another id, or delete that rule first."
                )
            ids.add(rule.id)
            with_ids.append(rule)
        if len(self.rules) + len(with_ids) > MAX_RULES:
            raise ValueError(f"A world can have at most {MAX_RULES} rules.")
        return replace(
            self, rules=(*with_ids, *self.rules) if first else (*self.rules, *with_ids), last_generated_id=last_id
        )

    def replace_rules(self, rule_set: Rules) -> Rulebook:
        """Return a new book with only the rules of *rule_set*. All counters are zero and there are no misses."""
        return Rulebook(strict=rule_set.strict).with_rules(rule_set.rules)

    def without(self, rule_id: str) -> Rulebook:
        """Return the book without the rule that has this id. Raises KeyError if no rule has it."""
        remaining = tuple(rule for rule in self.rules if rule.id != rule_id)
        if len(remaining) == len(self.rules):
            raise KeyError(rule_id)
        counts = {key: count for key, count in self.counts.items() if key != rule_id}
        return replace(self, rules=remaining, counts=counts)

    def with_miss(self, miss: Miss) -> Rulebook:
        """Return the book with *miss* as its last miss. The miss gets its number, and only the last 50 stay."""
        number = self.miss_count + 1
        last = (*self.misses, msgspec.structs.replace(miss, number=number))
        return replace(self, misses=last[-MAX_MISSES:], miss_count=number)
