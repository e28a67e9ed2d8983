"""Tests generation: whole answers, streams, text; limits, candidates, token counts and errors."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tunedmodels_mockserver.core.clock import ManualClock
from tunedmodels_mockserver.core.effects import Error
from tunedmodels_mockserver.core.methods.reply import FALLBACK
from tunedmodels_mockserver.core.runs.script import Event

from ...conftest import api_error, ok

ALICE = {"Authorization": "Bearer alice@example.com"}

COLOURS = {"sky": "blue, on most days", "grass": "green", "count": "one two three four five six"}
NUMBERS = {"1": "2", "ninety nine": "one hundred"}
RATINGS = ["SEXUALLY_EXPLICIT", "HATE_SPEECH", "HARASSMENT", "DANGEROUS_CONTENT"]


@pytest.fixture(autouse=True)
def _models(http: FlaskClient, clock: ManualClock) -> None:
    """Two models that are ACTIVE: one knows colours, one counts; and a text model of 2023."""
    make(http, "colours", COLOURS)
    make(http, "numbers", NUMBERS)
    make(http, "bison", COLOURS, base="models/text-bison-001")
    clock.advance(30)


def make(
    http: FlaskClient,
    model_id: str,
    examples: dict[str, str],
    base: str = "models/gemini-1.5-flash-001-tuning",
    caller: dict[str, str] | None = None,
) -> str:
    """Create a tuned model; return the name of its operation."""
    rows = [{"textInput": prompt, "output": output} for prompt, output in examples.items()]
    task = {"trainingData": {"examples": {"examples": rows}}}
    path = f"/v1beta/tunedModels?tunedModelId={model_id}"
    return str(ok(http.post(path, json={"baseModel": base, "tuningTask": task}, headers=caller))["name"])


def prompt(*texts: str, **config: Any) -> dict[str, Any]:
    """A request whose one turn has the given parts."""
    body: dict[str, Any] = {"contents": [{"parts": [{"text": text} for text in texts]}]}
    return {**body, "generationConfig": config} if config else body


def ask(
    http: FlaskClient, model: str, body: dict[str, Any], verb: str = "generateContent", version: str = "v1beta"
) -> TestResponse:
    return http.post(f"/{version}/{model}:{verb}", json=body)


def text_of(candidate: dict[str, Any]) -> str:
    return "".join(part["text"] for part in candidate["content"].get("parts", []))


def reply(http: FlaskClient, model: str, *texts: str, **config: Any) -> tuple[str, str]:
    """The text of the one candidate, and why it ends."""
    (candidate,) = ok(ask(http, model, prompt(*texts, **config)))["candidates"]
    return text_of(candidate), candidate["finishReason"]


def test_form_of_an_answer(http: FlaskClient) -> None:
    """Candidates with content, reason, index and four ratings in the observed order; then the usage."""
    versions = ("v1", "v1beta", "v1alpha")
    answers = [ok(ask(http, "tunedModels/numbers", prompt("100"), version=version)) for version in versions]

    ratings = [{"category": f"HARM_CATEGORY_{name}", "probability": "NEGLIGIBLE"} for name in RATINGS]
    candidate = {
        "content": {"parts": [{"text": "101"}], "role": "model"},
        "finishReason": "STOP",
        "index": 0,
        "safetyRatings": ratings,
    }
    usage = {"promptTokenCount": 4, "candidatesTokenCount": 3, "totalTokenCount": 7}
    assert answers == [{"candidates": [candidate], "usageMetadata": usage}] * 3


@pytest.mark.parametrize(
    ("model", "texts", "text"),
    [
        ("tunedModels/colours", ["grass"], "green"),
        ("tunedModels/colours", ["gr", "ass"], "green"),
        ("tunedModels/colours", ["grass\n"], "green"),
        ("tunedModels/colours", ["1"], FALLBACK),
        ("tunedModels/numbers", ["ninety nine"], "one hundred"),
        ("tunedModels/numbers", ["六"], "七"),
        ("tunedModels/numbers", ["grass"], FALLBACK),
        ("models/gemini-1.5-flash", ["grass"], FALLBACK),
        ("models/gemini-1.0-pro-001", ["1"], FALLBACK),
    ],
)
def test_sources_of_answers(http: FlaskClient, model: str, texts: list[str], text: str) -> None:
    """A tuned model's examples, numbers if it counts, and the fallback for all else."""
    assert reply(http, model, *texts) == (text, "STOP")


@pytest.mark.parametrize(
    ("config", "text", "reason"),
    [
        ({}, "one two three four five six", "STOP"),
        ({"maxOutputTokens": 2}, "one two", "MAX_TOKENS"),
        ({"maxOutputTokens": 6}, "one two three four five six", "STOP"),
        ({"max_output_tokens": 8192.0}, "one two three four five six", "STOP"),
        ({"stopSequences": ["four"]}, "one two three ", "STOP"),
        ({"stopSequences": ["four", "three", "ten"]}, "one two ", "STOP"),
        ({"stopSequences": ["Four", ""]}, "one two three four five six", "STOP"),
        ({"stopSequences": ["four"], "maxOutputTokens": 1}, "one", "MAX_TOKENS"),
        ({"stopSequences": [" two"], "maxOutputTokens": 1}, "one", "STOP"),
        ({"temperature": 0.9, "topK": 3.0, "responseModalities": ["TEXT"]}, "one two three four five six", "STOP"),
    ],
)
def test_limits_apply(http: FlaskClient, config: dict[str, Any], text: str, reason: str) -> None:
    """A text ends before the earliest stop sequence, then at the token limit, with the right finish reason."""
    assert reply(http, "tunedModels/colours", "count", **config) == (text, reason)


def test_an_empty_answer_has_no_parts(http: FlaskClient) -> None:
    """A text that stops at once gives content with a role only (observed), and counts no tokens."""
    answer = ok(ask(http, "tunedModels/colours", prompt("grass", stopSequences=["g"])))

    assert answer["candidates"][0]["content"] == {"role": "model"}
    assert answer["usageMetadata"] == {"promptTokenCount": 2, "totalTokenCount": 2}


@pytest.mark.parametrize("count", [1, 8])
def test_number_of_candidates(http: FlaskClient, count: int) -> None:
    """Each has its index, and the tokens of all are counted."""
    answer = ok(ask(http, "tunedModels/numbers", prompt("100", candidateCount=count)))

    assert [text_of(candidate) for candidate in answer["candidates"]] == ["101"] * count
    assert [candidate["index"] for candidate in answer["candidates"]] == list(range(count))
    usage = {"promptTokenCount": 4, "candidatesTokenCount": 3 * count, "totalTokenCount": 4 + 3 * count}
    assert answer["usageMetadata"] == usage


def chunks(answer: TestResponse) -> list[Any]:
    """The chunks of a stream in either of its forms."""
    assert answer.status_code == 200, answer.text
    if answer.content_type == "application/json; charset=UTF-8":
        return list(json.loads(answer.text))
    assert answer.content_type == "text/event-stream"
    *events, end = answer.text.split("\r\n\r\n")
    assert end == ""
    return [json.loads(event.removeprefix("data: ")) for event in events]


@pytest.mark.parametrize(
    ("query", "text", "config"),
    [
        ("", "sky", {}),
        ("?alt=sse", "count", {"candidateCount": 2}),
        ("?$alt=json;enum-encoding=int", "count", {"maxOutputTokens": 3}),
        ("", "grass", {}),
    ],
)
def test_stream_is_the_answer_in_chunks(http: FlaskClient, query: str, text: str, config: dict[str, Any]) -> None:
    """Together the chunks are the whole answer; only the last one has the finish reason."""
    body = prompt(text, **config)
    whole = ok(ask(http, "tunedModels/colours", body, f"generateContent{query.replace('alt=sse', '')}"))
    parts = chunks(ask(http, "tunedModels/colours", body, f"streamGenerateContent{query}"))

    assert 1 <= len(parts) <= 4
    for index, candidate in enumerate(whole["candidates"]):
        assert "".join(text_of(part["candidates"][index]) for part in parts) == text_of(candidate)
        assert all(text_of(part["candidates"][index]) for part in parts)
        reasons = [part["candidates"][index].get("finishReason") for part in parts]
        assert reasons == [None] * (len(parts) - 1) + [candidate["finishReason"]]
    assert parts[-1]["usageMetadata"] == whole["usageMetadata"]


def test_most_answers_come_in_several_chunks(http: FlaskClient) -> None:
    """Two or more tokens are split (SDKs saw at least two chunks); one token is one chunk."""
    counts = [
        len(chunks(ask(http, "tunedModels/numbers", prompt(text), "streamGenerateContent")))
        for text in ("1", "9", "100", "123456")
    ]

    assert counts == [1, 2, 3, 4]


def finding(path: str, text: str) -> str:
    return f"* GenerateContentRequest.{path}: {text}\n"


NO_DATA = "required oneof field 'data' must have one initialized field"
RANGE = "candidate_count must be in the range [1, 8]"
POSITIVE = "max_output_tokens must be positive."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, finding("contents", "contents is not specified")),
        ({"contents": []}, finding("contents", "contents is not specified")),
        ({"contents": [{}]}, finding("contents[0].parts", "contents.parts must not be empty.")),
        ({"contents": [{"parts": [{}]}]}, finding("contents[0].parts[0].data", NO_DATA)),
        (
            {"contents": [{"parts": [{"text": "a"}]}, {"parts": [{"text": "b"}, {}]}]},
            finding("contents[1].parts[1].data", NO_DATA),
        ),
        (prompt("1", candidateCount=0), finding("generation_config.candidate_count", RANGE)),
        (prompt("1", candidateCount=9), finding("generation_config.candidate_count", RANGE)),
        (prompt("1", maxOutputTokens=0), finding("generation_config.max_output_tokens", POSITIVE)),
        (
            {"contents": [{"parts": [{"text": 1}]}]},
            "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 1",
        ),
        (
            {"prompt": {"text": "1"}},
            'Invalid JSON payload received. Unknown name "prompt": Cannot find field.',
        ),
    ],
)
def test_malformed_requests(http: FlaskClient, body: dict[str, Any], message: str) -> None:
    """The request is checked before the model, whole or as a stream."""
    for model in ("tunedModels/colours", "models/gemini-1.5-flash", "tunedModels/none"):
        for verb in ("generateContent", "streamGenerateContent?alt=sse"):
            assert api_error(ask(http, model, body, verb)) == ("INVALID_ARGUMENT", message)


def not_supported(model: str, method: str, version: str = "v1beta") -> tuple[str, str]:
    return (
        "NOT_FOUND",
        f"{model} is not found for API version {version}, or is not supported for {method}. "
        "Call ListModels to see the list of available models and their supported methods.",
    )


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("models/none", "models/none"),
        ("models/colours", "models/colours"),
        ("models/text-bison-001", "models/text-bison-001"),
        ("models/text-embedding-004", "models/text-embedding-004"),
        ("tunedModels/bison", "models/text-bison-001"),
    ],
)
def test_models_without_the_method(http: FlaskClient, model: str, name: str) -> None:
    """The model does not exist or does not generate; for a tuned model the error names its base model (observed)."""
    for version in ("v1", "v1beta"):
        answer = ask(http, model, prompt("1"), version=version)
        stream = ask(http, model, prompt("1"), "streamGenerateContent?alt=sse", version)
        assert api_error(answer) == not_supported(name, "generateContent", version)
        assert api_error(stream) == not_supported(name, "streamGenerateContent", version)


def not_ready(model: str) -> tuple[str, str]:
    return "INVALID_ARGUMENT", f"Tuned model {model} is not ready to use."


def test_models_that_cannot_be_called(app: Flask, http: FlaskClient, clock: ManualClock) -> None:
    """CREATING and FAILED are not ready, deleted does not exist, another caller's is forbidden."""
    make(http, "failed", NUMBERS)
    store = app.extensions["tunedmodels"].get("").store
    record = store.get("failed")
    failure = Event(step=0, fail=Error(code="INTERNAL", message="No machine was free."))
    assert store.replace(record, replace(record, plan=replace(record.plan, script=(failure,))))
    clock.advance(30)
    make(http, "young", NUMBERS)
    make(http, "hers", NUMBERS, caller=ALICE)
    ok(http.delete("/v1beta/tunedModels/colours"))

    expected = {
        "tunedModels/young": not_ready("tunedModels/young"),
        "tunedModels/failed": not_ready("tunedModels/failed"),
        "tunedModels/colours": ("NOT_FOUND", "Tuned model tunedModels/colours does not exist."),
        "tunedModels/hers": (
            "PERMISSION_DENIED",
            "You do not have permission to access tuned model tunedModels/hers.",
        ),
    }
    for verb in ("generateContent", "streamGenerateContent?alt=sse"):
        assert {model: api_error(ask(http, model, prompt("1"), verb)) for model in expected} == expected


CONVERSATION = {
    "contents": [
        {"role": "user", "parts": [{"text": "grass"}]},
        {"role": "model", "parts": [{"text": "green"}]},
        {"role": "user", "parts": [{"text": "sky"}]},
    ]
}
INSTRUCTION = {**prompt("sky"), "systemInstruction": {"parts": [{"text": "Be brief."}]}}


@pytest.mark.parametrize(
    ("body", "feature", "allowance"),
    [
        (CONVERSATION, "Multiturn chat", "multi-turn"),
        (INSTRUCTION, "Developer instruction", "system-instruction"),
    ],
)
def test_features_that_tuned_models_lack(
    http: FlaskClient,
    strict_http: FlaskClient,
    clock: ManualClock,
    body: dict[str, Any],
    feature: str,
    allowance: str,
) -> None:
    """The service refuses them, base models accept them; by default the last turn is answered, with a note."""
    make(strict_http, "colours", COLOURS)
    clock.advance(30)
    answer = ask(http, "tunedModels/colours", body)

    assert text_of(ok(answer)["candidates"][0]) == COLOURS["sky"]
    assert answer.headers["X-Tunedmodels-Note"].startswith(f"{allowance}: ")
    strict = ask(strict_http, "tunedModels/colours", body)
    assert api_error(strict) == ("INVALID_ARGUMENT", f"{feature} is not enabled for tunedModels/colours")
    base = ask(strict_http, "models/gemini-1.5-flash", body)
    assert text_of(ok(base)["candidates"][0]) == FALLBACK


def test_tuned_models_write_no_json(http: FlaskClient) -> None:
    """JSON mode is refused for a tuned model; plain text is accepted, and base models accept both."""
    json_mode = prompt("sky", responseMimeType="application/json")
    answer = ask(http, "tunedModels/colours", json_mode)

    assert api_error(answer) == ("INVALID_ARGUMENT", "Json mode is not enabled for tunedModels/colours")
    assert reply(http, "tunedModels/colours", "sky", responseMimeType="text/plain")[0] == COLOURS["sky"]
    assert ok(ask(http, "models/gemini-1.5-flash", json_mode))["candidates"]


def test_prompt_is_limited(http: FlaskClient) -> None:
    """A tuned model refuses one character more (documented limit, invented wording), a base model does not."""
    longest, longer = prompt("語" * 40_000), prompt("語" * 40_000, "x")

    assert ok(ask(http, "tunedModels/colours", longest))["usageMetadata"]["promptTokenCount"] == 40_001
    text = "a prompt to a tuned model must have at most 40000 characters, got 40001"
    refusal = ("INVALID_ARGUMENT", finding("contents", text))
    assert api_error(ask(http, "tunedModels/colours", longer)) == refusal
    assert ok(ask(http, "models/gemini-1.5-flash", longer))["candidates"]


def test_a_tuned_name_under_models(http: FlaskClient, strict_http: FlaskClient) -> None:
    """Clients that put models/ before every name are accepted with a note; the service refuses them (observed)."""
    answer = ask(http, "models/tunedModels/numbers", prompt("1"))

    assert text_of(ok(answer)["candidates"][0]) == "2"
    assert answer.headers["X-Tunedmodels-Note"].startswith("models-prefix: ")
    strict = ask(strict_http, "models/tunedModels/numbers", prompt("1"))
    assert api_error(strict) == ("INVALID_ARGUMENT", finding("model", "unexpected model name format"))


TEXT_CATEGORIES = ["DEROGATORY", "TOXICITY", "VIOLENCE", "SEXUAL", "MEDICAL", "DANGEROUS"]


def test_text_models_generate_text(http: FlaskClient) -> None:
    """Models on text-bison-001 answer generateText in its own form, with the requested number of candidates."""
    body = {"prompt": {"text": "grass"}, "temperature": 1.0, "candidate_count": 2}
    versions = ("v1beta", "v1alpha", "v1beta3")
    answers = [ok(ask(http, "tunedModels/bison", body, "generateText", version)) for version in versions]

    ratings = [{"category": f"HARM_CATEGORY_{name}", "probability": "NEGLIGIBLE"} for name in TEXT_CATEGORIES]
    assert answers == [{"candidates": [{"output": "green", "safetyRatings": ratings}] * 2}] * 3


@pytest.mark.parametrize(
    ("model", "body", "output"),
    [
        ("tunedModels/bison", {"prompt": {"text": "count"}}, "one two three four five six"),
        ("tunedModels/bison", {"prompt": {"text": "count"}, "maxOutputTokens": 2}, "one two"),
        ("tunedModels/bison", {"prompt": {"text": "count"}, "stopSequences": [" four"]}, "one two three"),
        ("tunedModels/bison", {"prompt": {"text": "1"}}, FALLBACK),
        ("models/text-bison-001", {"prompt": {"text": "grass"}}, FALLBACK),
    ],
)
def test_text_is_limited(http: FlaskClient, model: str, body: dict[str, Any], output: str) -> None:
    """Tokens and stop sequences limit text as they limit content; base models answer with the fallback."""
    (candidate,) = ok(ask(http, model, body, "generateText"))["candidates"]

    assert candidate["output"] == output


@pytest.mark.parametrize(
    ("model", "body", "refusal"),
    [
        (
            "tunedModels/bison",
            {},
            ("INVALID_ARGUMENT", "* GenerateTextRequest.prompt.text: text is not specified\n"),
        ),
        (
            "tunedModels/bison",
            {"prompt": {"text": "1"}, "candidateCount": 9},
            ("INVALID_ARGUMENT", f"* GenerateTextRequest.candidate_count: {RANGE}\n"),
        ),
        (
            "tunedModels/bison",
            {"prompt": {"text": "1"}, "maxOutputTokens": 0},
            ("INVALID_ARGUMENT", f"* GenerateTextRequest.max_output_tokens: {POSITIVE}\n"),
        ),
        (
            "tunedModels/colours",
            {"prompt": {"text": "1"}},
            not_supported("models/gemini-1.5-flash-001-tuning", "generateText"),
        ),
        (
            "models/gemini-1.5-flash",
            {"prompt": {"text": "1"}},
            not_supported("models/gemini-1.5-flash", "generateText"),
        ),
        (
            "tunedModels/none",
            {"prompt": {"text": "1"}},
            ("NOT_FOUND", "Tuned model tunedModels/none does not exist."),
        ),
    ],
)
def test_invalid_text_requests(http: FlaskClient, model: str, body: dict[str, Any], refusal: tuple[str, str]) -> None:
    """A prompt is required, limits are checked, and other or unknown models are refused."""
    assert api_error(ask(http, model, body, "generateText")) == refusal


def test_text_model_in_creation_is_not_ready(http: FlaskClient) -> None:
    """generateText waits for the run as generateContent does."""
    make(http, "young", COLOURS, base="models/text-bison-001")

    answer = ask(http, "tunedModels/young", {"prompt": {"text": "1"}}, "generateText")
    assert api_error(answer) == not_ready("tunedModels/young")


@pytest.mark.parametrize(
    ("body", "total"),
    [
        (prompt("100"), 3),
        (prompt("100", "101"), 6),
        (CONVERSATION, 3),
        ({"generateContentRequest": prompt("twenty two")}, 2),
        ({"contents": [{"parts": [{"text": ""}]}]}, 0),
    ],
)
def test_tokens_are_counted(http: FlaskClient, body: dict[str, Any], total: int) -> None:
    """A base model counts all turns, of contents or of a whole request; since 1.5 a prompt has one token more."""
    for version in ("v1", "v1beta", "v1alpha"):
        before = ok(ask(http, "models/gemini-1.0-pro", body, "countTokens", version))
        since = ok(ask(http, "models/gemini-1.5-flash", body, "countTokens", version))
        assert (before, since) == ({"totalTokens": total} if total else {}, {"totalTokens": total + 1})


@pytest.mark.parametrize(
    ("model", "text", "total"),
    [
        ("gemini-1.5-flash-latest", "count me", 3),
        ("gemini-3.5-flash", "Reply with the single word: ok", 8),
        ("gemini-3.5-flash-lite", "Write a 500 word essay about the sea.", 13),
    ],
)
def test_observed_counts_of_prompts(http: FlaskClient, model: str, text: str, total: int) -> None:
    """The token counts of the service for these prompts, equal for a count and for an answer."""
    name = f"models/{model}"

    assert ok(ask(http, name, prompt(text), "countTokens")) == {"totalTokens": total}
    request = {"generateContentRequest": {"model": name, **prompt(text)}}
    assert ok(ask(http, name, request, "countTokens")) == {"totalTokens": total}
    assert ok(ask(http, name, prompt(text), "generateContent"))["usageMetadata"]["promptTokenCount"] == total


@pytest.mark.parametrize(
    ("model", "body", "refusal"),
    [
        (
            "models/gemini-1.5-flash",
            {},
            ("INVALID_ARGUMENT", "* CountTokensRequest.contents: contents is not specified\n"),
        ),
        ("models/none", prompt("1"), not_supported("models/none", "countTokens")),
        ("models/text-bison-001", prompt("1"), not_supported("models/text-bison-001", "countTokens")),
    ],
)
def test_invalid_count_requests(http: FlaskClient, model: str, body: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Contents are required, and a model that counts."""
    assert api_error(ask(http, model, body, "countTokens")) == refusal


def test_only_base_models_count(http: FlaskClient, strict_http: FlaskClient) -> None:
    """The route of a tuned model is an allowance with a note."""
    answer = ask(http, "tunedModels/colours", prompt("100"), "countTokens")

    assert ok(answer) == {"totalTokens": 4}
    assert answer.headers["X-Tunedmodels-Note"].startswith("count-tokens: ")
    assert ask(strict_http, "tunedModels/colours", prompt("100"), "countTokens").content_type.startswith("text/html")
