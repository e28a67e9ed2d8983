"""Answers prompts to base models and tuned models with canned answers, in the forms of the service.

Source of the forms: recorded answers of mid-2024 (usageMetadata, no promptFeedback, no modelVersion).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...wire.constant_message import ConstantMessage
from ...wire.surface import surface_of
from .. import errors
from ..answers import Pause, Stream
from ..base_models import BaseModel
from ..canned import replies
from ..canned.query import PromptQuery
from ..canned.replies import Parts, RenderedAnswer, Reply
from ..resource_names import TUNED_MODELS
from ..runs.view import State, state_of
from ..state.records import Examples, Role
from ..text import tokens
from . import access
from . import reply as canned
from .request_context import RequestContext

Value = dict[str, Any]

MAX_CANDIDATES = 8
MAX_PROMPT = 40_000  # characters of a prompt to a tuned model, documented


def _constant(value: Value) -> ConstantMessage:
    return ConstantMessage(value, lambda: value)


_NEGLIGIBLE = 1  # SafetyRating.HarmProbability
# Sexually explicit, hate speech, harassment, dangerous content, in the observed order.
_SAFETY_RATINGS = [_constant({"category": category, "probability": _NEGLIGIBLE}) for category in (9, 8, 7, 10)]
# The categories of the text models of 2023, derogatory to dangerous (v1beta3's HarmCategory).
_TEXT_SAFETY_RATINGS = [{"category": category, "probability": _NEGLIGIBLE} for category in range(1, 7)]
_BLOCKED_FOR_SAFETY, _BLOCKED_FOR_OTHER = 1, 2  # PromptFeedback.BlockReason and ContentFilter.BlockedReason alike
# The members of UsageMetadata that add up to its total.
_IN_TOTAL = (
    "prompt_token_count",
    "candidates_token_count",
    "tool_use_prompt_token_count",
    "thoughts_token_count",
)
_REQUEST = "GenerateContentRequest"


def generate_content(call: RequestContext, request: Value) -> Value:
    """Return the whole answer to a prompt. Raise StatusError for a refusal and for a canned error."""
    outcome, usage = _generate(call, request, "generateContent")
    candidates = [
        {**_candidate(call, index, reply, reply.parts), "finish_reason": reply.finish_reason}
        for index, reply in enumerate(outcome.replies)
    ]
    return {"candidates": candidates, "prompt_feedback": outcome.feedback, "usage_metadata": usage}


def stream_generate_content(call: RequestContext, request: Value) -> Stream:
    """Return the answer to a prompt in chunks.

    The last chunk of a candidate has its finish reason. Refusals are raised before the first chunk.
    """
    outcome, usage = _generate(call, request, "streamGenerateContent")
    return Stream(_chunks(call, outcome, usage))


def generate_text(call: RequestContext, request: Value) -> Value:
    """Return the answer to a prompt in the form of the text models of 2023."""
    _, examples = _target(call, request["model"], "generateText")
    text = request.get("prompt", {}).get("text", "")
    if not text:
        raise errors.not_specified("GenerateTextRequest", "prompt.text")
    _check_limits(request, "GenerateTextRequest")
    outcome = _outcome(call, _query(call, request, "generateText", text), examples, request)
    if outcome.feedback is not None:
        safety = outcome.feedback["block_reason"] == _BLOCKED_FOR_SAFETY
        return {"filters": [{"reason": _BLOCKED_FOR_SAFETY if safety else _BLOCKED_FOR_OTHER}]}
    return {
        "candidates": [
            {
                "output": reply.text,
                "safety_ratings": _TEXT_SAFETY_RATINGS if reply.ratings is None else reply.ratings,
            }
            for reply in outcome.replies
        ]
    }


def count_tokens(call: RequestContext, request: Value) -> Value:
    """Return the number of tokens of a prompt. The counts are plausible, not the service's."""
    base, _ = _target(call, request["model"], "countTokens")
    inner = request.get("generate_content_request", request)
    contents = inner.get("contents", [])
    if not contents:
        raise errors.not_specified("CountTokensRequest", "contents")
    hit = canned.match_rule(call, _query(call, request, "countTokens", _text(contents[-1])))
    return {
        "total_tokens": _prompt_tokens(base, contents),
        **(replies.count_tokens_overrides(hit.rule.full_answer) if hit else {}),
    }


def _generate(call: RequestContext, request: Value, method: str) -> tuple[RenderedAnswer, Value]:
    """Return the candidates and the usage. Raise StatusError if the service would refuse the call."""
    contents = request.get("contents", [])
    if not contents:
        raise errors.not_specified(_REQUEST, "contents")
    for place, content in enumerate(contents):
        if not content.get("parts"):
            path = f"contents[{place}].parts"
            raise errors.invalid(_REQUEST, path, "contents.parts must not be empty.")
        for part_place, part in enumerate(content["parts"]):
            if not part:
                raise errors.one_of(_REQUEST, f"contents[{place}].parts[{part_place}]", "data")
    config = request.get("generation_config", {})
    _check_limits(config, _REQUEST, "generation_config.")
    base, examples = _target(call, request["model"], method)
    prompt = _text(contents[-1])
    if request["model"].startswith(TUNED_MODELS):
        _check_features(call, request, prompt)
    outcome = _outcome(call, _query(call, request, method, prompt), examples, config)
    usage = {
        "prompt_token_count": _prompt_tokens(base, contents),
        "candidates_token_count": sum(tokens.count(reply.text) for reply in outcome.replies),
        **outcome.usage,
    }
    usage.setdefault("total_token_count", sum(usage.get(name, 0) for name in _IN_TOTAL))
    return outcome, usage


def _outcome(call: RequestContext, query: PromptQuery, examples: Examples | None, config: Value) -> RenderedAnswer:
    """Return the answer of a canned rule to *query*; without a matching rule, that of the model of these *examples*."""
    hit = canned.match_rule(call, query)
    if hit is not None:
        return replies.render(hit.rule.full_answer, hit.template_values(query), config)
    reply = replies.truncate(canned.fallback_answer(examples, query.text), config)
    return RenderedAnswer([reply] * config.get("candidate_count", 1))


def _query(call: RequestContext, request: Value, method: str, text: str) -> PromptQuery:
    message = f"{method[0].upper()}{method[1:]}Request".replace("StreamGenerate", "Generate")
    return PromptQuery(method, request["model"], text, call.caller.email, message, request)


def _target(call: RequestContext, name: str, method: str) -> tuple[BaseModel, Examples | None]:
    """Return the base model of the model called *name*, and the examples if it is a tuned model.

    Raise StatusError if the model is missing, forbidden, not ready, or has no such *method*.
    """
    if not name.startswith(TUNED_MODELS):
        return base_model(call, name, method), None
    record = access.find(call, name, Role.READER)
    if state_of(record.plan, call.now) is not State.ACTIVE:
        raise errors.model_not_ready(name)
    return base_model(call, record.base_model, method), record.examples


def base_model(call: RequestContext, name: str, method: str) -> BaseModel:
    """Return the base model called *name*. Raise StatusError, with a note, if it is missing or has no *method*."""
    model = call.world.base_models.get(name)
    if model is None or not model.serves(method):
        call.note_similar_models(name, method)
        raise errors.not_supported(name, call.version, method)
    return model


def _check_features(call: RequestContext, request: Value, prompt: str) -> None:
    """Raise StatusError for features that tuned models lack (documented; wordings inferred from base models)."""
    name, config = request["model"], request.get("generation_config", {})
    if config.get("response_mime_type") == "application/json":
        raise errors.not_enabled("Json mode", name)
    if "system_instruction" in request and not call.allowances.permit("system-instruction"):
        raise errors.not_enabled("Developer instruction", name)
    if len(request["contents"]) > 1 and not call.allowances.permit("multi-turn"):
        raise errors.not_enabled("Multiturn chat", name)
    if len(prompt) > MAX_PROMPT:
        text = f"a prompt to a tuned model must have at most {MAX_PROMPT} characters, got {len(prompt)}"
        raise errors.invalid(_REQUEST, "contents", text)


def _check_limits(config: Value, request: str, path: str = "") -> None:
    """Raise StatusError for numbers of candidates or tokens out of range. *config* is the member at *path*."""
    if not 1 <= config.get("candidate_count", 1) <= MAX_CANDIDATES:
        text = f"candidate_count must be in the range [1, {MAX_CANDIDATES}]"
        raise errors.invalid(request, f"{path}candidate_count", text)
    if config.get("max_output_tokens", 1) < 1:
        raise errors.invalid(request, f"{path}max_output_tokens", "max_output_tokens must be positive.")


def _candidate(call: RequestContext, index: int, reply: Reply, parts: Parts | None) -> Value:
    names = surface_of(call.version).message("Part").by_name
    # A version cannot show a kind of part that it does not have.
    visible_parts = None if parts is None else [part for part in parts if any(name in names for name in part)]
    return {
        "content": None if visible_parts is None else {"parts": visible_parts, "role": "model"},
        "index": index,
        "safety_ratings": _SAFETY_RATINGS if reply.ratings is None else reply.ratings,
    }


def _chunks(call: RequestContext, outcome: RenderedAnswer, usage: Value) -> Iterator[Value | Pause]:
    if outcome.feedback is not None:
        yield {"prompt_feedback": outcome.feedback, "usage_metadata": usage}
        return
    streams = [reply.pieces() for reply in outcome.replies]
    for place in range(max(map(len, streams))):
        present = [(index, pieces[place]) for index, pieces in enumerate(streams) if place < len(pieces)]
        pause = max(piece.pause for _, piece in present)
        if pause:
            yield Pause(pause)
        candidates = []
        for index, piece in present:
            reply, last = outcome.replies[index], place == len(streams[index]) - 1
            candidate = _candidate(call, index, reply, None if reply.parts is None else piece.parts)
            candidates.append({**candidate, "finish_reason": reply.finish_reason if last else None})
        yield {"candidates": candidates, "usage_metadata": usage}


def _text(content: Value) -> str:
    return replies.text_of(content.get("parts", ()))


def _prompt_tokens(base: BaseModel, contents: list[Value]) -> int:
    return base.start_tokens + sum(tokens.count(_text(content)) for content in contents if content.get("parts"))
