"""The clock of a world, held by a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tunedmodels import Timestamp

from .admin_api import Admin


@dataclass(frozen=True)
class Moved:
    """What a move of the clock led to.

    ``caused`` are the runs that look different now (100 at most), ``stalled`` the operations that no time will end.
    """

    now: Timestamp
    caused: tuple[dict[str, Any], ...]
    stalled: tuple[str, ...]


class Clock:
    """Reads and moves the clock that *admin*'s world has."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    @property
    def now(self) -> Timestamp:
        """The world's present."""
        return Timestamp.parse(self._admin.ask("GET", "clock")["now"])

    @property
    def mode(self) -> str:
        """What moves it: ``real`` is the machine, ``manual`` nothing but these methods, ``polling`` each look."""
        return str(self._admin.ask("GET", "clock")["mode"])

    def advance(self, seconds: float) -> Moved:
        """Let so many *seconds* pass at once."""
        return self._move(advance=seconds)

    def next(self) -> Moved:
        """Go on to the next thing that happens in any run, such as its next step."""
        return self._move(advance="next")

    def end(self) -> Moved:
        """Go on until all runs have ended."""
        return self._move(advance="end")

    def set(self, moment: str) -> Moved:
        """Go to a *moment*, such as 2026-01-01T00:00:00Z, back too."""
        return self._move(set=moment)

    def freeze(self) -> Moved:
        """Stop it: from now on only these methods move it."""
        return self._move(freeze=True)

    def resume(self, rate: float | None = None) -> Moved:
        """Let it go with the machine's, *rate* times as fast."""
        return self._move(resume=True, **({} if rate is None else {"rate": rate}))

    def poll(self) -> Moved:
        """Let each look at a run move it by a tenth of the run."""
        return self._move(mode="polling")

    def _move(self, **move: Any) -> Moved:
        told = self._admin.ask("POST", "clock", move)
        return Moved(Timestamp.parse(told["now"]), tuple(told.get("caused", ())), tuple(told.get("stalled", ())))
