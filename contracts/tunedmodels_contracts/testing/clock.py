"""The clock of a world, which a test can read and move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tunedmodels import Timestamp

from .admin_api import Admin


@dataclass(frozen=True)
class ClockChange:
    """The result of a move of the clock, with the time after it.

    ``caused`` has the runs that look different now (at most 100). ``stalled`` has the operations that never end by
    time alone.
    """

    now: Timestamp
    caused: tuple[dict[str, Any], ...]
    stalled: tuple[str, ...]


class Clock:
    """The clock of a world. *admin* sends the requests."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    @property
    def now(self) -> Timestamp:
        """The present time of the world."""
        return Timestamp.parse(self._admin.ask("GET", "clock")["now"])

    @property
    def mode(self) -> str:
        """The source of movement: ``real`` (the machine), ``manual`` (only these methods) or ``polling`` (polls)."""
        return str(self._admin.ask("GET", "clock")["mode"])

    def advance(self, seconds: float) -> ClockChange:
        """Move the clock forward by *seconds* at once."""
        return self._move(advance=seconds)

    def next(self) -> ClockChange:
        """Move the clock to the next change in any run, such as its next step."""
        return self._move(advance="next")

    def end(self) -> ClockChange:
        """Move the clock forward until all runs have ended."""
        return self._move(advance="end")

    def set(self, moment: str) -> ClockChange:
        """Move the clock to *moment*, such as 2026-01-01T00:00:00Z. It can also move back."""
        return self._move(set=moment)

    def freeze(self) -> ClockChange:
        """Stop the clock. From now on only these methods move it."""
        return self._move(freeze=True)

    def resume(self, rate: float | None = None) -> ClockChange:
        """Make the clock follow the machine's, *rate* times as fast; None keeps the rate."""
        return self._move(resume=True, **({} if rate is None else {"rate": rate}))

    def poll(self) -> ClockChange:
        """Make each poll of a run that has not ended move the clock by a tenth of the run."""
        return self._move(mode="polling")

    def _move(self, **move: Any) -> ClockChange:
        answer = self._admin.ask("POST", "clock", move)
        return ClockChange(
            Timestamp.parse(answer["now"]), tuple(answer.get("caused", ())), tuple(answer.get("stalled", ()))
        )
