"""Contains the messages of a request to a model: the contents and the settings for the answer."""

from __future__ import annotations

from dataclasses import dataclass

from .message import Message
from .open_enum import OpenEnum


class HarmCategory(OpenEnum):
    """A kind of harm for which the service rates contents."""

    HARM_CATEGORY_UNSPECIFIED = "HARM_CATEGORY_UNSPECIFIED"
    HARM_CATEGORY_DEROGATORY = "HARM_CATEGORY_DEROGATORY"
    HARM_CATEGORY_TOXICITY = "HARM_CATEGORY_TOXICITY"
    HARM_CATEGORY_VIOLENCE = "HARM_CATEGORY_VIOLENCE"
    HARM_CATEGORY_SEXUAL = "HARM_CATEGORY_SEXUAL"
    HARM_CATEGORY_MEDICAL = "HARM_CATEGORY_MEDICAL"
    HARM_CATEGORY_DANGEROUS = "HARM_CATEGORY_DANGEROUS"
    HARM_CATEGORY_HARASSMENT = "HARM_CATEGORY_HARASSMENT"
    HARM_CATEGORY_HATE_SPEECH = "HARM_CATEGORY_HATE_SPEECH"
    HARM_CATEGORY_SEXUALLY_EXPLICIT = "HARM_CATEGORY_SEXUALLY_EXPLICIT"
    HARM_CATEGORY_DANGEROUS_CONTENT = "HARM_CATEGORY_DANGEROUS_CONTENT"
    HARM_CATEGORY_CIVIC_INTEGRITY = "HARM_CATEGORY_CIVIC_INTEGRITY"


class HarmBlockThreshold(OpenEnum):
    """The probability of harm from which the service blocks an answer."""

    HARM_BLOCK_THRESHOLD_UNSPECIFIED = "HARM_BLOCK_THRESHOLD_UNSPECIFIED"
    BLOCK_LOW_AND_ABOVE = "BLOCK_LOW_AND_ABOVE"
    BLOCK_MEDIUM_AND_ABOVE = "BLOCK_MEDIUM_AND_ABOVE"
    BLOCK_ONLY_HIGH = "BLOCK_ONLY_HIGH"
    BLOCK_NONE = "BLOCK_NONE"
    OFF = "OFF"


@dataclass(frozen=True, kw_only=True)
class Part(Message):
    """A part of a content. Tuned models support text only; parts of other kinds are kept in ``unknown``."""

    #: The text, or None if the part is of another kind.
    text: str | None = None
    #: Whether the part is the model's thinking instead of its answer.
    thought: bool = False


@dataclass(frozen=True, kw_only=True)
class Content(Message):
    """The content of one turn, by the user or the model."""

    #: The parts of the content.
    parts: tuple[Part, ...] = ()
    #: The author, ``user`` or ``model``.
    role: str = ""

    @property
    def text(self) -> str:
        """The text of the parts, without the model's thinking."""
        return "".join(part.text or "" for part in self.parts if not part.thought)


@dataclass(frozen=True, kw_only=True)
class SafetySetting(Message):
    """The threshold from which the service blocks answers for one kind of harm."""

    #: The kind of harm.
    category: HarmCategory = HarmCategory.HARM_CATEGORY_UNSPECIFIED
    #: The probability from which the service blocks an answer.
    threshold: HarmBlockThreshold = HarmBlockThreshold.HARM_BLOCK_THRESHOLD_UNSPECIFIED


@dataclass(frozen=True, kw_only=True)
class GenerationConfig(Message):
    """The settings for an answer. None means the model's own default."""

    #: The number of answers.
    candidate_count: int | None = None
    #: The texts at which an answer ends.
    stop_sequences: tuple[str, ...] = ()
    #: The maximum number of tokens in an answer.
    max_output_tokens: int | None = None
    #: The randomness of the answer, from 0.
    temperature: float | None = None
    #: The top-p of nucleus sampling.
    top_p: float | None = None
    #: The top-k of sampling.
    top_k: int | None = None
    #: The seed of the random numbers.
    seed: int | None = None
    #: The media type of the answer. Tuned models support ``text/plain`` only.
    response_mime_type: str = ""


@dataclass(frozen=True, kw_only=True)
class GenerateContentRequest(Message):
    """A request to a model. Members for tools and caches, which tuned models lack, go into ``unknown``."""

    #: The turns so far. The model answers the last one.
    contents: tuple[Content, ...] = ()
    #: The thresholds from which the service blocks answers.
    safety_settings: tuple[SafetySetting, ...] = ()
    #: The settings for the answer.
    generation_config: GenerationConfig | None = None
    #: An instruction that the model gets before the turns. The service has refused it for tuned models.
    system_instruction: Content | None = None
