"""Tests the checks of canned rules."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tunedmodels_mockserver.core.canned.rules import Rule, Rules
from tunedmodels_mockserver.core.strict_input import BadInput, convert


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"answer": {"txt": "x"}}, "There is no member 'txt' - at `$.answer`; the nearest is text."),
        ({"answr": "x"}, "There is no member 'answr'; the nearest is answer."),
        ({"when": {"txt": "x"}, "answer": "y"}, "There is no member 'txt' - at `$.when`; the nearest is text."),
        ({"when": {"method": "generate"}, "answer": "y"}, "'generate' is none of countTokens, generateContent, "),
        (
            {"when": {"method": "generateContnt"}, "answer": "y"},
            "; the nearest is generateContent - at `$.when.method`.",
        ),
        ({"when": {"json_path": []}, "answer": "y"}, "json_path must be a path or a list of at least one path; "),
        ({"when": {"text": 5}, "answer": "y"}, "Expected `str | null`, got `int` - at `$.when.text`."),
        (
            {"answer": {"text": "a", "echo": True}},
            "an answer must have exactly one of text, parts, candidates, blocked, ",
        ),
        (
            {"answer": {"finish_reason": "STOP"}},
            "an answer must have exactly one of text, parts, candidates, blocked, ",
        ),
        ({"answer": {"usage": {"totalTokenCount": 1}}}, "got usage alone."),
        (
            {"answer": {"text": "a", "finish_reason": "STOPP"}},
            "finish_reason cannot be 'STOPP'; the nearest is STOP - at `$.answer`.",
        ),
        ({"answer": {"blocked": "SAFTY"}}, "blocked cannot be 'SAFTY'; the nearest is SAFETY - at `$.answer`."),
        (
            {"answer": {"blocked": "SAFETY", "finish_reason": "STOP"}},
            "finish_reason can be set with text, parts, chunks and echo only",
        ),
        (
            {"answer": {"parts": [{"functioncall": {"name": "f"}}]}},
            "parts[0] has no member 'functioncall'; the nearest is functionCall - at `$.answer`.",
        ),
        ({"answer": {"parts": [{"text": "a", "inlineData": {}}]}}, "can have text or inlineData, not both"),
        ({"answer": {"parts": [{"thought": True}]}}, "parts[0] has no content, such as text, functionCall"),
        ({"answer": {"parts": [{"inlineData": {"data": "{{prompt}}"}}]}}, "parts[0].inlineData.data must be a bytes"),
        ({"answer": {"parts": [{"functionCall": {"args": []}}]}}, "parts[0].functionCall.args must be an object"),
        (
            {"answer": {"text": "a", "safety_ratings": [{"category": "HARASSMENT"}]}},
            'safety_ratings[0].category cannot be "HARASSMENT"; the nearest is HARM_CATEGORY_HARASSMENT',
        ),
        ({"answer": {"text": "a", "usage": {"totalTokens": 1}}}, "usage has no member 'totalTokens'; the nearest is "),
        ({"answer": {"text": "a", "usage": {"totalTokenCount": "x"}}}, "usage.totalTokenCount must be a int32"),
        ({"when": {"method": "countTokens"}, "answer": "x"}, "the answer of a rule for countTokens must be usage"),
        ({"answer": {"chunks": []}}, "chunks must have at least one item"),
        ({"answer": {"chunks": [{"text": "a", "pause": 61}]}}, "pause must be from 0 to 60 seconds, got 61.0"),
        ({"answer": {"candidates": [{"text": "a", "parts": []}]}}, "set text or parts in a candidate, not both"),
        ({"answer": {"error": {"code": "UNAVAILABEL"}}}, "UNAVAILABEL"),
        ({"when": {"regex": "(a"}, "answer": "x"}, "'(a' is not a valid RE2 regex: missing ): (a - at `$.when`."),
        ({"when": {"regex": r"(a)\1"}, "answer": "x"}, "is not a valid RE2 regex: invalid escape sequence"),
        ({"when": {"regex": "((a{100}){100}){100}"}, "answer": "x"}, "is not a valid RE2 regex: "),
        ({"when": {"regex": "a" * 1001}, "answer": "x"}, "a regex must have at most 1000 characters, got 1001"),
        ({"when": {"json_path": {"path": "contents"}}, "answer": "x"}, "'contents' is not a valid JSON path: "),
        ({"when": {"json_path": {"path": "$[?search(@.a, '(a+)+$')]"}}, "answer": "x"}, "is not a valid JSON path: "),
        ({"when": {"json_path": {"path": "$..*..*..*"}}, "answer": "x"}, "has more than one `..`"),
        ({"when": {"nth": 0}, "answer": "x"}, "nth must be 1 or more, a list of such numbers, first or rest, got 0"),
        ({"when": {"nth": []}, "answer": "x"}, "nth must be 1 or more"),
        ({"when": {"model": ""}, "answer": "x"}, "model must have 1 to 200 characters, got 0"),
        ({"answer": "x", "times": 0}, "times must be 1 or more, got 0"),
        (
            {"answer": "{{promt}}"},
            "{{promt}} is not a known placeholder; the nearest is prompt; known are prompt, model, ",
        ),
        ({"answer": "{{prompt|upper}}"}, "{{prompt|upper}} is not a known placeholder"),
        ({"answer": "{{prompt"}, "a text has {{ without a name and }} after it"),
        ({"answer": "{{json:nowhere}}"}, "'nowhere' is not a valid JSON path: "),
        ({"answer": "{{match:1}}"}, "{{match:1}} needs a condition regex in the rule"),
        (
            {"when": {"regex": "(a)"}, "answer": "{{match:2}}"},
            "{{match:2}} names a group that the regex '(a)' does not have; it has 1 group",
        ),
        (
            {"when": {"regex": "(a)"}, "answer": "{{match:who}}"},
            "{{match:who}} names a group that the regex '(a)' does not have",
        ),
        (
            {"answer": {"parts": [{"functionCall": {"name": "f", "args": {"x": ["{{y}}"]}}}]}},
            "{{y}} is not a known placeholder",
        ),
    ],
)
def test_a_bad_rule_is_refused(rule: dict[str, Any], sentence: str) -> None:
    """Names, values, patterns and paths are checked when a rule is read, and the message has the nearest known name."""
    with pytest.raises(BadInput) as refusal:
        convert(rule, Rule)

    assert sentence in str(refusal.value)
    assert str(refusal.value).endswith(".")


WHOLE = {
    "rules": [
        {"answer": "a text"},
        {
            "id": "all",
            "times": 3,
            "answer": {"parts": [{"text": "a"}, {"inline_data": {"mimeType": "a/b", "data": "AA=="}}]},
            "when": {
                "model": "tunedModels/*",
                "method": "generateContent",
                "contains": "a",
                "regex": "(?P<who>b)",
                "json_path": [{"path": "$.contents[0].role", "equals": "user"}, {"path": "$..text"}],
                "nth": [1, 3],
            },
        },
        {
            "when": {"nth": "rest"},
            "answer": {"chunks": ["a", {"text": "b {{call}}", "pause": 0.5}], "usage": {"totalTokenCount": 1}},
        },
        {"answer": {"error": {"code": "UNAVAILABLE", "message": "Busy with {{prompt}}", "retry_delay": 3}}},
        {"answer": {"candidates": [{"text": "a"}, {"finish_reason": "SAFETY"}]}},
        {"answer": {"echo": True, "safety_ratings": []}},
        {"when": {"json_path": {"path": "$.x", "equals": None}}, "answer": {"blocked": "SAFETY"}},
    ],
    "strict": True,
}


def test_rules_survive_json() -> None:
    """Rules are equal after writing and reading JSON; null is a value to compare with."""
    rulebook = convert(WHOLE, Rules)

    assert msgspec.json.decode(msgspec.json.encode(rulebook), type=Rules) == rulebook
    assert rulebook.rules[6].when.json_paths[0].equals is None
    assert rulebook.rules[1].when.json_paths[1].equals is msgspec.UNSET


def test_catastrophic_regex_is_fast() -> None:
    """A pattern on which a backtracking engine would hang answers at once."""
    from tunedmodels_mockserver.core.canned.patterns import regex

    assert regex("(a+)+$").search("a" * 40_000 + "b") is None
