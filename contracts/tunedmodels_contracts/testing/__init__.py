"""The code behind the fixtures and ``intercept``. Import ``World`` and ``intercept`` from here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .interception import InterceptTestCase as InterceptTestCase
    from .interception import intercept as intercept
    from .world import World as World
    from .world import WorldError as WorldError

# pytest loads this package in every run, so each name is imported only at its first use.
_MODULES = {
    "InterceptTestCase": "interception",
    "World": "world",
    "WorldError": "world",
    "intercept": "interception",
}

__all__ = ["InterceptTestCase", "World", "WorldError", "intercept"]


def __getattr__(name: str) -> Any:
    """Import *name* at its first use. Raises AttributeError for an unknown name."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return all names, including the names that are not imported yet."""
    return sorted({*globals(), *_MODULES})
