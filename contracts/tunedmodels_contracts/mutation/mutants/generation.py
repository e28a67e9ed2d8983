"""Mutants of generation: what a model answers, and when."""

from __future__ import annotations

from .. import predicates
from ..mutant import Send, Shelf, Spoiler
from ..predicates import Json
from ..request import Ask
from ..response import Reply

SHELF = Shelf("generation")

_ASK = ("POST tunedModels/*:generateContent", "POST tunedModels/*:streamGenerateContent")
_ANY = (*_ASK, "POST models/*:generateContent", "POST models/tunedModels/*:generateContent")
_ANSWER: Json = {
    "candidates": [{"content": {"parts": [{"text": "4"}], "role": "model"}, "finishReason": "STOP", "index": 0}]
}


@SHELF.answer
def role_of_an_assistant(reply: Reply) -> None:
    """A model answers as an assistant, as other services call it."""
    reply.change(lambda value: value.update(role="assistant") if value.get("role") == "model" else None)


@SHELF.answer
def no_role(reply: Reply) -> None:
    """An answer does not say whose it is."""
    reply.change(lambda value: value.pop("role") if value.get("role") == "model" else None)


@SHELF.answer
def no_finish_reason(reply: Reply) -> None:
    """An answer does not say why it ended."""
    reply.change(lambda value: value.pop("finishReason", None))


@SHELF.answer
def no_ratings(reply: Reply) -> None:
    """An answer is not rated."""
    reply.change(lambda value: value.pop("safetyRatings", None))


@SHELF.answer
def ratings_in_another_order(reply: Reply) -> None:
    """An answer is rated in another order."""
    reply.change(lambda value: value["safetyRatings"].reverse() if "safetyRatings" in value else None)


@SHELF.answer
def empty_answers(reply: Reply) -> None:
    """An answer has no text in it."""
    reply.change(lambda value: value["content"].update(parts=[{"text": ""}]) if "content" in value else None)


@SHELF.answer
def bare_text(reply: Reply) -> None:
    """An answer is a text, not parts of one."""

    def bare(value: Json) -> None:
        if predicates.candidate(value) and "content" in value:
            value["content"] = value["content"]["parts"][0]["text"]

    reply.change(bare)


@SHELF.answer
def no_candidates(reply: Reply) -> None:
    """An answer is one, and no list of candidates."""
    reply.change(lambda value: value.update(candidate=value.pop("candidates")[0]) if "candidates" in value else None)


@SHELF.answer
def tokens_uncounted(reply: Reply) -> None:
    """An answer does not say how many tokens it took."""
    reply.change(lambda value: value.pop("usageMetadata", None))


@SHELF.memory
def ready_at_once() -> Spoiler:
    """A model in creation answers."""

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        if ask.is_(*_ASK) and "not ready" in reply.error.get("message", ""):
            return Reply.saying([_ANSWER] if "stream" in ask.path else _ANSWER)
        return reply

    return spoil


@SHELF.answer_to
def questions_unchecked(ask: Ask, reply: Reply) -> None:
    """A model answers whatever it is asked, even nothing."""
    if ask.is_(*_ANY) and reply.invalid and "not ready" not in reply.error["message"]:
        reply.become(Reply.saying([_ANSWER] if "stream" in ask.path else _ANSWER))


@SHELF.answer_to
def missing_models_answer(ask: Ask, reply: Reply) -> None:
    """A model that is not there answers."""
    if ask.is_(*_ANY) and reply.status == 404 and reply.error:
        reply.become(Reply.saying([_ANSWER] if "stream" in ask.path else _ANSWER))


@SHELF.question
def contents_alone(ask: Ask) -> Ask | Reply:
    """A question has contents, and nothing else is understood."""
    asked = ask.json if ask.is_(*_ASK) else {}
    known = "generationConfig" in asked and "contents" in asked
    return Reply.refusing(400, "INVALID_ARGUMENT") if known else ask
