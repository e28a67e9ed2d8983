"""Generation: what a model answers."""

from __future__ import annotations

from dataclasses import dataclass

from .content import Content, HarmCategory
from .message import Message
from .open_enum import OpenEnum


class FinishReason(OpenEnum):
    """Why an answer ends."""

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
    """Why a prompt is not answered."""

    BLOCK_REASON_UNSPECIFIED = "BLOCK_REASON_UNSPECIFIED"
    SAFETY = "SAFETY"
    OTHER = "OTHER"
    BLOCKLIST = "BLOCKLIST"
    PROHIBITED_CONTENT = "PROHIBITED_CONTENT"
    IMAGE_SAFETY = "IMAGE_SAFETY"


class HarmProbability(OpenEnum):
    """How probable a harm is."""

    HARM_PROBABILITY_UNSPECIFIED = "HARM_PROBABILITY_UNSPECIFIED"
    NEGLIGIBLE = "NEGLIGIBLE"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


@dataclass(frozen=True, kw_only=True)
class SafetyRating(Message):
    """How probable one kind of harm is."""

    #: The kind of harm.
    category: HarmCategory = HarmCategory.HARM_CATEGORY_UNSPECIFIED
    #: How probable it is.
    probability: HarmProbability = HarmProbability.HARM_PROBABILITY_UNSPECIFIED
    #: Whether the content was blocked for it.
    blocked: bool = False


@dataclass(frozen=True, kw_only=True)
class CitationSource(Message):
    """A source that a part of an answer is taken from."""

    #: Where the part begins, in bytes.
    start_index: int | None = None
    #: Where it ends, exclusive, in bytes.
    end_index: int | None = None
    #: The address of the source.
    uri: str | None = None
    #: Its licence.
    license: str | None = None


@dataclass(frozen=True, kw_only=True)
class CitationMetadata(Message):
    """The sources of an answer."""

    #: The sources.
    citation_sources: tuple[CitationSource, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Candidate(Message):
    """One answer."""

    #: What it says; None where nothing was said, which tuned models have done.
    content: Content | None = None
    #: Why it ends; unspecified in all but the last chunk of a stream.
    finish_reason: FinishReason = FinishReason.FINISH_REASON_UNSPECIFIED
    #: Its place among the candidates.
    index: int | None = None
    #: More about why it ends.
    finish_message: str | None = None
    #: How harmful it is.
    safety_ratings: tuple[SafetyRating, ...] = ()
    #: What it is taken from.
    citation_metadata: CitationMetadata | None = None
    #: How many tokens it has.
    token_count: int = 0
    #: The mean of the logarithms of its tokens' probabilities.
    avg_logprobs: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PromptFeedback(Message):
    """What the service thinks of a prompt."""

    #: Why it is not answered, if it is not.
    block_reason: BlockReason = BlockReason.BLOCK_REASON_UNSPECIFIED
    #: How harmful it is.
    safety_ratings: tuple[SafetyRating, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UsageMetadata(Message):
    """How many tokens a call used."""

    #: Those of the prompt.
    prompt_token_count: int = 0
    #: Those of the answers.
    candidates_token_count: int = 0
    #: All of them.
    total_token_count: int = 0


@dataclass(frozen=True, kw_only=True)
class GenerateContentResponse(Message):
    """What a model answered, or one chunk of it."""

    #: The answers; none where the prompt was blocked.
    candidates: tuple[Candidate, ...] = ()
    #: What the service thinks of the prompt.
    prompt_feedback: PromptFeedback | None = None
    #: How many tokens the call used.
    usage_metadata: UsageMetadata | None = None
    #: The version of the model that answered.
    model_version: str = ""
    #: The id of the answer.
    response_id: str = ""

    @property
    def text(self) -> str:
        """The text of the first candidate.

        It is empty where there is none: ``prompt_feedback.block_reason`` says why a prompt was blocked, a
        candidate's ``finish_reason`` why it has no text.
        """
        content = self.candidates[0].content if self.candidates else None
        return content.text if content else ""
