"""Contains the messages of a model's answer."""

from __future__ import annotations

from dataclasses import dataclass

from .content import Content, HarmCategory
from .message import Message
from .open_enum import OpenEnum


class FinishReason(OpenEnum):
    """The reason why an answer ends."""

    FINISH_REASON_UNSPECIFIED = "FINISH_REASON_UNSPECIFIED"
    STOP = "STOP"
    MAX_TOKENS = "MAX_TOKENS"
    SAFETY = "SAFETY"
    RECITATION = "RECITATION"
    LANGUAGE = "LANGUAGE"
    OTHER = "OTHER"
    BLOCKLIST = "BLOCKLIST"
    PROHIBITED_CONTENT = "PROHIBITED_CONTENT"
    SPII = "SPII"
    MALFORMED_FUNCTION_CALL = "MALFORMED_FUNCTION_CALL"
    IMAGE_SAFETY = "IMAGE_SAFETY"
    IMAGE_PROHIBITED_CONTENT = "IMAGE_PROHIBITED_CONTENT"
    IMAGE_OTHER = "IMAGE_OTHER"
    NO_IMAGE = "NO_IMAGE"
    IMAGE_RECITATION = "IMAGE_RECITATION"
    UNEXPECTED_TOOL_CALL = "UNEXPECTED_TOOL_CALL"
    TOO_MANY_TOOL_CALLS = "TOO_MANY_TOOL_CALLS"


class BlockReason(OpenEnum):
    """The reason why the service blocks a prompt."""

    BLOCK_REASON_UNSPECIFIED = "BLOCK_REASON_UNSPECIFIED"
    SAFETY = "SAFETY"
    OTHER = "OTHER"
    BLOCKLIST = "BLOCKLIST"
    PROHIBITED_CONTENT = "PROHIBITED_CONTENT"
    IMAGE_SAFETY = "IMAGE_SAFETY"


class HarmProbability(OpenEnum):
    """The probability of a harm."""

    HARM_PROBABILITY_UNSPECIFIED = "HARM_PROBABILITY_UNSPECIFIED"
    NEGLIGIBLE = "NEGLIGIBLE"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


@dataclass(frozen=True, kw_only=True)
class SafetyRating(Message):
    """The probability of one kind of harm."""

    #: The kind of harm.
    category: HarmCategory = HarmCategory.HARM_CATEGORY_UNSPECIFIED
    #: The probability of this harm.
    probability: HarmProbability = HarmProbability.HARM_PROBABILITY_UNSPECIFIED
    #: Whether the service blocked the content because of this harm.
    blocked: bool = False


@dataclass(frozen=True, kw_only=True)
class CitationSource(Message):
    """The source of a part of an answer."""

    #: The start of the part, in bytes.
    start_index: int | None = None
    #: The end of the part, exclusive, in bytes.
    end_index: int | None = None
    #: The address of the source.
    uri: str | None = None
    #: The license of the source.
    license: str | None = None


@dataclass(frozen=True, kw_only=True)
class CitationMetadata(Message):
    """The sources of an answer."""

    #: The sources.
    citation_sources: tuple[CitationSource, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Candidate(Message):
    """One answer of the model."""

    #: The content, or None if the answer has none. Tuned models have given such answers.
    content: Content | None = None
    #: The reason why the answer ends. It is unspecified in all chunks of a stream but the last.
    finish_reason: FinishReason = FinishReason.FINISH_REASON_UNSPECIFIED
    #: The index among the candidates.
    index: int | None = None
    #: More about the reason why the answer ends.
    finish_message: str | None = None
    #: The probabilities of harm in the answer.
    safety_ratings: tuple[SafetyRating, ...] = ()
    #: The sources of the answer.
    citation_metadata: CitationMetadata | None = None
    #: The number of tokens in the answer.
    token_count: int = 0
    #: The mean of the logarithms of its tokens' probabilities.
    avg_logprobs: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PromptFeedback(Message):
    """The rating of a prompt by the service."""

    #: The reason why the service blocked the prompt, or unspecified if it did not.
    block_reason: BlockReason = BlockReason.BLOCK_REASON_UNSPECIFIED
    #: The probabilities of harm in the prompt.
    safety_ratings: tuple[SafetyRating, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UsageMetadata(Message):
    """The numbers of tokens that a call used."""

    #: The number of tokens in the prompt.
    prompt_token_count: int = 0
    #: The number of tokens in the answers.
    candidates_token_count: int = 0
    #: The number of all tokens.
    total_token_count: int = 0


@dataclass(frozen=True, kw_only=True)
class GenerateContentResponse(Message):
    """The response of a model, or one chunk of it."""

    #: The answers. There are none if the service blocked the prompt.
    candidates: tuple[Candidate, ...] = ()
    #: The rating of the prompt by the service.
    prompt_feedback: PromptFeedback | None = None
    #: The numbers of tokens that the call used.
    usage_metadata: UsageMetadata | None = None
    #: The version of the model that answered.
    model_version: str = ""
    #: The id of the response.
    response_id: str = ""

    @property
    def text(self) -> str:
        """The text of the first candidate.

        It is empty if there is none. ``prompt_feedback.block_reason`` says why the service blocked the prompt, and
        the candidate's ``finish_reason`` says why the answer has no text.
        """
        content = self.candidates[0].content if self.candidates else None
        return content.text if content else ""
