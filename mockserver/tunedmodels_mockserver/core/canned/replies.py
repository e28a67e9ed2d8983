"""Computes the answer to a prompt, in a form that can be written as one message or as a stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from ..text import tokens
from . import message_checks
from .rules import BLOCK_REASON, COUNT, FINISH_REASON, USAGE, Answer, Candidate, Chunk
from .templates import TemplateSources

Value = dict[str, Any]
Parts = Sequence[Value]

CHUNKS = 4  # a stream has a text in at most so many chunks; SDKs saw two or more
STOP, MAX_TOKENS = 1, 2  # Candidate.FinishReason


class Piece(msgspec.Struct, frozen=True):
    """The part of a candidate in one chunk of a stream. ``pause`` is the time in seconds before the chunk."""

    parts: Parts
    pause: float = 0.0


class Reply(msgspec.Struct, frozen=True):
    """One candidate. ``parts`` is None if it has no content. ``ratings`` is None for those of a harmless answer."""

    parts: Parts | None
    finish_reason: int
    ratings: Sequence[Value] | None = None
    chunks: Sequence[Chunk] | None = None  # those that a rule gives; None to split the parts

    @property
    def text(self) -> str:
        """The joined texts of all parts."""
        return text_of(self.parts or ())

    def pieces(self) -> Sequence[Piece]:
        """Return the candidate's piece for each chunk of a stream, at least one."""
        if self.chunks is not None:
            return [Piece(_parts(chunk.text), chunk.pause) for chunk in self.chunks]
        pieces = [Piece(parts) for part in self.parts or () for parts in _stream_pieces(part)]
        return pieces or [Piece(())]


class RenderedAnswer(msgspec.Struct, frozen=True):
    """The answer to a call. It has no candidates if the prompt is blocked. ``usage`` overrides the counted tokens."""

    replies: Sequence[Reply]
    usage: Mapping[str, Any] = msgspec.field(default_factory=dict)
    feedback: Value | None = None  # PromptFeedback


def text_of(parts: Parts) -> str:
    """Return the joined texts of *parts*."""
    return "".join(part.get("text", "") for part in parts)


def truncate(text: str, config: Value) -> Reply:
    """Return *text* up to the first stop sequence and up to the token limit, both from the generation *config*."""
    ends = [text.find(sequence) for sequence in config.get("stop_sequences", ()) if sequence and sequence in text]
    text = text[: min(ends, default=len(text))]
    limit = config.get("max_output_tokens")
    head = text if limit is None else tokens.head(text, limit)
    return Reply(_parts(head), STOP if head == text else MAX_TOKENS)


def count_tokens_overrides(answer: Answer) -> Value:
    """Return the members of the answer to countTokens that *answer* overrides."""
    return message_checks.read_message(answer.usage or {}, COUNT, "usage")


def render(answer: Answer, template_values: TemplateSources, config: Value) -> RenderedAnswer:
    """Return *answer*, which is not an error, for a request with the generation *config*.

    *template_values* gives the values for its placeholders. If the answer gives one candidate only, without a list, it
    repeats ``candidate_count`` times.
    """
    usage = message_checks.read_message(answer.usage or {}, USAGE, "usage")
    if answer.blocked is not None:
        feedback: Value = {"block_reason": message_checks.enum_value(answer.blocked, BLOCK_REASON, "blocked")}
        feedback["safety_ratings"] = _ratings(answer.safety_ratings) or []
        return RenderedAnswer((), usage, feedback)
    if answer.candidates is not None:
        return RenderedAnswer(
            [_candidate(candidate, template_values, config) for candidate in answer.candidates], usage
        )
    if answer.chunks is not None:
        reply = _chunk_reply(answer, template_values)
    else:
        text = template_values.query.text if answer.echo else template_values.fill(answer.text)
        reply = _reply(text, answer, template_values, config)
    return RenderedAnswer([reply] * config.get("candidate_count", 1), usage)


def _candidate(candidate: Candidate, template_values: TemplateSources, config: Value) -> Reply:
    return _reply(template_values.fill(candidate.text), candidate, template_values, config)


def _reply(text: str | None, source: Answer | Candidate, template_values: TemplateSources, config: Value) -> Reply:
    ratings = _ratings(source.safety_ratings)
    if text is not None and source.finish_reason is None:
        reply = truncate(text, config)
        return Reply(reply.parts, reply.finish_reason, ratings)
    parts: Parts | None = None
    if text is not None:
        parts = _parts(text)
    elif source.parts is not None:
        parts = [message_checks.read_message(part, "Part", "parts") for part in template_values.fill(source.parts)]
    return Reply(parts, _finish_reason_number(source.finish_reason), ratings)


def _chunk_reply(answer: Answer, template_values: TemplateSources) -> Reply:
    chunks: Sequence[Chunk] = answer.whole_chunks
    whole = "".join([chunk.text for chunk in chunks])
    if "{{" in whole:  # no placeholder reaches from one chunk into the next
        chunks = [Chunk(template_values.fill(chunk.text), chunk.pause) for chunk in chunks]
        whole = "".join([chunk.text for chunk in chunks])
    return Reply(_parts(whole), _finish_reason_number(answer.finish_reason), _ratings(answer.safety_ratings), chunks)


def _parts(text: str) -> list[Value]:
    return [{"text": text}] if text else []


def _finish_reason_number(name: str | None) -> int:
    return STOP if name is None else message_checks.enum_value(name, FINISH_REASON, "finish_reason")


def _ratings(ratings: Sequence[Value] | None) -> list[Value] | None:
    return (
        None
        if ratings is None
        else [message_checks.read_message(rating, "SafetyRating", "safety_ratings") for rating in ratings]
    )


def _stream_pieces(part: Value) -> list[Parts]:
    """Return *part* as it comes in a stream: a text in up to four pieces of whole tokens, any other part whole."""
    text = part.get("text", "")
    total = tokens.count(text)
    heads = [tokens.head(text, total * place // CHUNKS) for place in range(CHUNKS + 1)]
    pieces = [after[len(before) :] for before, after in pairwise(heads)]
    return [[{**part, "text": piece}] for piece in pieces if piece] or [[part]]
