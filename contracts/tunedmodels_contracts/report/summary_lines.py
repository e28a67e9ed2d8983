"""Writes the summary sentences, which are the first line of a report and the last line of a run."""

from __future__ import annotations

from ..clauses.clause import Level
from ..clauses.results import Verdict
from ..evidence.evidence import Kind
from .report import Report
from .run import SuiteRun

NO_EVIDENCE = "It is inferred or invented: no answer and no document shows what these clauses say."

INVENTED = (
    "The mock server has to answer even if no source shows what the service does. None of these answers was seen from "
    "the real API."
)

_INTERRUPTED = 2  # pytest's exit status after an interruption
_OTHERS = (Level.RECOMMENDED, Level.OPTIONAL)


def last_line(report: Report) -> str:
    """Return a summary of a report with one run, in one line."""
    (run,) = report.runs
    stale = len(run.stale)
    status = f"pytest ended with status {run.status}" if run.status else ""
    stale_differences = f"{_count(stale, 'known difference')} {'are' if stale > 1 else 'is'} stale" if stale else ""
    evidence = evidence_line(report) if report.rows else ""
    return "; ".join(part for part in (f"contracts: {outcome(run)}", evidence, stale_differences, status) if part)


def headline(report: Report) -> str:
    """Return the first line of a report. It says which clauses have evidence and which have none."""
    if not report.runs:
        return "Nothing ran, so nothing is proved."
    runs = "; ".join(outcome(run) for run in report.runs)
    if not report.rows:
        return f"{runs}."
    without = len(report.without_evidence)
    unknown = f" {without} of them {'have' if without > 1 else 'has'} no evidence from the real service."
    unknown = unknown if without else " All of them have evidence."
    return f"{runs}. {_capital(evidence_line(report))}.{unknown}"


def outcome(run: SuiteRun) -> str:
    """Return a phrase with the results of one run."""
    if not run.has_run:
        return f"{run.subject}: nothing ran, so nothing is proved"
    required = sum(result.clause.level is Level.REQUIRED for result in run.results)
    number_held = run.count(Verdict.HELD, Level.REQUIRED)
    parts = [f"{run.subject}: {number_held} of {_count(required, 'required clause')} held"]
    for verdict in Verdict:
        number = run.count(verdict, Level.REQUIRED)
        if number and verdict is not Verdict.HELD:
            parts.append(f"{number} {verdict.value}")
    others = run.count(Verdict.BROKEN, *_OTHERS)
    if others:
        parts.append(f"and {others} broken that {'are' if others > 1 else 'is'} not required")
    if run.status == _INTERRUPTED:
        parts.append("and the run was interrupted before its end")
    return ", ".join(parts)


def evidence_line(report: Report) -> str:
    """Return a phrase that counts the clauses with published evidence, and those verified against the real API."""
    verified = sum(number for kind, number in report.kinds.items() if kind.is_verified)
    published = report.kinds[Kind.PUBLISHED]
    has = "have" if published > 1 else "has"
    of = f"of {_count(len(report.rows), 'clause')}, {published or 'none'} {has} published evidence"
    return f"{of}, {verified or 'none'} {'are' if verified > 1 else 'is'} verified against the real API"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
