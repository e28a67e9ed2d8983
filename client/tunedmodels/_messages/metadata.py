"""Contains the message of a tuning operation's metadata."""

from __future__ import annotations

from dataclasses import dataclass

from .message import Message
from .tuning_task import TuningSnapshot


@dataclass(frozen=True, kw_only=True)
class CreateTunedModelMetadata(Message):
    """The progress of a tuning run."""

    #: The number of steps of the whole run.
    total_steps: int = 0
    #: The number of steps that are complete.
    completed_steps: int = 0
    #: The completed steps in percent, from 0 to 100.
    completed_percent: float = 0.0
    #: The snapshots so far, one for each completed step.
    snapshots: tuple[TuningSnapshot, ...] = ()
    #: The name of the model that the run creates.
    tuned_model: str = ""
