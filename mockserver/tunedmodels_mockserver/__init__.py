"""A mock server for model tuning in the Gemini API.

The public names are imported when they are first used. The command imports this package too, and its ``--help`` does
not need Flask.
"""

from __future__ import annotations

# The command imports this module before it handles signals, and importing typing is slow.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .app import create_app as create_app
    from .core.clock import Clock as Clock
    from .core.clock import ManualClock as ManualClock
    from .core.clock import Mode as Mode
    from .core.effects import Error as Error
    from .core.faults.fault import Fault as Fault
    from .core.runs.durations import Pace as Pace
    from .settings import Settings as Settings

__all__ = ["Clock", "Error", "Fault", "ManualClock", "Mode", "Pace", "Settings", "create_app"]

_MODULES = {
    "Clock": ".core.clock",
    "Error": ".core.effects",
    "Fault": ".core.faults.fault",
    "ManualClock": ".core.clock",
    "Mode": ".core.clock",
    "Pace": ".core.runs.durations",
    "Settings": ".settings",
    "create_app": ".app",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)
