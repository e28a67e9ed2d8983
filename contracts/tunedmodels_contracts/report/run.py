"""The result of one run of the suite, with the target, the date, the result of each clause and the API coverage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..clauses import results
from ..clauses.clause import Level
from ..clauses.results import CheckedServer, Result, Verdict
from ..evidence.known_differences import KnownDifference
from ..schema.observed import ApiCoverage


@dataclass(frozen=True)
class SuiteRun:
    """One run. *known* are its known differences; *stale* are those that excuse nothing, each with the reason.

    *status* is pytest's exit status; it can also come from other tests, or from an interruption. *notes* are messages
    of the target.
    """

    subject: CheckedServer
    day: date
    results: tuple[Result, ...]
    coverage: ApiCoverage = field(default_factory=ApiCoverage)
    known: tuple[KnownDifference, ...] = ()
    stale: tuple[tuple[KnownDifference, str], ...] = ()
    status: int = 0
    notes: tuple[str, ...] = ()

    @property
    def has_run(self) -> bool:
        """Whether the run checked at least one clause and found that it holds or not."""
        return any(result.verdict in (Verdict.HELD, Verdict.BROKEN, Verdict.EXCUSED) for result in self.results)

    @property
    def has_passed(self) -> bool:
        """Whether a clause ran, no required clause is broken, no known difference is stale, and pytest succeeded."""
        broken = results.with_verdict(self.results, Verdict.BROKEN, Level.REQUIRED)
        return self.has_run and not broken and not self.stale and not self.status

    def count(self, verdict: Verdict, *levels: Level) -> int:
        """Return the number of clauses with this *verdict* and one of *levels*; without *levels*, of any level."""
        return sum(r.verdict is verdict and (not levels or r.clause.level in levels) for r in self.results)


def to_json(run: SuiteRun) -> dict[str, Any]:
    """Return *run* as a value for JSON; ``from_json`` reads it."""
    stale = dict(run.stale)
    return {
        "target": run.subject.kind,
        "server": run.subject.server,
        "real": run.subject.is_real,
        "day": run.day.isoformat(),
        "status": run.status,
        "passed": run.has_passed,
        "notes": list(run.notes),
        "clauses": [results.as_json(result) for result in run.results],
        "seen": run.coverage.as_json(),
        "known": [
            {
                **{name: getattr(known, name) for name in ("clause", "reason", "since", "issue", "target", "server")},
                "stale": stale.get(known, ""),
            }
            for known in run.known
        ],
    }


def from_json(value: Mapping[str, Any]) -> SuiteRun:
    """Return the run that ``to_json`` wrote. Raises KeyError, TypeError or ValueError for any other value."""
    known: list[KnownDifference] = []
    stale: list[tuple[KnownDifference, str]] = []
    for entry in value["known"]:
        why = entry["stale"]
        known.append(KnownDifference(**{name: entry[name] for name in entry if name != "stale"}))
        if why:
            stale.append((known[-1], why))
    return SuiteRun(
        subject=CheckedServer(value["target"], value["server"]),
        day=date.fromisoformat(value["day"]),
        results=tuple(results.from_json(entry) for entry in value["clauses"]),
        coverage=ApiCoverage.from_json(value["seen"]),
        known=tuple(known),
        stale=tuple(stale),
        status=value["status"],
        notes=tuple(value["notes"]),
    )
