"""Contains the message of a base model."""

from __future__ import annotations

from dataclasses import dataclass

from .message import Message

TUNING_METHODS = ("createTunedModel", "createTunedTextModel")
"""The methods by which the service has marked models that can be tuned: the one since 2024, and the one of 2023."""


@dataclass(frozen=True, kw_only=True)
class Model(Message):
    """A model that the service offers."""

    #: The name, ``models/{id}``.
    name: str = ""
    #: The id of the family to which the model belongs.
    base_model_id: str = ""
    #: The version within the family.
    version: str = ""
    #: The name for people.
    display_name: str = ""
    #: The purpose of the model.
    description: str = ""
    #: The maximum number of tokens in a prompt.
    input_token_limit: int = 0
    #: The maximum number of tokens in an answer.
    output_token_limit: int = 0
    #: The methods that can be called on the model, such as ``generateContent``.
    supported_generation_methods: tuple[str, ...] = ()
    #: The temperature of a request that sets none.
    temperature: float | None = None
    #: The top-p of nucleus sampling of a request that sets none.
    top_p: float | None = None
    #: The top-k of sampling of a request that sets none.
    top_k: int | None = None
    #: The maximum temperature of a request.
    max_temperature: float | None = None

    @property
    def is_tunable(self) -> bool:
        """Whether the model can be tuned, according to its methods."""
        return any(method in TUNING_METHODS for method in self.supported_generation_methods)
