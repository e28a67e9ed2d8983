"""The clock of a target: how its time passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class TargetClock:
    """How a target's time passes, in seconds: a clock that never goes back, and a function that waits on it."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
