"""Base models: those of mid-2024, with the sampling values that a model tuned on one of them shows.

Source: recorded answers of models.list (2024-07-27) and of tuned models; the descriptions are our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..wire.protojson.numbers import float32

_GEMINI = ("generateContent", "countTokens")
_CACHED = (*_GEMINI, "createCachedContent")
_TUNABLE = (*_GEMINI, "createTunedModel")


@dataclass(frozen=True, slots=True)
class BaseModel:
    """One base model; ``temperature``, ``top_p`` and ``top_k`` are None where its answer does not show them."""

    id: str
    display_name: str
    input_token_limit: int
    output_token_limit: int
    methods: tuple[str, ...]
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_temperature: float | None = None
    version: str = "001"

    @property
    def name(self) -> str:
        """The resource name."""
        return f"models/{self.id}"

    @property
    def tunable(self) -> bool:
        """Whether a tuned model can be made of it."""
        return "createTunedModel" in self.methods or "createTunedTextModel" in self.methods

    def value(self) -> dict[str, Any]:
        """Return it as the message Model."""
        return {
            "name": self.name,
            "version": self.version,
            "display_name": self.display_name,
            "description": f"{self.display_name}, as a mock server offers it.",
            "input_token_limit": self.input_token_limit,
            "output_token_limit": self.output_token_limit,
            "supported_generation_methods": self.methods,
            "temperature": None if self.temperature is None else float32(self.temperature),
            "top_p": None if self.top_p is None else float32(self.top_p),
            "top_k": self.top_k,
            "max_temperature": self.max_temperature,
        }

    def serves(self, method: str) -> bool:
        """Whether it answers *method*; what generates also streams, though no list says so."""
        return method.replace("streamGenerateContent", "generateContent") in self.methods


BASE_MODELS = {
    model.name: model
    for model in (
        BaseModel(
            "chat-bison-001",
            "PaLM 2 Chat (Legacy)",
            4096,
            1024,
            ("generateMessage", "countMessageTokens"),
            0.25,
            0.95,
            40,
        ),
        BaseModel(
            "text-bison-001",
            "PaLM 2 (Legacy)",
            8196,
            1024,
            ("generateText", "countTextTokens", "createTunedTextModel"),
            0.7,
            0.95,
            40,
        ),
        BaseModel("embedding-gecko-001", "Embedding Gecko", 1024, 1, ("embedText", "countTextTokens")),
        BaseModel("gemini-1.0-pro-latest", "Gemini 1.0 Pro Latest", 30720, 2048, _GEMINI, 0.9, 1),
        BaseModel("gemini-1.0-pro", "Gemini 1.0 Pro", 30720, 2048, _GEMINI, 0.9, 1),
        BaseModel("gemini-pro", "Gemini 1.0 Pro", 30720, 2048, _GEMINI, 0.9, 1),
        BaseModel("gemini-1.0-pro-001", "Gemini 1.0 Pro 001 (Tuning)", 30720, 2048, _TUNABLE, 0.9, 1),
        BaseModel("gemini-1.0-pro-vision-latest", "Gemini 1.0 Pro Vision", 12288, 4096, _GEMINI, 0.4, 1, 32),
        BaseModel("gemini-pro-vision", "Gemini 1.0 Pro Vision", 12288, 4096, _GEMINI, 0.4, 1, 32),
        BaseModel("gemini-1.5-pro-latest", "Gemini 1.5 Pro Latest", 2097152, 8192, _GEMINI, 1, 0.95, 64, 2),
        BaseModel("gemini-1.5-pro-001", "Gemini 1.5 Pro 001", 2097152, 8192, _CACHED, 1, 0.95, 64, 2),
        BaseModel("gemini-1.5-pro", "Gemini 1.5 Pro", 2097152, 8192, _GEMINI, 1, 0.95, 64, 2),
        BaseModel("gemini-1.5-flash-latest", "Gemini 1.5 Flash Latest", 1048576, 8192, _GEMINI, 1, 0.95, 64, 2),
        BaseModel("gemini-1.5-flash-001", "Gemini 1.5 Flash 001", 1048576, 8192, _CACHED, 1, 0.95, 64, 2),
        BaseModel("gemini-1.5-flash", "Gemini 1.5 Flash", 1048576, 8192, _GEMINI, 1, 0.95, 64, 2),
        BaseModel(
            "gemini-1.5-flash-001-tuning",
            "Gemini 1.5 Flash 001 Tuning",
            16384,
            8192,
            _TUNABLE,
            1,
            0.95,
            64,
            2,
        ),
        BaseModel("embedding-001", "Embedding 001", 2048, 1, ("embedContent",)),
        BaseModel("text-embedding-004", "Text Embedding 004", 2048, 1, ("embedContent",), version="004"),
        BaseModel(
            "aqa",
            "Model that performs Attributed Question Answering.",
            7168,
            1024,
            ("generateAnswer",),
            0.2,
            1,
            40,
        ),
    )
}
