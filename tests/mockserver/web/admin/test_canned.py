"""Tests canned rules over HTTP: adding them, their answers, and the reasons of misses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.methods.reply import FALLBACK

from ...conftest import api_error, ok

CANNED = "/_emulator/canned"
FLASH = "models/gemini-1.5-flash"


def arm(http: FlaskClient, *rules: dict[str, Any]) -> Any:
    return ok(http.put(CANNED, json=rules))


def ask(http: FlaskClient, text: str = "hi", verb: str = "generateContent", **config: Any) -> TestResponse:
    body: dict[str, Any] = {"contents": [{"parts": [{"text": text}]}], "generationConfig": config}
    return http.post(f"/v1beta/{FLASH}:{verb}", json=body)


def text_of(answer: Any) -> str:
    return "".join(part.get("text", "") for part in answer["candidates"][0]["content"].get("parts", ()))


NEGLIGIBLE = [
    {"category": f"HARM_CATEGORY_{name}", "probability": "NEGLIGIBLE"}
    for name in ("SEXUALLY_EXPLICIT", "HATE_SPEECH", "HARASSMENT", "DANGEROUS_CONTENT")
]
HARMFUL = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH", "blocked": True}]
CALL = {"functionCall": {"name": "look", "args": {"where": "hi"}}}


def candidate(parts: list[Any] | None, reason: str = "STOP", index: int = 0, ratings: Any = NEGLIGIBLE) -> Any:
    content = {} if parts is None else {"content": {"parts": parts, "role": "model"}}
    return {**content, "finishReason": reason, "index": index, "safetyRatings": ratings}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("a b", {"candidates": [candidate([{"text": "a b"}])]}),
        ({"text": "a b", "finish_reason": "RECITATION"}, {"candidates": [candidate([{"text": "a b"}], "RECITATION")]}),
        ({"echo": True}, {"candidates": [candidate([{"text": "hi"}])]}),
        (
            {"parts": [{"text": "a"}, {"functionCall": {"name": "look", "args": {"where": "{{prompt}}"}}}]},
            {"candidates": [candidate([{"text": "a"}, CALL])]},
        ),
        (
            {"parts": [{"inline_data": {"mime_type": "image/png", "data": "AAEC"}}]},
            {"candidates": [candidate([{"inlineData": {"mimeType": "image/png", "data": "AAEC"}}])]},
        ),
        ({"chunks": ["a ", {"text": "b", "pause": 9}]}, {"candidates": [candidate([{"text": "a b"}])]}),
        (
            {"candidates": [{"text": "a"}, {"finish_reason": "SAFETY", "safety_ratings": HARMFUL}]},
            {"candidates": [candidate([{"text": "a"}]), candidate(None, "SAFETY", 1, HARMFUL)]},
        ),
        (
            {"blocked": "SAFETY", "safety_ratings": HARMFUL},
            {"promptFeedback": {"blockReason": "SAFETY", "safetyRatings": HARMFUL}},
        ),
    ],
)
def test_answers_have_the_services_form(http: FlaskClient, answer: Any, expected: Any) -> None:
    """The text of a rule is in the member that the service uses, with ratings and usage around it."""
    arm(http, {"answer": answer})

    content = ok(ask(http))
    assert content.pop("usageMetadata")["promptTokenCount"] == 2
    assert content == expected


def test_usage_of_a_rule_replaces_the_counts(http: FlaskClient) -> None:
    """The total is the sum, unless the rule sets it, too."""
    arm(http, {"answer": {"text": "a b", "usage": {"promptTokenCount": 40, "thoughtsTokenCount": 2}}})

    counts = {"promptTokenCount": 40, "candidatesTokenCount": 2, "totalTokenCount": 44, "thoughtsTokenCount": 2}
    assert ok(ask(http))["usageMetadata"] == counts


def test_limits_and_candidate_count_of_the_request_apply(http: FlaskClient) -> None:
    """The answer has as many candidates as the request asks for, and its text ends at the limit of the request."""
    arm(http, {"answer": "one two three"})

    first, second = ok(ask(http, candidateCount=2, maxOutputTokens=2))["candidates"]
    assert (first["content"], first["finishReason"]) == (
        {"parts": [{"text": "one two"}], "role": "model"},
        "MAX_TOKENS",
    )
    assert second == {**first, "index": 1}


def test_placeholders_take_values_from_the_request(http: FlaskClient) -> None:
    """Braces can be escaped, and a missing value is an empty text."""
    text = "{{prompt}}|{{model}}|{{model_id}}|{{caller}}|{{call}}|{{json:$.generationConfig.topK}}|{{json:$.no}}"
    arm(http, {"when": {"regex": "I am (?P<who>\\w+)(!)?"}, "answer": text + "|{{match:who}}|{{ match:2 }}|\\{{x}}"})

    ask(http, "I am Bob")
    text_of_answer = text_of(ok(ask(http, "I am Ann", topK=3)))
    model = f"{FLASH}|gemini-1.5-flash"
    assert text_of_answer == f"I am Ann|{model}|developer@example.com|2|3||Ann||{{{{x}}}}"


def test_a_rule_can_answer_with_an_error(http: FlaskClient) -> None:
    """The error has the code, message and details of the rule; then the next rule answers."""
    arm(
        http,
        {"times": 1, "answer": {"error": {"code": "UNAVAILABLE", "message": "Busy: {{prompt}}", "retry_delay": 3}}},
    )

    answer = ask(http)
    assert api_error(answer) == ("UNAVAILABLE", "Busy: hi")
    assert answer.json is not None
    assert answer.json["error"]["details"] == [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"}
    ]
    assert text_of(ok(ask(http))) == FALLBACK


def test_a_rule_sets_the_chunks_of_a_stream() -> None:
    """The server waits before a chunk with a pause; the last chunk has the finish reason."""
    pauses: list[float] = []
    http = create_app(Settings(seed=1), sleep=pauses.append).test_client()
    arm(http, {"answer": {"chunks": ["a", {"text": "b", "pause": 1.5}, {"text": "c", "pause": 0.5}]}})

    chunks = json.loads(ask(http, verb="streamGenerateContent").text)
    assert [text_of(chunk) for chunk in chunks] == ["a", "b", "c"]
    assert [chunk["candidates"][0].get("finishReason") for chunk in chunks] == [None, None, "STOP"]
    assert pauses == [1.5, 0.5]


def test_streams_of_other_answers(http: FlaskClient) -> None:
    """A function call is a chunk of its own, each candidate ends separately, and a blocked prompt is one chunk."""
    arm(
        http,
        {"when": {"text": "parts"}, "answer": {"parts": [{"text": "a"}, CALL]}},
        {"when": {"text": "many"}, "answer": {"candidates": [{"text": "a b"}, {"finish_reason": "SAFETY"}]}},
        {"when": {"text": "blocked"}, "answer": {"blocked": "OTHER"}},
    )

    def stream(text: str) -> Any:
        return json.loads(ask(http, text, "streamGenerateContent").text)

    assert [chunk["candidates"][0]["content"]["parts"] for chunk in stream("parts")] == [[{"text": "a"}], [CALL]]
    ends = [[(item["index"], item.get("finishReason")) for item in chunk["candidates"]] for chunk in stream("many")]
    assert ends == [[(0, None), (1, "SAFETY")], [(0, "STOP")]]
    assert [chunk["promptFeedback"] for chunk in stream("blocked")] == [{"blockReason": "OTHER"}]


def test_a_version_leaves_out_parts_that_it_lacks(http: FlaskClient) -> None:
    """v1 has no function calls."""
    arm(http, {"answer": {"parts": [{"text": "a"}, CALL]}})

    answer = ok(http.post(f"/v1/{FLASH}:generateContent", json={"contents": [{"parts": [{"text": "hi"}]}]}))
    assert answer["candidates"][0]["content"]["parts"] == [{"text": "a"}]


def test_text_models_and_counts(http: FlaskClient) -> None:
    """generateText has its own form, and rules that name countTokens answer it."""
    arm(
        http,
        {"when": {"text": "bad"}, "answer": {"blocked": "SAFETY"}},
        {"when": {"method": "countTokens"}, "answer": {"usage": {"totalTokens": 77}}},
        {"answer": {"parts": [{"text": "a"}, CALL, {"text": "b"}]}},
    )
    url = "/v1beta/models/text-bison-001:generateText"

    assert ok(http.post(url, json={"prompt": {"text": "bad"}})) == {"filters": [{"reason": "SAFETY"}]}
    assert ok(http.post(url, json={"prompt": {"text": "good"}}))["candidates"][0]["output"] == "ab"
    assert ok(count(http)) == {"totalTokens": 77}


def count(http: FlaskClient) -> TestResponse:
    return http.post(f"/v1beta/{FLASH}:countTokens", json={"contents": [{"parts": [{"text": "hi"}]}]})


def test_rules_are_added_listed_and_removed(http: FlaskClient) -> None:
    """A caller adds one or many, first or last; the list has the id and the hits of each."""
    assert ok(http.post(CANNED, json={"answer": "a"})) == {"rules": [{"id": "rule-1", "hits": 0, "answer": "a"}]}
    ok(http.post(f"{CANNED}?at=first", json=[{"id": "first", "answer": "b"}]))
    assert text_of(ok(ask(http))) == "b"
    book = ok(http.get(CANNED))
    assert [(rule["id"], rule["hits"]) for rule in book["rules"]] == [("first", 1), ("rule-1", 0)]
    assert (book["strict"], book["files"], book["missed"]) == (False, [], 0)

    assert http.post(CANNED, json={"id": "first", "answer": "c"}).status_code == 409
    assert http.post(f"{CANNED}?at=middle", json={"answer": "c"}).status_code == 400
    missing = http.delete(f"{CANNED}/fist")
    assert (missing.status_code, missing.json) == (404, {"error": "There is no rule 'fist'; the nearest is first."})
    ok(http.delete(f"{CANNED}/first"))
    assert text_of(ok(ask(http))) == "a"
    ok(http.delete(CANNED))
    assert text_of(ok(ask(http))) == FALLBACK


def test_each_world_has_its_own_rules(http: FlaskClient) -> None:
    """A rule of one world does not answer in another."""
    ok(http.put(CANNED, json=[{"answer": "w1"}], headers={"X-Test-Id": "w1"}))

    assert ok(http.get(CANNED))["rules"] == []
    assert text_of(ok(ask(http))) == FALLBACK


@pytest.mark.parametrize("method", ["post", "put"])
def test_a_bad_rule_changes_nothing(http: FlaskClient, method: str) -> None:
    """The error has the place and the nearest name, and the existing rules stay."""
    arm(http, {"answer": "a"})
    answer = getattr(http, method)(CANNED, json=[{"answer": "b"}, {"answer": {"txt": "c"}}])

    expected = {"error": "There is no member 'txt' - at `$[1].answer`; the nearest is text."}
    assert (answer.status_code, answer.json) == (400, expected)
    assert [rule["answer"] for rule in ok(http.get(CANNED))["rules"]] == ["a"]


def test_a_miss_names_the_nearest_rules(http: FlaskClient) -> None:
    """If no rule matches, the answer names the nearest rules, and the world keeps the miss with the reasons."""
    arm(
        http,
        {"id": "paris", "when": {"text": "How warm is it in Paris?"}, "answer": "a"},
        {"id": "other", "when": {"text": "Tell me a joke"}, "answer": "b"},
        {"id": "tuned", "when": {"model": "gemini-*", "regex": "^x"}, "answer": "c"},
    )
    answer = ask(http, "How warm is it in Rome?")

    assert text_of(ok(answer)) == FALLBACK
    assert answer.headers["X-Tunedmodels-Note"].startswith("canned-miss: the nearest rule is tuned: 1 of its 2 ")
    page = ok(http.get(f"{CANNED}/misses"))
    (miss,) = page["misses"]
    assert (page["missed"], miss["number"], miss["text"], miss["model"]) == (1, 1, "How warm is it in Rome?", FLASH)
    assert [(near["rule"], near["holding"], near["conditions"]) for near in miss["nearest"]] == [
        ("tuned", 1, 2),
        ("paris", 0, 1),
        ("other", 0, 1),
    ]
    (failure,) = miss["nearest"][1]["failed"]
    assert failure["condition"] == "text"
    assert failure["difference"] == "How warm is it in [-Paris-]{+Rome+}?"


def test_misses_are_bounded(http: FlaskClient) -> None:
    """The world keeps the last fifty, newest first, with two kilobytes of each text; a note is one line of ASCII."""
    arm(http, {"when": {"text": "x"}, "answer": "a"})
    for number in range(50):
        ask(http, f"{number} 語\n" + "y" * 3000)
    answer = ask(http, "50 語\n" + "y" * 3000)

    page = ok(http.get(f"{CANNED}/misses"))
    assert (page["missed"], len(page["misses"])) == (51, 50)
    assert page["misses"][0]["text"].startswith("50 語\nyy")
    assert {len(miss["text"].encode()) for miss in page["misses"]} == {2048}
    assert answer.headers["X-Tunedmodels-Note"].isascii()


def test_the_count_of_a_rule_is_a_reason(http: FlaskClient) -> None:
    """A rule that only its count stops is the nearest, and the reason is its count."""
    arm(http, {"when": {"text": "hi"}, "answer": "a", "times": 1})
    ask(http)
    ask(http)

    (near,) = ok(http.get(f"{CANNED}/misses"))["misses"][0]["nearest"]
    assert near == {
        "rule": "rule-1",
        "holding": 1,
        "conditions": 2,
        "failed": [{"condition": "times", "expected": "at most 1 answers", "got": "1"}],
    }


def test_strict_rules_make_a_miss_an_error(http: FlaskClient) -> None:
    """It is 404 with the nearest rule; without strict, training examples and the fallback answer."""
    ok(http.put(CANNED, json={"strict": True, "rules": [{"when": {"text": "ho"}, "answer": "a"}]}))

    code, message = api_error(ask(http))
    assert code == "NOT_FOUND"
    assert message.startswith("No canned rule of the mock server answers the call: the nearest rule is rule-1: ")
    assert ok(http.get(CANNED))["missed"] == 1
    assert text_of(ok(ask(http, "ho"))) == "a"


def test_every_world_begins_with_the_rules_of_the_settings() -> None:
    """The settings take the body of PUT; create_app refuses bad rules."""
    http = create_app(Settings(canned=[{"answer": "a"}])).test_client()

    assert text_of(ok(ask(http))) == "a"
    assert len(ok(http.get(CANNED, headers={"X-Test-Id": "w1"}))["rules"]) == 1
    with pytest.raises(ValueError, match=r"There is no member 'anser' - at .*; the nearest is answer"):
        create_app(Settings(canned=[{"anser": "a"}]))
