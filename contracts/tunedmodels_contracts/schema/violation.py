"""Defines the violation, one place where an answer differs from the schema."""

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
    """One violation: its *kind*, its *place* (such as ``tuningTask.snapshots[3].meanLoss``; empty for the whole
    answer), and the *problem* with the values.
    """

    kind: Kind
    place: str
    problem: str

    def __str__(self) -> str:
        """Return the violation as a line of a report."""
        return f"{self.place or 'the answer'}: {self.kind}: {self.problem}"
