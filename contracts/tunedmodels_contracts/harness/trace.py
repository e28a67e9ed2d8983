"""Traces, the input of the invariants. A trace has the observations of one tuning run in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Observation:
    """One observation. It has the seconds from any start, the operation, and the model right after it, or None."""

    seconds: float
    operation: Json
    tuned_model: Json | None = None


@dataclass(frozen=True)
class Look:
    """An observation with its place in the trace, which findings name, and short names for its parts."""

    place: str
    seconds: float
    operation: Json
    tuned_model: Json | None

    @property
    def metadata(self) -> Json:
        """The operation's metadata."""
        metadata: Json = self.operation.get("metadata", {})
        return metadata

    @property
    def done(self) -> bool:
        """Whether the operation says that it is done."""
        return bool(self.operation.get("done", False))

    @property
    def total(self) -> int:
        """The number of all steps; 0 if it is absent."""
        return int(self.metadata.get("totalSteps", 0))

    @property
    def completed(self) -> int:
        """The number of completed steps."""
        return int(self.metadata.get("completedSteps", 0))

    @property
    def percent(self) -> float:
        """The percentage of completed steps."""
        return float(self.metadata.get("completedPercent", 0))

    @property
    def snapshots(self) -> Sequence[Json]:
        """The snapshots in the metadata."""
        return list(self.metadata.get("snapshots", ()))

    def models(self) -> Iterator[tuple[str, Json]]:
        """Yield the tuned models of this look, each with its place."""
        if "response" in self.operation:
            yield f"{self.place}, response", self.operation["response"]
        if self.tuned_model is not None:
            yield f"{self.place}, tuned model", self.tuned_model


@dataclass(frozen=True)
class Run:
    """The looks at one run, with the facts about it that the invariants need; unknown facts are None."""

    looks: Sequence[Look]
    batch_size: int | None
    examples: int | None
    bound: float | None

    def snapshot_lists(self) -> Iterator[tuple[str, Sequence[Json]]]:
        """Yield every list of snapshots in the order of the looks, each with its place."""
        for look in self.looks:
            yield f"{look.place}, metadata", look.snapshots
            for place, model in look.models():
                yield place, task_snapshots(model)


def to_looks(trace: Sequence[Observation]) -> list[Look]:
    """Return the looks of a trace. The place of each one is its number and its time."""
    return [
        Look(
            f"at look {number} ({observation.seconds:g} s)",
            observation.seconds,
            observation.operation,
            observation.tuned_model,
        )
        for number, observation in enumerate(trace)
    ]


def task_snapshots(model: Json) -> Sequence[Json]:
    """Return the snapshots that a tuned model shows."""
    return list(model.get("tuningTask", {}).get("snapshots", ()))
