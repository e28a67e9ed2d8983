"""A finding: one place where an answer is not what the facts say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "unknown-member",
    "missing-member",
    "input-only",
    "wrong-type",
    "unknown-enum-value",
    "zero-written",
    "out-of-order",
    "oneof",
    "bad-time",
    "float-too-precise",
    "any-type",
    "status-mismatch",
]


@dataclass(frozen=True, slots=True)
class SchemaViolation:
    """What is wrong, where (like ``tuningTask.snapshots[3].meanLoss``; empty for the whole), and with which values."""

    kind: Kind
    place: str
    problem: str

    def __str__(self) -> str:
        """Return the finding as a line of a report."""
        return f"{self.place or 'the answer'}: {self.kind}: {self.problem}"
