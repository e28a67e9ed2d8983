"""Contains the messages of a tuning task, the run that creates a model, with its steps and settings."""

from __future__ import annotations

from dataclasses import dataclass

from .message import Message
from .timestamp import Timestamp
from .training_data import Dataset


@dataclass(frozen=True, kw_only=True)
class TuningSnapshot(Message):
    """One step of a tuning run."""

    #: The number of the step, from 1.
    step: int = 0
    #: The number of times that the run has used all examples.
    epoch: int = 0
    #: The mean loss over the examples of the step's batch.
    mean_loss: float = 0.0
    #: The time at which the loss was computed.
    compute_time: Timestamp | None = None


@dataclass(frozen=True, kw_only=True)
class Hyperparameters(Message):
    """The settings of a tuning run. None leaves the choice to the service, or means that the service did not say."""

    #: The number of times that the run uses all examples.
    epoch_count: int | None = None
    #: The number of examples in one step.
    batch_size: int | None = None
    #: The learning rate. A request has this or the multiplier, never both.
    learning_rate: float | None = None
    #: A factor for the learning rate that the service recommends for the base model.
    learning_rate_multiplier: float | None = None


@dataclass(frozen=True, kw_only=True)
class TuningTask(Message):
    """The run that creates a model. A time is None until the run reaches it."""

    #: The time at which the run left the queue.
    start_time: Timestamp | None = None
    #: The time at which the run was complete.
    complete_time: Timestamp | None = None
    #: The snapshots of the steps so far.
    snapshots: tuple[TuningSnapshot, ...] = ()
    #: The examples. Only requests have them; the service never returns them.
    training_data: Dataset | None = None
    #: The settings of the run.
    hyperparameters: Hyperparameters = Hyperparameters()
