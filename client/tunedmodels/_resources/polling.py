"""Polling: how often a long-running operation is looked at. What is done when a look fails is Retry's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Polling:
    """The pauses between two looks: *initial* seconds, then each *multiplier* times the last, at most *maximum*.

    The default looks often at first, for short runs, and then at the pace at which the service has had news. For
    a mock server whose clock moves with each look, ``Polling(0)`` waits for nothing.
    """

    initial: float = 0.25
    multiplier: float = 1.5
    maximum: float = 5.0

    def __post_init__(self) -> None:
        """Refuse what is no span of time, and pauses that become shorter."""
        for name, least in (("initial", 0), ("multiplier", 1), ("maximum", 0)):
            if not least <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be a number, {least} or more, got {getattr(self, name)!r}")

    def pauses(self) -> Iterator[float]:
        """Yield the pauses; there is no last."""
        pause = self.initial
        while True:
            yield min(pause, self.maximum)
            pause = min(pause * self.multiplier, self.maximum)
