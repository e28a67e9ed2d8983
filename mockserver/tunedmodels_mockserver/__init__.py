"""A mock server of the Gemini API's model tuning."""

from .app import Settings as Settings
from .app import create_app as create_app
from .core.clock import ManualClock as ManualClock
from .core.clock import PollingClock as PollingClock
from .core.clock import SystemClock as SystemClock
from .core.worlds import Pace as Pace

__all__ = ["ManualClock", "Pace", "PollingClock", "Settings", "SystemClock", "create_app"]
