"""Renders the report as Markdown, for the job summary of a CI system."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..clauses.results import Verdict
from ..schema.coverage import Share
from .inventions import Invention, group_by_part
from .report import Report, Row
from .run import SuiteRun
from .summary_lines import INVENTED, NO_EVIDENCE, headline

_MAX_NAMES = 20  # names per kind that were not seen; JSON and HTML list all of them


def to_markdown(report: Report) -> str:
    """Return *report* as Markdown. The problems come before the long tables."""
    parts = [f"# Contracts\n\n{_text(headline(report))}\n"]
    parts += [_run_lines(run) for run in report.runs]
    if report.not_held:
        parts.append(_section("Not held", _not_held(report)))
    known = [(one, known) for one in report.runs for known in one.known]
    if known:
        parts.append(_section("Known differences", _known_differences(report)))
    evidence = _table(("evidence", "clauses"), [(kind.value, str(number)) for kind, number in report.kinds.items()])
    parts.append(_section("Evidence", evidence))
    for run, shares in zip(report.runs, report.shares, strict=True):
        parts.append(_section(f"Coverage: {run.subject}", _coverage(run, shares)))
    without = "\n".join(f"- `{row.clause.name}`: {_text(row.sentence)}" for row in report.without_evidence)
    parts.append(
        _section("Without evidence", f"{NO_EVIDENCE}\n\n{without}" if without else "Every clause has evidence.")
    )
    if report.invented:
        parts.append(_section("Invented", f"{INVENTED}\n\n{_invented(report.invented)}"))
    subjects = [str(run.subject) for run in report.runs]
    header = ("clause", "level", "methods", "outcome", "evidence", *subjects)
    parts.append(_section("Clauses", _table(header, [_row(row) for row in report.rows])))
    parts.append(f"tunedmodels {report.package}\n")
    return "\n".join(parts)


def _run_lines(run: SuiteRun) -> str:
    state = "passed" if run.has_passed else "failed"
    outcome = "".join(f"  - {_text(note)}\n" for note in run.notes)
    subject = _text(str(run.subject))
    return f"- {subject} on {run.day.isoformat()}: **{state}**, {run.coverage.answers} answers\n{outcome}"


def _not_held(report: Report) -> str:
    rows = [
        (
            f"`{result.clause.name}`",
            result.clause.level.value,
            str(run.subject),
            result.verdict.value,
            result.reason,
        )
        for run, result in report.not_held
    ]
    return _table(("clause", "level", "target", "verdict", "reason"), rows)


def _known_differences(report: Report) -> str:
    rows = []
    for run in report.runs:
        stale = dict(run.stale)
        for known in run.known:
            excused = stale.get(known, "")
            rows.append((f"`{known.clause}`", str(run.subject), known.reason, known.since, known.issue, excused))
    return _table(("clause", "target", "reason", "since", "issue", "excuses nothing"), rows)


def _coverage(run: SuiteRun, shares: Iterable[Share]) -> str:
    rows = [(share.what, f"{len(share.seen)} of {share.total}", _shorten(share.missing)) for share in shares]
    if run.coverage.unknown:
        rows.append(("not in the schema", str(len(run.coverage.unknown)), _shorten(sorted(run.coverage.unknown))))
    return _table(("what", "seen", "not seen"), rows)


def _invented(inventions: Iterable[Invention]) -> str:
    """List the cases by part. HTML and JSON also have the behavior and the reason."""
    return "\n".join(
        f"- {part}: {'; '.join(one.case for one in cases)}" for part, cases in group_by_part(inventions).items()
    )


def _row(row: Row) -> tuple[str, ...]:
    verdicts = ["" if result is None else _verdict(result.verdict) for result in row.results]
    clause = row.clause
    return (
        f"`{clause.name}`",
        clause.level.value,
        " ".join(clause.methods),
        clause.outcome,
        str(row.evidence),
        *verdicts,
    )


def _verdict(verdict: Verdict) -> str:
    return f"**{verdict.value}**" if verdict is Verdict.BROKEN else verdict.value


def _shorten(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return ", ".join(names[:_MAX_NAMES]) + more


def _section(title: str, body: str) -> str:
    return f"## {_text(title)}\n\n{body}\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_line(header), _line(["---"] * len(header)), *(_line([_cell(cell) for cell in row]) for row in rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Escape *text* for a table cell, because it may come from a server.

    Names in backquotes and bold words are our own.
    """
    if text.startswith(("`", "**")) and text.endswith(("`", "**")):
        return text.replace("|", "\\|").replace("\n", " ")
    return _text(text)


def _text(text: str) -> str:
    for sign in "\\`*_[]<>|#!":
        text = text.replace(sign, f"\\{sign}")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
