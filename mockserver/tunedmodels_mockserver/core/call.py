"""A call: what every method is told besides its request."""

from __future__ import annotations

from dataclasses import dataclass, field

from .allowances import Allowances
from .callers.identity import Caller
from .runs.script import Run
from .worlds import World


@dataclass(frozen=True, slots=True)
class Call:
    """One request's surroundings. ``now`` is read once, so that an answer never mixes two moments.

    ``run`` is what befalls a run that the call starts. ``notes`` is what the answer's header tells besides.
    """

    world: World
    caller: Caller
    version: str
    now: int
    allowances: Allowances = field(default_factory=Allowances)
    run: Run = field(default_factory=Run)
    notes: list[str] = field(default_factory=list)
