"""Defines the controls of a world, which are all of its state except the resources.

They are one value, so that all servers and clients that share the world share its controls.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..canned.rulebook import Rulebook
from ..clock import Clock
from ..faults.armed_faults import ArmedFault
from ..runs.durations import Pace


@dataclass(frozen=True, slots=True)
class Controls:
    """The settings of a world that a test can change: clock, pace of future runs, revoked tokens, rules and faults.

    ``faults`` are in the order in which they were armed. ``revoked`` are the ids of revoked tokens.
    """

    clock: Clock = field(default_factory=Clock)
    pace: Pace = field(default_factory=Pace)
    revoked: frozenset[str] = frozenset()
    canned: Rulebook = field(default_factory=Rulebook)
    faults: tuple[ArmedFault, ...] = ()
