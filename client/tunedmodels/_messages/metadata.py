"""The metadata of a tuning operation."""

from __future__ import annotations

from dataclasses import dataclass

from .message import Message
from .tuning_task import TuningSnapshot


@dataclass(frozen=True, kw_only=True)
class CreateTunedModelMetadata(Message):
    """How far a tuning run is."""

    #: How many steps it will take.
    total_steps: int = 0
    #: How many it has taken.
    completed_steps: int = 0
    #: The same in percent, from 0 to 100.
    completed_percent: float = 0.0
    #: The steps so far, one snapshot each.
    snapshots: tuple[TuningSnapshot, ...] = ()
    #: The name of the model in the making.
    tuned_model: str = ""
