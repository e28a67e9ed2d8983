"""Maps each method to the OAuth scopes that it accepts, and lists the methods that refuse an API key alone.

Source: the page on scopes of April 2024. It does not mention the methods of base models, ``operations`` and batches;
the scopes for these are invented.
"""

from __future__ import annotations

_PREFIX = "https://www.googleapis.com/auth/"


def _scopes(names: str) -> frozenset[str]:
    return frozenset(_PREFIX + name for name in names.split())


_CHANGE = _scopes("generative-language.tuning")
_READ = _CHANGE | _scopes("generative-language.tuning.readonly")
_USE = _READ | _scopes("generative-language generative-language.retriever generative-language.retriever.readonly")
_BASE = _USE | _scopes("cloud-platform")

TUNING = (f"{_PREFIX}cloud-platform", f"{_PREFIX}generative-language.tuning")
"""The scopes that the tuning guide asks for."""

ACCEPTED = {
    **dict.fromkeys(("models.get", "models.list", "models.generateContent", "models.streamGenerateContent"), _BASE),
    **dict.fromkeys(("models.generateText", "models.countTokens", "models.countTextTokens"), _BASE),
    **dict.fromkeys(("models.generateMessage", "models.countMessageTokens", "models.generateAnswer"), _BASE),
    **dict.fromkeys(("models.embedContent", "models.embedText", "models.batchGenerateContent"), _BASE),
    **dict.fromkeys(("models.batchEmbedContents", "models.batchEmbedText", "cachedContents.create"), _BASE),
    **dict.fromkeys(("tunedModels.create", "tunedModels.patch", "tunedModels.delete", "tunedModels.cancel"), _CHANGE),
    **dict.fromkeys(("tunedModels.get", "tunedModels.list"), _READ),
    **dict.fromkeys(("tunedModels.generateContent", "tunedModels.streamGenerateContent"), _USE),
    **dict.fromkeys(("tunedModels.generateText", "tunedModels.countTokens"), _USE),
    **dict.fromkeys(("tunedModels.batchGenerateContent", "tunedModels.asyncBatchEmbedContent"), _USE),
    "tunedModels.transferOwnership": _USE,
    **{f"tunedModels.permissions.{verb}": _USE for verb in ("create", "list", "get", "patch", "delete")},
    **dict.fromkeys(("tunedModels.operations.get", "tunedModels.operations.list", "operations.list"), _READ),
    **dict.fromkeys(("tunedModels.operations.cancel", "tunedModels.operations.delete", "operations.delete"), _CHANGE),
}
"""The accepted scopes by method. A token needs at least one of them."""


def needs_oauth(method_id: str) -> bool:
    """Whether an API key alone is not enough (observed for permissions, documented for transferOwnership)."""
    return method_id.startswith("tunedModels.permissions.") or method_id == "tunedModels.transferOwnership"
