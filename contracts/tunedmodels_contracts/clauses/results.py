"""Defines the results of clauses on one target, which follow from the verdicts of their tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .. import service
from .clause import Clause, Level


class Verdict(Enum):
    """The outcome of a clause, the worst first. A clause with several tests has the worst of their outcomes."""

    BROKEN = "broken"
    EXCUSED = "excused"  # broken, and a known difference covers it
    NOT_RUN = "not run"
    NO_LONGER_VERIFIABLE = "no longer verifiable"  # on the real service; the reason of the skip begins with this
    HELD = "held"


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True)
class CheckedServer:
    """The server that was checked, by the kind of target and its base URL."""

    kind: str
    server: str = ""

    @property
    def is_real(self) -> bool:
        """Whether the server is the real service. A stand-in that the same code checks is not."""
        return self.kind == "live" and service.is_real(self.server)

    def __str__(self) -> str:
        """Return the name in reports. The fake and the real service have no address in it."""
        needs_address = self.kind in ("url", "stand-in") or (self.kind == "live" and not self.is_real)
        return f"{self.kind} {self.server}".rstrip() if needs_address else self.kind


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one test, and the reason if it is not held."""

    test: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A clause, its sentence, and the outcomes of its tests. The clause holds if all of them hold."""

    clause: Clause
    sentence: str
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the tests, or NOT_RUN if there are none."""
        return min((check.verdict for check in self.checks), key=_RANK.__getitem__, default=Verdict.NOT_RUN)

    @property
    def reason(self) -> str:
        """The reason why the clause is not held, or an empty text. If only some tests have this verdict, it has their
        number.
        """
        if self.verdict is Verdict.HELD:
            return ""
        decisive = [check for check in self.checks if check.verdict is self.verdict]
        reason = next((check.reason for check in decisive if check.reason), "")
        return reason if len(decisive) == len(self.checks) else f"{len(decisive)} of {len(self.checks)} tests: {reason}"


def verdict_of_skip(reason: str) -> Verdict:
    """Return the verdict on a test that was skipped for *reason*."""
    is_unverifiable = reason.lower().startswith(Verdict.NO_LONGER_VERIFIABLE.value)
    return Verdict.NO_LONGER_VERIFIABLE if is_unverifiable else Verdict.NOT_RUN


def with_verdict(results: Iterable[Result], verdict: Verdict, level: Level | None = None) -> list[Result]:
    """Return the *results* that have *verdict*, of one *level* if it is given."""
    return [result for result in results if result.verdict is verdict and level in (None, result.clause.level)]


def as_json(result: Result) -> dict[str, Any]:
    """Return *result* as a value for JSON. ``from_json`` reads it."""
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
