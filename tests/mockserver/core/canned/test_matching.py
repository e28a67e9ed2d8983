"""Tests which rule answers a call, and how the rulebook counts."""

from __future__ import annotations

from typing import Any

import pytest

from tunedmodels_mockserver.core.canned import matching
from tunedmodels_mockserver.core.canned.query import PromptQuery
from tunedmodels_mockserver.core.canned.rulebook import Rulebook
from tunedmodels_mockserver.core.canned.rules import Rule
from tunedmodels_mockserver.core.strict_input import convert

REQUEST = {
    "model": "tunedModels/colours",
    "contents": [{"role": "user", "parts": [{"text": "the sky, please"}]}],
    "generation_config": {"temperature": 0.10000000149011612, "candidate_count": 1},
    "safety_settings": [{"category": 7, "threshold": 4}],
}


def query(text: str = "the sky, please", method: str = "generateContent") -> PromptQuery:
    return PromptQuery(method, "tunedModels/colours", text, "alice@example.com", "GenerateContentRequest", REQUEST)


def book(*rules: dict[str, Any]) -> Rulebook:
    return Rulebook().with_rules(convert(list(rules), tuple[Rule, ...]))


def answers(rules: Rulebook, *queries: PromptQuery) -> list[str | None]:
    """The answers to calls that come one after the other."""
    texts: list[str | None] = []
    for one in queries:
        rules, hit = matching.find(rules, rules.rules, one)
        texts.append(hit.rule.full_answer.text if hit else None)
    return texts


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({}, True),
        ({"model": "colours"}, True),
        ({"model": "col*"}, True),
        ({"model": "tunedModels/colours"}, True),
        ({"model": "tunedModels/*"}, True),
        ({"model": "models/*"}, False),
        ({"model": "Colours"}, False),
        ({"method": "generateContent"}, True),
        ({"method": "streamGenerateContent"}, False),
        ({"text": "the sky, please"}, True),
        ({"text": "the sky"}, False),
        ({"contains": "sky"}, True),
        ({"contains": "Sky"}, False),
        ({"regex": "s.y"}, True),
        ({"regex": "^sky"}, False),
        ({"regex": "(?i)SKY"}, True),
        ({"text": "the sky, please", "contains": "sea"}, False),
        ({"json_path": {"path": "$.contents[0].role", "equals": "user"}}, True),
        ({"json_path": {"path": "$.contents[*].parts[*].text", "equals": "the sky, please"}}, True),
        ({"json_path": {"path": "$.generationConfig.temperature", "equals": 0.1}}, True),
        ({"json_path": {"path": "$.generationConfig.candidateCount", "equals": 1.0}}, True),
        ({"json_path": {"path": "$.generationConfig.candidateCount", "equals": True}}, False),
        ({"json_path": {"path": "$.safetySettings[0].category", "equals": "HARM_CATEGORY_HARASSMENT"}}, True),
        ({"json_path": {"path": "$.contents[0].parts", "equals": [{"text": "the sky, please"}]}}, True),
        ({"json_path": {"path": "$.tools"}}, False),
        ({"json_path": {"path": "$.contents"}}, True),
        ({"json_path": [{"path": "$.contents"}, {"path": "$.tools"}]}, False),
    ],
)
def test_all_conditions_must_hold(when: dict[str, Any], holds: bool) -> None:
    """Each condition checks its part of the call; a rule without conditions always matches."""
    assert answers(book({"when": when, "answer": "yes"}), query()) == ["yes" if holds else None]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"answer": "a"}, {"answer": "b"}], ["a", "a", "a"]),
        ([{"answer": "a", "times": 1}, {"answer": "b"}], ["a", "b", "b"]),
        ([{"answer": "a", "when": {"nth": 2}}, {"answer": "b"}], ["b", "a", "b"]),
        ([{"answer": "a", "when": {"nth": [1, 3]}}], ["a", None, "a"]),
        ([{"answer": "a", "when": {"nth": "first"}}], ["a", None, None]),
        ([{"answer": "a", "when": {"nth": "rest"}}], [None, "a", "a"]),
        ([{"answer": "a", "when": {"nth": "rest"}, "times": 1}], [None, "a", None]),
        ([{"answer": "a", "when": {"nth": 2, "contains": "sea"}}], [None, None, None]),
    ],
)
def test_first_matching_rule_answers(rules: list[dict[str, Any]], expected: list[str | None]) -> None:
    """``times`` counts answers, ``nth`` the calls for which the other conditions hold."""
    assert answers(book(*rules), query(), query(), query()) == expected


def test_only_matching_calls_are_counted() -> None:
    """The second matching call can be the third of all calls."""
    rules = book({"answer": "again", "when": {"contains": "sky", "nth": 2}})

    assert answers(rules, query("sky"), query("sea"), query("sky")) == [None, None, "again"]


def test_count_tokens_needs_a_rule_with_that_method() -> None:
    """A rule that does not name countTokens never answers it."""
    rules = book({"answer": "x"}, {"when": {"method": "countTokens"}, "answer": {"usage": {"totalTokens": 7}}})

    _, hit = matching.find(rules, rules.rules, query(method="countTokens"))
    assert hit is not None
    assert hit.rule.id == "rule-2"


def test_missing_ids_are_generated() -> None:
    """A generated id differs from all ids in use."""
    rules = book({"answer": "a", "id": "rule-1"}, {"answer": "b"}).with_rules((Rule("c"),), first=True)

    assert [rule.id for rule in rules.rules] == ["rule-3", "rule-1", "rule-2"]
    with pytest.raises(ValueError, match="The rule 'rule-1' already exists"):
        rules.with_rules((Rule("d", id="rule-1"),))
    with pytest.raises(ValueError, match="an id must have 1 to 100 letters"):
        rules.with_rules((Rule("d", id="a/b"),))
