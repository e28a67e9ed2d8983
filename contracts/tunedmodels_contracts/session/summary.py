"""The summary: what is known of a run of the suite where pytest ends it, and the report that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..clauses import results
from ..clauses.catalog import catalog
from ..clauses.clause import Clause, Level
from ..clauses.results import Check, Result, Subject, Verdict
from ..evidence import evidence as evidences
from ..evidence import known_differences
from ..evidence.citations import citations
from ..evidence.evidence import Evidence, evidence
from ..evidence.known_differences import KnownDifference
from ..harness.allowances import Allowances
from ..recordings.provenance import Provenance
from ..report.report import Report
from ..report.run import SuiteRun
from ..schema.observed import ApiCoverage

Recorded = dict[str, list[Provenance]]


@dataclass
class Summary:
    """What was told of the clauses so far.

    ``subject`` is what they were checked on, and ``notes`` what it has to tell. ``partly`` names the clauses of which
    not all tests run: those that hold say nothing of the others. ``recorded`` has what was recorded of each clause.
    """

    subject: Subject
    known: tuple[KnownDifference, ...] = ()
    recorded: Recorded = field(default_factory=dict)
    partly: set[str] = field(default_factory=set)
    notes: tuple[str, ...] = ()
    seen: ApiCoverage = field(default_factory=ApiCoverage)
    allowances: Allowances = field(default_factory=Allowances)
    _checks: dict[str, tuple[Clause, str, list[Check]]] = field(default_factory=dict)
    _evidence: dict[str, Evidence] = field(default_factory=dict)

    def evidence(self, name: str) -> Evidence:
        """Return what evidence there is for the clause called *name*."""
        if name not in self._evidence:
            self._evidence[name] = evidence(name, citations(), self.recorded)
        return self._evidence[name]

    def add(self, test: str, told: Mapping[str, object]) -> None:
        """Add what a report of *test* has told of its clause."""
        if told["server"]:
            self.subject = Subject(str(told["target"]), str(told["server"]))
        name = str(told["clause"])
        clause = Clause(name, tuple(str(told["methods"]).split()), str(told["outcome"]), Level(told["level"]))
        _, _, checks = self._checks.setdefault(name, (clause, str(told["sentence"]), []))
        checks.append(Check(test, Verdict(told["verdict"]), str(told["reason"])))

    def as_json(self) -> dict[str, Any]:
        """Return what a worker of xdist has to tell beside its reports."""
        return {
            "seen": self.seen.as_json(),
            "partly": sorted(self.partly),
            "notes": list(self.notes),
            "allowances": sorted(self.allowances.ids),
        }

    def merge(self, told: Mapping[str, Any]) -> None:
        """Add what a worker has told."""
        self.seen.merge(ApiCoverage.from_json(told["seen"]))
        self.partly |= set(told["partly"])
        self.notes = self.notes or tuple(told["notes"])
        self.allowances.ids |= set(told["allowances"])

    @property
    def lines(self) -> tuple[str, ...]:
        """What a person should know of the target: its notes, and that it is a mock server without ``--strict``."""
        return self.notes + self.allowances.notes

    def results(self) -> list[Result]:
        """Return what became of each clause, by their names."""
        found = [
            Result(clause, sentence, tuple(sorted(checks, key=_by_test)))
            for clause, sentence, checks in self._checks.values()
        ]
        return sorted(found, key=lambda result: result.clause.name)

    def unfailing(self) -> Iterator[str]:
        """Yield a line for each clause that is broken, and does not fail the run."""
        for result in self.results():
            broken = result.verdict is Verdict.BROKEN and result.clause.level is not Level.REQUIRED
            if broken or result.verdict is Verdict.EXCUSED:
                yield f"{result.verdict.value} ({result.clause.level.value}) {result.clause.name}: {result.reason}"

    def report(self, status: int) -> Report:
        """Return the report; *status* is what pytest ends with."""
        found = tuple(self.results())
        today = datetime.now(timezone.utc).date()
        names = catalog() if self.known else {}
        stale = tuple(known_differences.stale(self.known, found, self.subject, names, self.partly))
        account = SuiteRun(self.subject, today, found, self.seen, self.known, stale, status, self.lines)
        evidence_of = {result.clause.name: self.evidence(result.clause.name) for result in found}
        if self.subject.real:
            for result in results.with_verdict(found, Verdict.HELD):
                name = result.clause.name
                evidence_of[name] = evidence(name, citations(), self.recorded, held_live=today)
        return Report(_package(), (account,), evidence_of)


def recorded(folders: Iterable[Path]) -> tuple[Recorded, list[str]]:
    """Return what was recorded of each clause in *folders*, and what is wrong with the rest."""
    found: Recorded = {}
    wrong: list[str] = []
    for folder in dict.fromkeys(folders):
        those, faults = evidences.recorded(folder)
        wrong += faults
        for name, provenances in those.items():
            found.setdefault(name, []).extend(provenances)
    return found, wrong


def _package() -> str:
    try:
        return version("tunedmodels")
    except PackageNotFoundError:  # run from its sources
        return ""


def _by_test(check: Check) -> str:
    """Return what orders checks: workers tell of them as they come."""
    return check.test
