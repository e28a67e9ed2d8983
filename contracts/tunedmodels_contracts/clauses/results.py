"""Results: what became of each clause on one target, from what its tests told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..service import is_real
from .clause import Clause, Level

GONE = "no longer verifiable"
"""What is said, and how a reason to skip begins, where nobody can check a clause on the service any more."""


class Verdict(Enum):
    """What became of a clause, the worst first: of a clause with several tests, the worst of theirs counts."""

    BROKEN = "broken"
    EXCUSED = "excused"  # broken, as a known difference says
    NOT_RUN = "not run"
    NO_LONGER_VERIFIABLE = GONE
    HELD = "held"


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True)
class Subject:
    """What was checked: the kind of target, and the base URL of its server."""

    kind: str
    server: str = ""

    @property
    def real(self) -> bool:
        """Whether it is the service itself: a stand-in that is asked by the same code is not."""
        return self.kind == "live" and is_real(self.server)

    def __str__(self) -> str:
        """Name it as a report does; the fake and the service need no address."""
        of_somebody = self.kind in ("url", "stand-in") or (self.kind == "live" and not self.real)
        return f"{self.kind} {self.server}".rstrip() if of_somebody else self.kind


@dataclass(frozen=True, slots=True)
class Check:
    """What became of one test, and why it is not held."""

    test: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A clause, the sentence that says it, and what its tests told. It holds when all of them hold."""

    clause: Clause
    sentence: str
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of its tests'."""
        return min((check.verdict for check in self.checks), key=_RANK.__getitem__, default=Verdict.NOT_RUN)

    @property
    def reason(self) -> str:
        """Why it is not held; with the number of tests where some did better."""
        if self.verdict is Verdict.HELD:
            return ""
        alike = [check for check in self.checks if check.verdict is self.verdict]
        reason = next((check.reason for check in alike if check.reason), "")
        return reason if len(alike) == len(self.checks) else f"{len(alike)} of {len(self.checks)} tests: {reason}"


def skipped(reason: str) -> Verdict:
    """Return the verdict of a test that was skipped for *reason*."""
    return Verdict.NO_LONGER_VERIFIABLE if reason.lower().startswith(GONE) else Verdict.NOT_RUN


def with_verdict(results: Iterable[Result], verdict: Verdict, level: Level | None = None) -> list[Result]:
    """Return those of the *results* that have the *verdict*, of one *level* if it is given."""
    return [result for result in results if result.verdict is verdict and level in (None, result.clause.level)]


def as_json(result: Result) -> dict[str, Any]:
    """Return *result* as a value for JSON; ``from_json`` reads it."""
    clause = result.clause
    return {
        "clause": clause.name,
        "sentence": result.sentence,
        "methods": list(clause.methods),
        "outcome": clause.outcome,
        "level": clause.level.value,
        "verdict": result.verdict.value,
        "checks": [
            {"test": check.test, "verdict": check.verdict.value, "reason": check.reason} for check in result.checks
        ],
    }


def from_json(value: Mapping[str, Any]) -> Result:
    """Return the result that ``as_json`` wrote. Raises KeyError, TypeError or ValueError for another value."""
    clause = Clause(value["clause"], tuple(value["methods"]), value["outcome"], Level(value["level"]))
    checks = tuple(Check(check["test"], Verdict(check["verdict"]), check["reason"]) for check in value["checks"])
    return Result(clause, value["sentence"], checks)
