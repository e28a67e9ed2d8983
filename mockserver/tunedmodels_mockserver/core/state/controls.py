"""Controls: all of a world that is no resource. One value, so that whoever shares the world shares its controls."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..canned.rulebook import Rulebook
from ..clock import Clock
from ..faults.armed import ArmedFault
from ..runs.durations import Pace


@dataclass(frozen=True, slots=True)
class Controls:
    """What a test may set of its world: the clock, the pace of runs to come, and what else befalls the world.

    ``faults`` are armed, in this order. ``revoked`` are the ids of tokens that are good no more.
    """

    clock: Clock = field(default_factory=Clock)
    pace: Pace = field(default_factory=Pace)
    revoked: frozenset[str] = frozenset()
    canned: Rulebook = field(default_factory=Rulebook)
    faults: tuple[ArmedFault, ...] = ()
