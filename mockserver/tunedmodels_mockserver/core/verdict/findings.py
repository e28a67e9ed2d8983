"""Findings: what a verdict says about a client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..journal.journal import Entry


class Severity(str, Enum):
    """How bad a finding is, the worst first: wrong, risky, or merely worth a thought."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: what was seen in which requests, what it means, and what to do."""

    id: str
    severity: Severity
    title: str
    explanation: str
    advice: str
    requests: tuple[int, ...]

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "id": self.id,
            "severity": self.severity.value,
            "title": self.title,
            "explanation": self.explanation,
            "advice": self.advice,
            "requests": list(self.requests),
        }


def numbers(entries: Sequence[Entry]) -> tuple[int, ...]:
    """Return the numbers of *entries*."""
    return tuple(entry.number for entry in entries)


def blame(entries: Sequence[Entry]) -> str:
    """Return a sentence that says which of the answers were the fake's doing; nothing where none was."""
    injected = [entry for entry in entries if entry.fault]
    if not injected:
        return ""
    named = ", ".join(f"{entry.number} ({entry.fault})" for entry in injected[:3])
    return f" What was answered to {named} was injected; what the client made of it was not."
