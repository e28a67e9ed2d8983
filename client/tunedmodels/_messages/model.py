"""The base model."""

from __future__ import annotations

from dataclasses import dataclass

from .message import Message

TUNING_METHODS = ("createTunedModel", "createTunedTextModel")
"""The methods by which the service has listed models that can be tuned: since 2024, and those of 2023."""


@dataclass(frozen=True, kw_only=True)
class Model(Message):
    """A model that the service offers."""

    #: The name, ``models/{id}``.
    name: str = ""
    #: The id of the family that it belongs to.
    base_model_id: str = ""
    #: The version within the family.
    version: str = ""
    #: The name for people.
    display_name: str = ""
    #: What it is for.
    description: str = ""
    #: How many tokens a prompt may have.
    input_token_limit: int = 0
    #: How many tokens an answer may have.
    output_token_limit: int = 0
    #: The methods that it can be called by, such as ``generateContent``.
    supported_generation_methods: tuple[str, ...] = ()
    #: The temperature that it is asked with unless the request has one.
    temperature: float | None = None
    #: The top-p of nucleus sampling, in the same way.
    top_p: float | None = None
    #: The top-k of sampling, in the same way.
    top_k: int | None = None
    #: The highest temperature that a request may have.
    max_temperature: float | None = None

    @property
    def tunable(self) -> bool:
        """Whether the service says that models can be tuned from it."""
        return any(method in TUNING_METHODS for method in self.supported_generation_methods)
