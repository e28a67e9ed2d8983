"""Defines the findings of a verdict, and the phrases that all kinds of findings share."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

import msgspec

from ..journal.entry import Entry


class Severity(str, Enum):
    """The severity of a finding, the worst first: an error is wrong, a warning is risky, advice is an improvement."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


class Finding(msgspec.Struct, frozen=True):
    """One finding about a client: its explanation, advice on what to do, and the numbers of the requests."""

    id: str
    severity: Severity
    title: str
    explanation: str
    advice: str
    requests: tuple[int, ...]

    def document(self) -> dict[str, Any]:
        """Return the finding as plain JSON."""
        return {
            "id": self.id,
            "severity": self.severity.value,
            "title": self.title,
            "explanation": self.explanation,
            "advice": self.advice,
            "requests": list(self.requests),
        }


def entry_numbers(entries: Sequence[Entry]) -> tuple[int, ...]:
    """Return the numbers of *entries*."""
    return tuple(entry.number for entry in entries)


def injected_answers_sentence(entries: Sequence[Entry]) -> str:
    """Return a sentence that says which answers to *entries* came from faults, or an empty text if none did."""
    injected = [entry for entry in entries if entry.fault]
    if not injected:
        return ""
    labels = ", ".join(f"{entry.number} ({entry.fault})" for entry in injected[:3])
    subject = "A fault caused the answer" if len(injected) == 1 else "Faults caused the answers"
    return f" {subject} to {labels}, but the reaction is the client's."
