"""An account of one run of the suite: what was checked, when, what became of each clause, and what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..clauses import results
from ..clauses.clause import Level
from ..clauses.results import Result, Subject, Verdict
from ..evidence.known_differences import KnownDifference
from ..schema.observed import ApiCoverage


@dataclass(frozen=True)
class SuiteRun:
    """One run. *known* are the differences that were known of it, and *stale* why those of them that excuse nothing do.

    *status* is what pytest ended with, which may have had other tests to run, or was interrupted. *notes* are what the
    target had to tell.
    """

    subject: Subject
    day: date
    results: tuple[Result, ...]
    seen: ApiCoverage = field(default_factory=ApiCoverage)
    known: tuple[KnownDifference, ...] = ()
    stale: tuple[tuple[KnownDifference, str], ...] = ()
    status: int = 0
    notes: tuple[str, ...] = ()

    @property
    def has_run(self) -> bool:
        """Whether there is anything that was checked, and found to hold or not."""
        return any(result.verdict in (Verdict.HELD, Verdict.BROKEN, Verdict.EXCUSED) for result in self.results)

    @property
    def passed(self) -> bool:
        """Whether something ran, no required clause is broken, and each known difference is one."""
        broken = results.with_verdict(self.results, Verdict.BROKEN, Level.REQUIRED)
        return self.has_run and not broken and not self.stale and not self.status

    def count(self, verdict: Verdict, *levels: Level) -> int:
        """Return how many clauses of the *levels*, or of all, have the *verdict*."""
        return sum(r.verdict is verdict and (not levels or r.clause.level in levels) for r in self.results)


def to_json(run: SuiteRun) -> dict[str, Any]:
    """Return *run* as a value for JSON; ``from_json`` reads it."""
    stale = dict(run.stale)
    return {
        "target": run.subject.kind,
        "server": run.subject.server,
        "real": run.subject.real,
        "day": run.day.isoformat(),
        "status": run.status,
        "passed": run.passed,
        "notes": list(run.notes),
        "clauses": [results.as_json(result) for result in run.results],
        "seen": run.seen.as_json(),
        "known": [
            {
                **{name: getattr(known, name) for name in ("clause", "reason", "since", "issue", "target", "server")},
                "stale": stale.get(known, ""),
            }
            for known in run.known
        ],
    }


def from_json(value: Mapping[str, Any]) -> SuiteRun:
    """Return the account that ``to_json`` wrote. Raises KeyError, TypeError or ValueError for another value."""
    known: list[KnownDifference] = []
    stale: list[tuple[KnownDifference, str]] = []
    for entry in value["known"]:
        why = entry["stale"]
        known.append(KnownDifference(**{name: entry[name] for name in entry if name != "stale"}))
        if why:
            stale.append((known[-1], why))
    return SuiteRun(
        subject=Subject(value["target"], value["server"]),
        day=date.fromisoformat(value["day"]),
        results=tuple(results.from_json(entry) for entry in value["clauses"]),
        seen=ApiCoverage.from_json(value["seen"]),
        known=tuple(known),
        stale=tuple(stale),
        status=value["status"],
        notes=tuple(value["notes"]),
    )
