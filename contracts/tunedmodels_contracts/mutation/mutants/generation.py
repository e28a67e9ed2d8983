"""Mutants of generation: what a model answers, and when."""

from __future__ import annotations

from .. import predicates
from ..mutant import Handler, MutantGroup, Send
from ..predicates import Json
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("generation")

_ASK = ("POST tunedModels/*:generateContent", "POST tunedModels/*:streamGenerateContent")
_ANY = (*_ASK, "POST models/*:generateContent", "POST models/tunedModels/*:generateContent")
_ANSWER: Json = {
    "candidates": [{"content": {"parts": [{"text": "4"}], "role": "model"}, "finishReason": "STOP", "index": 0}]
}


@GROUP.response
def role_of_an_assistant(response: MutantResponse) -> None:
    """A model answers as an assistant, as other services call it."""
    response.change_objects(lambda value: value.update(role="assistant") if value.get("role") == "model" else None)


@GROUP.response
def no_role(response: MutantResponse) -> None:
    """An answer does not say whose it is."""
    response.change_objects(lambda value: value.pop("role") if value.get("role") == "model" else None)


@GROUP.response
def no_finish_reason(response: MutantResponse) -> None:
    """An answer does not say why it ended."""
    response.change_objects(lambda value: value.pop("finishReason", None))


@GROUP.response
def no_ratings(response: MutantResponse) -> None:
    """An answer is not rated."""
    response.change_objects(lambda value: value.pop("safetyRatings", None))


@GROUP.response
def ratings_in_another_order(response: MutantResponse) -> None:
    """An answer is rated in another order."""
    response.change_objects(lambda value: value["safetyRatings"].reverse() if "safetyRatings" in value else None)


@GROUP.response
def empty_answers(response: MutantResponse) -> None:
    """An answer has no text in it."""
    response.change_objects(lambda value: value["content"].update(parts=[{"text": ""}]) if "content" in value else None)


@GROUP.response
def bare_text(response: MutantResponse) -> None:
    """An answer is a text, not parts of one."""

    def bare(value: Json) -> None:
        if predicates.is_candidate(value) and "content" in value:
            value["content"] = value["content"]["parts"][0]["text"]

    response.change_objects(bare)


@GROUP.response
def no_candidates(response: MutantResponse) -> None:
    """An answer is one, and no list of candidates."""
    response.change_objects(
        lambda value: value.update(candidate=value.pop("candidates")[0]) if "candidates" in value else None
    )


@GROUP.response
def tokens_uncounted(response: MutantResponse) -> None:
    """An answer does not say how many tokens it took."""
    response.change_objects(lambda value: value.pop("usageMetadata", None))


@GROUP.stateful
def ready_at_once() -> Handler:
    """A model in creation answers."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        if request.matches(*_ASK) and "not ready" in response.error.get("message", ""):
            return MutantResponse.from_json([_ANSWER] if "stream" in request.path else _ANSWER)
        return response

    return handle


@GROUP.response_to
def questions_unchecked(request: MutantRequest, response: MutantResponse) -> None:
    """A model answers whatever it is asked, even nothing."""
    if request.matches(*_ANY) and response.is_invalid_argument and "not ready" not in response.error["message"]:
        response.replace_with(MutantResponse.from_json([_ANSWER] if "stream" in request.path else _ANSWER))


@GROUP.response_to
def missing_models_answer(request: MutantRequest, response: MutantResponse) -> None:
    """A model that is not there answers."""
    if request.matches(*_ANY) and response.status == 404 and response.error:
        response.replace_with(MutantResponse.from_json([_ANSWER] if "stream" in request.path else _ANSWER))


@GROUP.request
def contents_alone(request: MutantRequest) -> MutantRequest | MutantResponse:
    """A question has contents, and nothing else is understood."""
    asked = request.json if request.matches(*_ASK) else {}
    known = "generationConfig" in asked and "contents" in asked
    return MutantResponse.from_error(400, "INVALID_ARGUMENT") if known else request
