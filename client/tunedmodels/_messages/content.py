"""Content: what a model is sent, and how it is to answer."""

from __future__ import annotations

from dataclasses import dataclass

from .message import Message
from .open_enum import OpenEnum


class HarmCategory(OpenEnum):
    """A kind of harm that contents are rated by."""

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
    """From which probability of harm on an answer is blocked."""

    HARM_BLOCK_THRESHOLD_UNSPECIFIED = "HARM_BLOCK_THRESHOLD_UNSPECIFIED"
    BLOCK_LOW_AND_ABOVE = "BLOCK_LOW_AND_ABOVE"
    BLOCK_MEDIUM_AND_ABOVE = "BLOCK_MEDIUM_AND_ABOVE"
    BLOCK_ONLY_HIGH = "BLOCK_ONLY_HIGH"
    BLOCK_NONE = "BLOCK_NONE"
    OFF = "OFF"


@dataclass(frozen=True, kw_only=True)
class Part(Message):
    """A part of a content. Tuned models know text alone; parts of other kinds are kept in ``unknown``."""

    #: The text, None where the part is of another kind.
    text: str | None = None
    #: Whether it is the model's thinking rather than its answer.
    thought: bool = False


@dataclass(frozen=True, kw_only=True)
class Content(Message):
    """What one side says in a turn."""

    #: What it says.
    parts: tuple[Part, ...] = ()
    #: Who says it, ``user`` or ``model``.
    role: str = ""

    @property
    def text(self) -> str:
        """The text of the parts, without the model's thinking."""
        return "".join(part.text or "" for part in self.parts if not part.thought)


@dataclass(frozen=True, kw_only=True)
class SafetySetting(Message):
    """From when on answers are blocked for one kind of harm."""

    #: The kind of harm.
    category: HarmCategory = HarmCategory.HARM_CATEGORY_UNSPECIFIED
    #: The probability from which on it blocks.
    threshold: HarmBlockThreshold = HarmBlockThreshold.HARM_BLOCK_THRESHOLD_UNSPECIFIED


@dataclass(frozen=True, kw_only=True)
class GenerationConfig(Message):
    """How an answer is made; None is the model's own default."""

    #: How many answers are wanted.
    candidate_count: int | None = None
    #: Texts at which an answer ends.
    stop_sequences: tuple[str, ...] = ()
    #: How many tokens an answer may have.
    max_output_tokens: int | None = None
    #: How much chance plays, from 0 on.
    temperature: float | None = None
    #: The top-p of nucleus sampling.
    top_p: float | None = None
    #: The top-k of sampling.
    top_k: int | None = None
    #: The seed of chance.
    seed: int | None = None
    #: The media type of the answer; tuned models know ``text/plain`` alone.
    response_mime_type: str = ""


@dataclass(frozen=True, kw_only=True)
class GenerateContentRequest(Message):
    """What a model is asked. Members for tools and caches, which tuned models lack, go into ``unknown``."""

    #: The turns so far; the last is the one to answer.
    contents: tuple[Content, ...] = ()
    #: From when on answers are blocked.
    safety_settings: tuple[SafetySetting, ...] = ()
    #: How the answer is made.
    generation_config: GenerationConfig | None = None
    #: What the model is told beforehand; the service has refused it for tuned models.
    system_instruction: Content | None = None
