"""The pauses between two polls of a long-running operation. Retry handles a poll that fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Polling:
    """The pauses between two polls, in seconds.

    The first pause is *initial*. Each later pause is *multiplier* times the pause before, and at most *maximum*.

    By default the first pauses are short, for short runs. Later pauses match the rate at which the service has shown
    new steps. For a mock server with a clock that moves with each poll, use ``Polling(0)``, which does not wait.
    """

    initial: float = 0.25
    multiplier: float = 1.5
    maximum: float = 5.0

    def __post_init__(self) -> None:
        """Raise an error for a value that is not a duration, and for pauses that become shorter."""
        for name, least in (("initial", 0), ("multiplier", 1), ("maximum", 0)):
            if not least <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be a number, {least} or more, got {getattr(self, name)!r}")

    def pauses(self) -> Iterator[float]:
        """Yield the pauses, without end."""
        pause = self.initial
        while True:
            yield min(pause, self.maximum)
            pause = min(pause * self.multiplier, self.maximum)
