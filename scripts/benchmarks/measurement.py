"""The plan by which a case measures, and the measurement that it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .peers import Peer


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure, and beside which peers."""

    rounds: int
    seconds: float
    quick: bool
    peers: list[Peer]


@dataclass(frozen=True, slots=True)
class Measurement:
    """The table of one case, and its figures by name, from which the aims are judged."""

    title: str
    rows: list[list[str]]
    figures: dict[str, float]
    notes: list[str] = field(default_factory=list)


Case = Callable[[Plan], Measurement]
