"""Collects the results of one run of the suite, and makes the report from them at its end."""

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
from ..clauses.results import Check, CheckedServer, Result, Verdict
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
    """The results of the clauses so far.

    ``subject`` is the target of the run, and ``notes`` are its messages. ``known`` are the known differences.
    ``recorded`` has the provenances of the recordings of each clause. ``partly`` names the clauses of which not all
    tests run: the tests that hold prove nothing about the others. ``seen`` is the API coverage of the answers.
    """

    subject: CheckedServer
    known: tuple[KnownDifference, ...] = ()
    recorded: Recorded = field(default_factory=dict)
    partly: set[str] = field(default_factory=set)
    notes: tuple[str, ...] = ()
    seen: ApiCoverage = field(default_factory=ApiCoverage)
    allowances: Allowances = field(default_factory=Allowances)
    _checks: dict[str, tuple[Clause, str, list[Check]]] = field(default_factory=dict)
    _evidence: dict[str, Evidence] = field(default_factory=dict)

    def evidence(self, name: str) -> Evidence:
        """Return the strongest evidence for the clause called *name*."""
        if name not in self._evidence:
            self._evidence[name] = evidence(name, citations(), self.recorded)
        return self._evidence[name]

    def add(self, test: str, told: Mapping[str, object]) -> None:
        """Add the verdict of *test*; *told* has the properties of its report."""
        if told["server"]:
            self.subject = CheckedServer(str(told["target"]), str(told["server"]))
        name = str(told["clause"])
        clause = Clause(name, tuple(str(told["methods"]).split()), str(told["outcome"]), Level(told["level"]))
        _, _, checks = self._checks.setdefault(name, (clause, str(told["sentence"]), []))
        checks.append(Check(test, Verdict(told["verdict"]), str(told["reason"])))

    def as_json(self) -> dict[str, Any]:
        """Return the data that a worker of xdist sends in addition to its reports, as a value for JSON."""
        return {
            "seen": self.seen.as_json(),
            "partly": sorted(self.partly),
            "notes": list(self.notes),
            "allowances": sorted(self.allowances.ids),
        }

    def merge(self, told: Mapping[str, Any]) -> None:
        """Add *told*, the ``as_json`` of a worker."""
        self.seen.merge(ApiCoverage.from_json(told["seen"]))
        self.partly |= set(told["partly"])
        self.notes = self.notes or tuple(told["notes"])
        self.allowances.ids |= set(told["allowances"])

    @property
    def lines(self) -> tuple[str, ...]:
        """The messages about the target: its notes, and a line if it is a mock server without ``--strict``."""
        return self.notes + self.allowances.notes

    def results(self) -> list[Result]:
        """Return the result of each clause, sorted by name."""
        found = [
            Result(clause, sentence, tuple(sorted(checks, key=_by_test)))
            for clause, sentence, checks in self._checks.values()
        ]
        return sorted(found, key=lambda result: result.clause.name)

    def unfailing(self) -> Iterator[str]:
        """Yield a line for each broken clause that does not fail the run."""
        for result in self.results():
            broken = result.verdict is Verdict.BROKEN and result.clause.level is not Level.REQUIRED
            if broken or result.verdict is Verdict.EXCUSED:
                yield f"{result.verdict.value} ({result.clause.level.value}) {result.clause.name}: {result.reason}"

    def report(self, status: int) -> Report:
        """Return the report; *status* is the exit status of pytest."""
        found = tuple(self.results())
        today = datetime.now(timezone.utc).date()
        names = catalog() if self.known else {}
        stale = tuple(known_differences.stale(self.known, found, self.subject, names, self.partly))
        account = SuiteRun(self.subject, today, found, self.seen, self.known, stale, status, self.lines)
        evidence_of = {result.clause.name: self.evidence(result.clause.name) for result in found}
        if self.subject.is_real:
            for result in results.with_verdict(found, Verdict.HELD):
                name = result.clause.name
                evidence_of[name] = evidence(name, citations(), self.recorded, live_date=today)
        return Report(_package(), (account,), evidence_of)


def recorded(folders: Iterable[Path]) -> tuple[Recorded, list[str]]:
    """Return the provenances of each clause's recordings in *folders*, and the problems with invalid recordings."""
    found: Recorded = {}
    wrong: list[str] = []
    for folder in dict.fromkeys(folders):
        those, faults = evidences.recordings_by_clause(folder)
        wrong += faults
        for name, provenances in those.items():
            found.setdefault(name, []).extend(provenances)
    return found, wrong


def _package() -> str:
    try:
        return version("tunedmodels")
    except PackageNotFoundError:  # the package runs from its sources
        return ""


def _by_test(check: Check) -> str:
    """Return the sort key of *check*, because workers report their checks in any order."""
    return check.test
