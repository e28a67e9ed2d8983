"""What the service answers, as values. Members that it left out have the value that leaving out stands for.

Times are aware datetimes in UTC. Python's have microseconds, so the nanoseconds of ``start_time`` and
``compute_time`` are cut off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?Z")


@dataclass(frozen=True)
class TuningSnapshot:
    """One step of a tuning run.

    ``step`` counts from 1, ``epoch`` from 0. ``mean_loss`` is the mean over the examples of the step's batch.
    """

    step: int
    epoch: int
    mean_loss: float
    compute_time: datetime | None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TuningSnapshot:
        """Return the snapshot that the JSON object says. Raises ValueError for a time or a number that is none."""
        return cls(
            step=value.get("step", 0),
            epoch=value.get("epoch", 0),
            mean_loss=float(value.get("meanLoss", 0)),
            compute_time=_time(value, "computeTime"),
        )


@dataclass(frozen=True)
class Hyperparameters:
    """How a model is tuned; None where the service said nothing."""

    epoch_count: int | None
    batch_size: int | None
    learning_rate: float | None
    learning_rate_multiplier: float | None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Hyperparameters:
        """Return the hyperparameters that the JSON object says. Raises ValueError for a number that is none."""
        return cls(
            epoch_count=value.get("epochCount"),
            batch_size=value.get("batchSize"),
            learning_rate=_float(value, "learningRate"),
            learning_rate_multiplier=_float(value, "learningRateMultiplier"),
        )


@dataclass(frozen=True)
class TuningTask:
    """The tuning run that made a model. Times are None until they are reached."""

    start_time: datetime | None
    complete_time: datetime | None
    snapshots: tuple[TuningSnapshot, ...]
    hyperparameters: Hyperparameters

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TuningTask:
        """Return the task that the JSON object says. Raises ValueError for a time or a number that is none."""
        return cls(
            start_time=_time(value, "startTime"),
            complete_time=_time(value, "completeTime"),
            snapshots=_snapshots(value),
            hyperparameters=Hyperparameters.from_json(value.get("hyperparameters", {})),
        )


@dataclass(frozen=True)
class TunedModel:
    """A tuned model.

    ``state`` is ``CREATING``, ``ACTIVE`` or ``FAILED``. ``source_model`` is what it was tuned from: a base model
    or another tuned model; ``base_model`` is the base model beneath either way. ``temperature``, ``top_p`` and
    ``top_k`` are None where the service said nothing.
    """

    name: str
    display_name: str
    description: str
    state: str
    source_model: str
    base_model: str
    create_time: datetime | None
    update_time: datetime | None
    tuning_task: TuningTask
    temperature: float | None
    top_p: float | None
    top_k: int | None
    reader_project_numbers: tuple[int, ...]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TunedModel:
        """Return the model that the JSON object says. Raises ValueError for a time or a number that is none."""
        source = value.get("tunedModelSource", {})
        base_model = value.get("baseModel") or source.get("baseModel", "")
        return cls(
            name=value.get("name", ""),
            display_name=value.get("displayName", ""),
            description=value.get("description", ""),
            state=value.get("state", "STATE_UNSPECIFIED"),
            source_model=source.get("tunedModel") or base_model,
            base_model=base_model,
            create_time=_time(value, "createTime"),
            update_time=_time(value, "updateTime"),
            tuning_task=TuningTask.from_json(value.get("tuningTask", {})),
            temperature=_float(value, "temperature"),
            top_p=_float(value, "topP"),
            top_k=value.get("topK"),
            # On the wire a 64-bit number is a string.
            reader_project_numbers=tuple(int(number) for number in value.get("readerProjectNumbers", ())),
        )


@dataclass(frozen=True)
class CreateTunedModelMetadata:
    """How far a tuning run is: ``completed_percent`` is in [0, 100], ``snapshots`` has one for each step so far.

    ``tuned_model`` is the name of the model in the making.
    """

    total_steps: int
    completed_steps: int
    completed_percent: float
    snapshots: tuple[TuningSnapshot, ...]
    tuned_model: str

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> CreateTunedModelMetadata:
        """Return the metadata that the JSON object says. Raises ValueError for a time or a number that is none."""
        return cls(
            total_steps=value.get("totalSteps", 0),
            completed_steps=value.get("completedSteps", 0),
            completed_percent=float(value.get("completedPercent", 0)),
            snapshots=_snapshots(value),
            tuned_model=value.get("tunedModel", ""),
        )


@dataclass(frozen=True)
class GenerateContentResponse:
    """What a model answered; ``raw`` is the whole answer as JSON."""

    raw: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The text of the first candidate; empty where it has none, or the prompt was blocked (``raw`` says why)."""
        candidates = self.raw.get("candidates") or [{}]
        parts = candidates[0].get("content", {}).get("parts", ())
        return "".join(part.get("text", "") for part in parts)


def _snapshots(value: Mapping[str, Any]) -> tuple[TuningSnapshot, ...]:
    return tuple(TuningSnapshot.from_json(snapshot) for snapshot in value.get("snapshots", ()))


def _float(value: Mapping[str, Any], name: str) -> float | None:
    """Return a float: on the wire a whole one looks like an integer, and NaN is a string."""
    number = value.get(name)
    return None if number is None else float(number)


def _time(value: Mapping[str, Any], name: str) -> datetime | None:
    text = value.get(name)
    if text is None:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{name} is no time in UTC: {text!r}")
    moment = datetime.fromisoformat(match[1])
    return moment.replace(microsecond=int((match[2] or "0").ljust(6, "0")), tzinfo=timezone.utc)
