"""The tuning task: the run that makes a model, its steps, and how it was set up."""

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
    #: How many times the run has been through all examples.
    epoch: int = 0
    #: The mean loss over the examples of the step's batch.
    mean_loss: float = 0.0
    #: When the loss was computed.
    compute_time: Timestamp | None = None


@dataclass(frozen=True, kw_only=True)
class Hyperparameters(Message):
    """How a model is tuned; None is the service's choice, or that it said nothing."""

    #: How many times the run goes through all examples.
    epoch_count: int | None = None
    #: How many examples one step takes.
    batch_size: int | None = None
    #: The learning rate; it or the multiplier is given, never both.
    learning_rate: float | None = None
    #: A factor on the learning rate that the service recommends for the base model.
    learning_rate_multiplier: float | None = None


@dataclass(frozen=True, kw_only=True)
class TuningTask(Message):
    """The run that makes a model. Times are None until they are reached."""

    #: When the run left the queue.
    start_time: Timestamp | None = None
    #: When it was complete.
    complete_time: Timestamp | None = None
    #: The steps so far.
    snapshots: tuple[TuningSnapshot, ...] = ()
    #: The examples; only ever sent, the service never shows them.
    training_data: Dataset | None = None
    #: How the model is tuned.
    hyperparameters: Hyperparameters = Hyperparameters()
