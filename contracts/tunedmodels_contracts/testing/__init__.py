"""Testing: what the fixtures and ``intercept`` are made of. ``World`` and ``intercept`` are imported from here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .interception import InterceptTestCase as InterceptTestCase
    from .interception import intercept as intercept
    from .world import World as World
    from .world import WorldError as WorldError

# pytest loads this package in every run, so nothing is imported before somebody asks for it.
_MODULES = {
    "InterceptTestCase": "interception",
    "World": "world",
    "WorldError": "world",
    "intercept": "interception",
}

__all__ = ["InterceptTestCase", "World", "WorldError", "intercept"]


def __getattr__(name: str) -> Any:
    """Import *name* where it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the names, those too that nobody has used yet."""
    return sorted({*globals(), *_MODULES})
