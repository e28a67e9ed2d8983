"""Defines the base models of the server and parses those that an operator adds.

The list has the models of mid-2024 and some of 2025 and 2026. Sources: recorded answers of models.list (2024-07-27, and
published ones of December 2025 to August 2026) and of tuned models. ``docs/invented.md`` lists the values that have no
source. The descriptions are our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from sys import intern
from typing import Any

import msgspec

from ..wire.protojson.numbers import float32
from .strict_input import BadInput, nearest, similar_texts

PREFIX = "models/"
METHODS = (
    "generateContent",
    "countTokens",
    "createTunedModel",
    "createTunedTextModel",
    "generateText",
    "countTextTokens",
    "generateMessage",
    "countMessageTokens",
    "embedContent",
    "embedText",
    "generateAnswer",
    "createCachedContent",
    "batchGenerateContent",
)
"""The values that supportedGenerationMethods may have."""

_GEMINI = ("generateContent", "countTokens")
_CACHED = (*_GEMINI, "createCachedContent")
_TUNABLE = (*_GEMINI, "createTunedModel")
_BATCHED = (*_CACHED, "batchGenerateContent")
_MILLION, _TWO_MILLION = 1 << 20, 1 << 21
# Methods that a model has if it has another method. Lists of models do not show them.
_WITH = {
    "streamGenerateContent": "generateContent",
    "batchEmbedContents": "embedContent",
    "batchEmbedText": "embedText",
}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MAX_SIMILAR = 5


class BaseModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One base model. By default it generates, counts tokens and can be tuned.

    The limits are in tokens. ``temperature``, ``top_p``, ``top_k`` and ``max_temperature`` are None if the answer of
    the model does not show them. The token count of a prompt is that of its text plus ``start_tokens``: 1 for the
    models of 1.5 and later, 0 for earlier models (observed). Raises ValueError for an invalid id, an unknown method or
    an invalid limit.
    """

    id: str
    display_name: str = ""
    input_token_limit: int = _MILLION
    output_token_limit: int = 8192
    methods: tuple[str, ...] = _TUNABLE
    temperature: float | None = 1
    top_p: float | None = 0.95
    top_k: int | None = 64
    max_temperature: float | None = 2
    version: str = "001"
    start_tokens: int = 1

    def __post_init__(self) -> None:
        """Raise ValueError for an invalid id, an unknown method, no methods, or a limit below 1."""
        if not _ID.fullmatch(self.id):
            text = "must have 1 to 100 letters, digits, dots, dashes or underscores"
            raise ValueError(f"the name of a base model {text}, got {self.id[:100]!r}")
        for method in self.methods:
            if method not in METHODS:
                raise ValueError(f"a base model has no method {method!r}{nearest(method, list(METHODS))}")
        if not self.methods:
            raise ValueError("a base model must have at least one method, such as generateContent")
        if min(self.input_token_limit, self.output_token_limit) < 1:
            raise ValueError("the limits of a base model must be at least 1 token")

    @property
    def name(self) -> str:
        """The resource name."""
        return intern(PREFIX + self.id)  # every model that is tuned on it keeps the name

    @property
    def is_tunable(self) -> bool:
        """Whether a client can create a tuned model from it."""
        return "createTunedModel" in self.methods or "createTunedTextModel" in self.methods

    def value(self) -> dict[str, Any]:
        """Return it as the message Model."""
        title = self.display_name or self.id
        return {
            "name": self.name,
            "version": self.version,
            "display_name": title,
            "description": f"{title}, as a mock server offers it.",
            "input_token_limit": self.input_token_limit,
            "output_token_limit": self.output_token_limit,
            "supported_generation_methods": self.methods,
            "temperature": None if self.temperature is None else float32(self.temperature),
            "top_p": None if self.top_p is None else float32(self.top_p),
            "top_k": self.top_k,
            "max_temperature": self.max_temperature,
        }

    def serves(self, method: str) -> bool:
        """Whether it has *method*. A model that generates also streams, and a model that embeds also embeds batches."""
        return _WITH.get(method, method) in self.methods


def _of_2024(
    model_id: str,
    display_name: str,
    limits: tuple[int, int],
    methods: tuple[str, ...],
    sampling: tuple[float | None, float | None, int | None] = (None, None, None),
    version: str = "001",
) -> BaseModel:
    temperature, top_p, top_k = sampling
    return BaseModel(model_id, display_name, *limits, methods, temperature, top_p, top_k, None, version, 0)


def _of_2_0(model_id: str, display_name: str) -> BaseModel:
    return BaseModel(model_id, display_name, methods=_BATCHED, top_k=40, version="2.0")


def _since_2_5(model_id: str, display_name: str, version: str) -> BaseModel:
    return BaseModel(model_id, display_name, output_token_limit=65536, methods=_BATCHED, version=version)


BASE_MODELS: Mapping[str, BaseModel] = {
    model.name: model
    for model in (
        _of_2024(
            "chat-bison-001",
            "PaLM 2 Chat (Legacy)",
            (4096, 1024),
            ("generateMessage", "countMessageTokens"),
            (0.25, 0.95, 40),
        ),
        _of_2024(
            "text-bison-001",
            "PaLM 2 (Legacy)",
            (8196, 1024),
            ("generateText", "countTextTokens", "createTunedTextModel"),
            (0.7, 0.95, 40),
        ),
        _of_2024("embedding-gecko-001", "Embedding Gecko", (1024, 1), ("embedText", "countTextTokens")),
        _of_2024("gemini-1.0-pro-latest", "Gemini 1.0 Pro Latest", (30720, 2048), _GEMINI, (0.9, 1, None)),
        _of_2024("gemini-1.0-pro", "Gemini 1.0 Pro", (30720, 2048), _GEMINI, (0.9, 1, None)),
        _of_2024("gemini-pro", "Gemini 1.0 Pro", (30720, 2048), _GEMINI, (0.9, 1, None)),
        _of_2024("gemini-1.0-pro-001", "Gemini 1.0 Pro 001 (Tuning)", (30720, 2048), _TUNABLE, (0.9, 1, None)),
        _of_2024("gemini-1.0-pro-vision-latest", "Gemini 1.0 Pro Vision", (12288, 4096), _GEMINI, (0.4, 1, 32)),
        _of_2024("gemini-pro-vision", "Gemini 1.0 Pro Vision", (12288, 4096), _GEMINI, (0.4, 1, 32)),
        BaseModel("gemini-1.5-pro-latest", "Gemini 1.5 Pro Latest", _TWO_MILLION, methods=_GEMINI),
        BaseModel("gemini-1.5-pro-001", "Gemini 1.5 Pro 001", _TWO_MILLION, methods=_CACHED),
        BaseModel("gemini-1.5-pro", "Gemini 1.5 Pro", _TWO_MILLION, methods=_GEMINI),
        BaseModel("gemini-1.5-flash-latest", "Gemini 1.5 Flash Latest", methods=_GEMINI),
        BaseModel("gemini-1.5-flash-001", "Gemini 1.5 Flash 001", methods=_CACHED),
        BaseModel("gemini-1.5-flash", "Gemini 1.5 Flash", methods=_GEMINI),
        BaseModel("gemini-1.5-flash-001-tuning", "Gemini 1.5 Flash 001 Tuning", 16384),
        _of_2024("embedding-001", "Embedding 001", (2048, 1), ("embedContent",)),
        _of_2024("text-embedding-004", "Text Embedding 004", (2048, 1), ("embedContent",), version="004"),
        _of_2024(
            "aqa",
            "Model that performs Attributed Question Answering.",
            (7168, 1024),
            ("generateAnswer",),
            (0.2, 1, 40),
        ),
        _since_2_5("gemini-2.5-flash", "Gemini 2.5 Flash", "001"),
        _since_2_5("gemini-2.5-pro", "Gemini 2.5 Pro", "2.5"),
        _of_2_0("gemini-2.0-flash", "Gemini 2.0 Flash"),
        _of_2_0("gemini-2.0-flash-001", "Gemini 2.0 Flash 001"),
        _of_2_0("gemini-2.0-flash-lite-001", "Gemini 2.0 Flash-Lite 001"),
        _of_2_0("gemini-2.0-flash-lite", "Gemini 2.0 Flash-Lite"),
        _since_2_5("gemini-flash-latest", "Gemini Flash Latest", "Gemini Flash Latest"),
        _since_2_5("gemini-flash-lite-latest", "Gemini Flash-Lite Latest", "Gemini Flash-Lite Latest"),
        _since_2_5("gemini-pro-latest", "Gemini Pro Latest", "Gemini Pro Latest"),
        _since_2_5("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite", "001"),
        _since_2_5("gemini-3-pro-preview", "Gemini 3 Pro Preview", "3-pro-preview-11-2025"),
        _since_2_5("gemini-3-flash-preview", "Gemini 3 Flash Preview", "3-flash-preview-12-2025"),
        _since_2_5("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview", "3.1-pro-preview-01-2026"),
        _since_2_5("gemini-3.1-flash-lite", "Gemini 3.1 Flash Lite", "3.1-flash-lite-05-2026"),
        _since_2_5("gemini-3.5-flash", "Gemini 3.5 Flash", "3.5-flash-05-2026"),
        _since_2_5("gemini-3.5-flash-lite", "Gemini 3.5 Flash Lite", "3.5-flash-lite-07-2026"),
        _since_2_5("gemini-3.6-flash", "Gemini 3.6 Flash", "3.6"),
        _since_2_5("gemini-3.7-flash", "Gemini 3.7 Flash", "3.7"),
        _since_2_5("gemini-3.8-flash", "Gemini 3.8 Flash", "3.8"),
    )
}
"""The base models by resource name, in the order of the lists. The first nineteen are those of 2024."""


def parse(text: str) -> BaseModel:
    """Return the base model for *text*, ``NAME`` or ``NAME=METHOD,METHOD``. Raises BadInput for invalid text."""
    name, equals, methods = text.partition("=")
    supported = tuple(method.strip() for method in methods.split(",") if method.strip()) if equals else _TUNABLE
    try:
        return BaseModel(name.strip().removeprefix(PREFIX), methods=supported)
    except ValueError as error:
        raise BadInput(f"{text[:200]!r} is not a valid base model: {error}.") from None


def with_custom_models(models: Iterable[BaseModel]) -> Mapping[str, BaseModel]:
    """Return the built-in base models and *models*. A custom model replaces a built-in model of the same name."""
    return {**BASE_MODELS, **{model.name: model for model in models}}


def similar_names(name: str, models: Iterable[BaseModel]) -> list[str]:
    """Return the ids of the few *models* most similar to *name* (an id or a resource name), the most similar first."""
    ids = [model.id for model in models]
    return similar_texts(name.removeprefix(PREFIX), ids, _MAX_SIMILAR, cutoff=0)
