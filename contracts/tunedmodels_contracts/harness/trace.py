"""A trace: what somebody saw of one tuning run, look after look, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Observation:
    """One look: when, in seconds from any beginning; the operation; the model right after it, or None."""

    seconds: float
    operation: Json
    tuned_model: Json | None = None


@dataclass(frozen=True)
class Look:
    """An observation, its place in the trace for findings to name, and its parts by short names."""

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
        """The number of all steps; 0 where it is absent."""
        return int(self.metadata.get("totalSteps", 0))

    @property
    def completed(self) -> int:
        """The number of steps that are complete."""
        return int(self.metadata.get("completedSteps", 0))

    @property
    def percent(self) -> float:
        """The percentage of steps that are complete."""
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
    """All that is known of one run."""

    looks: Sequence[Look]
    batch_size: int | None
    examples: int | None
    bound: float | None

    def snapshot_lists(self) -> Iterator[tuple[str, Sequence[Json]]]:
        """Yield every list of snapshots that was seen, in the order of looking, each with its place."""
        for look in self.looks:
            yield f"{look.place}, metadata", look.snapshots
            for place, model in look.models():
                yield place, task_snapshots(model)


def looks_of(trace: Sequence[Observation]) -> list[Look]:
    """Return the looks of a trace, each with its number and its time as its place."""
    return [
        Look(f"at look {number} ({seen.seconds:g} s)", seen.seconds, seen.operation, seen.tuned_model)
        for number, seen in enumerate(trace)
    ]


def task_snapshots(model: Json) -> Sequence[Json]:
    """Return the snapshots that a tuned model shows."""
    return list(model.get("tuningTask", {}).get("snapshots", ()))
