"""Generation: the answers of base models and tuned models, canned, in the forms of the service.

Source of the forms: recorded answers of mid-2024 (usageMetadata, no promptFeedback, no modelVersion).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from . import access, canned, refusals, tokens
from .base_models import BASE_MODELS
from .call import Call
from .lro import State, view
from .records import Examples, Role

Value = dict[str, Any]

MAX_CANDIDATES = 8
MAX_PROMPT = 40_000  # characters of a prompt to a tuned model, documented
CHUNKS = 4  # at most so many parts of a stream; SDKs saw two and more

STOP, MAX_TOKENS = 1, 2  # Candidate.FinishReason
_NEGLIGIBLE = 1  # SafetyRating.HarmProbability
# Sexually explicit, hate speech, harassment, dangerous content: in the order observed.
_SAFETY_RATINGS = [{"category": category, "probability": _NEGLIGIBLE} for category in (9, 8, 7, 10)]
# The categories of the text models of 2023, derogatory to dangerous (v1beta3's HarmCategory).
_TEXT_SAFETY_RATINGS = [{"category": category, "probability": _NEGLIGIBLE} for category in range(1, 7)]
_REQUEST = "GenerateContentRequest"


@dataclass(frozen=True, slots=True)
class _Reply:
    """One candidate's text, and why it ends where it ends."""

    text: str
    finish_reason: int


def generate_content(call: Call, request: Value) -> Value:
    """Answer a prompt whole."""
    replies, usage = _replies(call, request, "generateContent")
    candidates = [_candidate(index, reply.text, reply.finish_reason) for index, reply in enumerate(replies)]
    return {"candidates": candidates, "usage_metadata": usage}


def stream_generate_content(call: Call, request: Value) -> Iterator[Value]:
    """Answer a prompt in chunks; the last one carries the finish reasons. Refusals are raised at once."""
    replies, usage = _replies(call, request, "streamGenerateContent")
    return _chunks(replies, usage)


def generate_text(call: Call, request: Value) -> Value:
    """Answer a prompt as the text models of 2023 did."""
    examples = _target(call, request["model"], "generateText")
    text = request.get("prompt", {}).get("text", "")
    if not text:
        raise refusals.not_specified("GenerateTextRequest", "prompt.text")
    _check_limits(request, "GenerateTextRequest")
    reply = _cut(canned.answer(examples, text), request)
    candidate = {"output": reply.text, "safety_ratings": _TEXT_SAFETY_RATINGS}
    return {"candidates": [candidate] * request.get("candidate_count", 1)}


def count_tokens(call: Call, request: Value) -> Value:
    """Count the tokens of a prompt; the counts are plausible, not the service's."""
    _target(call, request["model"], "countTokens")
    inner = request.get("generate_content_request", request)
    contents = inner.get("contents", [])
    if not contents:
        raise refusals.not_specified("CountTokensRequest", "contents")
    return {"total_tokens": _prompt_tokens(contents)}


def _replies(call: Call, request: Value, method: str) -> tuple[list[_Reply], Value]:
    """Return the candidates and the usage. Raises StatusError for what the service would refuse."""
    contents = request.get("contents", [])
    if not contents:
        raise refusals.not_specified(_REQUEST, "contents")
    for place, content in enumerate(contents):
        if not content.get("parts"):
            path = f"contents[{place}].parts"
            raise refusals.invalid(_REQUEST, path, "contents.parts must not be empty.")
        for part_place, part in enumerate(content["parts"]):
            if not part:
                raise refusals.one_of(_REQUEST, f"contents[{place}].parts[{part_place}]", "data")
    config = request.get("generation_config", {})
    _check_limits(config, _REQUEST, "generation_config.")
    count = config.get("candidate_count", 1)
    examples = _target(call, request["model"], method)
    prompt = _text(contents[-1])
    if request["model"].startswith(access.NAME):
        _check_features(call, request, prompt)
    reply = _cut(canned.answer(examples, prompt), config)
    prompt_tokens, reply_tokens = _prompt_tokens(contents), tokens.count(reply.text) * count
    usage = {
        "prompt_token_count": prompt_tokens,
        "candidates_token_count": reply_tokens,
        "total_token_count": prompt_tokens + reply_tokens,
    }
    return [reply] * count, usage


def _target(call: Call, name: str, method: str) -> Examples | None:
    """Return the examples of the tuned model called *name*, or None for a base model.

    Raises StatusError where it is missing, forbidden, not ready, or of a kind without *method*.
    """
    if not name.startswith(access.NAME):
        model = BASE_MODELS.get(name)
        if model is None or not model.serves(method):
            raise refusals.not_supported(name, call.version, method)
        return None
    record = access.find(call, name, Role.READER)
    if view(record.plan, call.now).state is not State.ACTIVE:
        raise refusals.model_not_ready(name)
    if not BASE_MODELS[record.base_model].serves(method):
        raise refusals.not_supported(record.base_model, call.version, method)
    return record.examples


def _check_features(call: Call, request: Value, prompt: str) -> None:
    """Raise StatusError for what tuned models cannot do (documented; wordings inferred from base models)."""
    name, config = request["model"], request.get("generation_config", {})
    if config.get("response_mime_type") == "application/json":
        raise refusals.not_enabled("Json mode", name)
    if "system_instruction" in request and not call.allowances.permit("system-instruction"):
        raise refusals.not_enabled("Developer instruction", name)
    if len(request["contents"]) > 1 and not call.allowances.permit("multi-turn"):
        raise refusals.not_enabled("Multiturn chat", name)
    if len(prompt) > MAX_PROMPT:
        text = f"a prompt to a tuned model must have at most {MAX_PROMPT} characters, got {len(prompt)}"
        raise refusals.invalid(_REQUEST, "contents", text)


def _check_limits(config: Value, request: str, path: str = "") -> None:
    """Raise StatusError for numbers of candidates and tokens out of range; *config* stands at *path*."""
    if not 1 <= config.get("candidate_count", 1) <= MAX_CANDIDATES:
        text = f"candidate_count must be in the range [1, {MAX_CANDIDATES}]"
        raise refusals.invalid(request, f"{path}candidate_count", text)
    if config.get("max_output_tokens", 1) < 1:
        raise refusals.invalid(request, f"{path}max_output_tokens", "max_output_tokens must be positive.")


def _cut(text: str, config: Value) -> _Reply:
    """Return *text* up to its first stop sequence and no longer than the limit of tokens."""
    ends = [text.find(sequence) for sequence in config.get("stop_sequences", ()) if sequence and sequence in text]
    text = text[: min(ends, default=len(text))]
    kept = tokens.head(text, config.get("max_output_tokens", len(text)))
    return _Reply(kept, STOP if kept == text else MAX_TOKENS)


def _candidate(index: int, text: str, finish_reason: int | None) -> Value:
    parts = [{"text": text}] if text else []
    return {
        "content": {"parts": parts, "role": "model"},
        "finish_reason": finish_reason,
        "index": index,
        "safety_ratings": _SAFETY_RATINGS,
    }


def _chunks(replies: list[_Reply], usage: Value) -> Iterator[Value]:
    pieces = [_pieces(reply.text) for reply in replies]
    last = len(pieces[0]) - 1
    for place in range(last + 1):
        yield {
            "candidates": [
                _candidate(index, texts[place], reply.finish_reason if place == last else None)
                for index, (texts, reply) in enumerate(zip(pieces, replies, strict=True))
            ],
            "usage_metadata": usage,
        }


def _pieces(text: str) -> list[str]:
    """Return *text* in up to four parts of whole tokens; one part where it has but one token."""
    total = tokens.count(text)
    heads = [tokens.head(text, total * place // CHUNKS) for place in range(CHUNKS + 1)]
    pieces = [after[len(before) :] for before, after in pairwise(heads)]
    return [piece for piece in pieces if piece] or [""]


def _text(content: Value) -> str:
    return "".join(part.get("text", "") for part in content["parts"])


def _prompt_tokens(contents: list[Value]) -> int:
    return sum(tokens.count(_text(content)) for content in contents if content.get("parts"))
