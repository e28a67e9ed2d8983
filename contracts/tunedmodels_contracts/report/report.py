"""The content of a report, which has one or more runs side by side and the evidence for each clause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from ..clauses.clause import Clause
from ..clauses.results import Result, Verdict
from ..evidence.evidence import Evidence, Kind, sort_key
from ..schema.coverage import Share, coverage
from . import run as suite_run
from .inventions import Invention, inventions
from .run import SuiteRun

FORMAT = 1


@dataclass(frozen=True)
class Row:
    """A clause with its evidence, and its result in each run; None if the run did not include the clause."""

    clause: Clause
    sentence: str
    evidence: Evidence
    results: tuple[Result | None, ...]


@dataclass(frozen=True)
class Report:
    """The runs, and the evidence for their clauses by name. The numbers are shown per run and never added up.

    *invented* lists the inventions of the mock server in the *package*.
    """

    package: str
    runs: tuple[SuiteRun, ...]
    evidence: Mapping[str, Evidence]
    invented: tuple[Invention, ...] = field(default_factory=inventions)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All clauses of all runs, sorted by name."""
        by_name = [{result.clause.name: result for result in run.results} for run in self.runs]
        first = {name: result for results in reversed(by_name) for name, result in results.items()}
        return tuple(
            Row(
                result.clause,
                result.sentence,
                self.evidence.get(name, Evidence()),
                tuple(results.get(name) for results in by_name),
            )
            for name, result in sorted(first.items())
        )

    @cached_property
    def kinds(self) -> dict[Kind, int]:
        """The number of clauses with evidence of each kind, the strongest kind first."""
        counts = Counter(row.evidence.kind for row in self.rows)
        return {kind: counts[kind] for kind in reversed(Kind)}

    @property
    def without_evidence(self) -> tuple[Row, ...]:
        """The clauses without evidence: no source shows the behavior of the service."""
        return tuple(row for row in self.rows if row.evidence.kind is Kind.NONE)

    @cached_property
    def shares(self) -> tuple[tuple[Share, ...], ...]:
        """The coverage of each run."""
        return tuple(coverage(one.coverage, [result.clause for result in one.results]) for one in self.runs)

    @property
    def not_held(self) -> tuple[tuple[SuiteRun, Result], ...]:
        """All results with another verdict than held."""
        return tuple((one, r) for one in self.runs for r in one.results if r.verdict is not Verdict.HELD)


def merge(reports: Iterable[Report]) -> Report:
    """Return one report of all runs in *reports*, with the strongest evidence that any report has for a clause."""
    reports = list(reports)
    evidence: dict[str, Evidence] = {}
    for report in reports:
        for name, evidence_of_report in report.evidence.items():
            evidence[name] = max(evidence.get(name, Evidence()), evidence_of_report, key=sort_key)
    packages = sorted({report.package for report in reports})
    runs = tuple(one for report in reports for one in report.runs)
    invented = dict.fromkeys(one for report in reports for one in report.invented)
    return Report(", ".join(packages), runs, evidence, tuple(invented))


def to_json(report: Report) -> dict[str, Any]:
    """Return *report* as a value for JSON; ``from_json`` reads it."""
    return {
        "format": FORMAT,
        "tunedmodels": report.package,
        "runs": [suite_run.to_json(one) for one in report.runs],
        "evidence": {
            row.clause.name: {
                "kind": row.evidence.kind.value,
                "date": row.evidence.date,
                "source": row.evidence.source,
            }
            for row in report.rows
        },
        "invented": [asdict(one) for one in report.invented],
    }


def from_json(value: Any) -> Report:
    """Return the report that ``to_json`` wrote. Raises ValueError with an explanation for any other value."""
    if not isinstance(value, dict) or "format" not in value:
        raise ValueError("it is not a report")
    if value["format"] != FORMAT:
        raise ValueError(f"it has format {value['format']!r:.20}, but this release reads {FORMAT}")
    try:
        evidence = {
            name: Evidence(Kind(entry["kind"]), entry["date"], entry["source"])
            for name, entry in value["evidence"].items()
        }
        runs = tuple(suite_run.from_json(run) for run in value["runs"])
        return Report(value["tunedmodels"], runs, evidence, tuple(Invention(**one) for one in value["invented"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"it is not a report of this format ({type(error).__name__}: {error})") from None
