"""The clock of a target, by which clauses wait and measure time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class TargetClock:
    """Two functions in seconds: *now*, which never goes back, and *sleep*, which waits on the same clock."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
