"""The report in Markdown, for the summary of a continuous integration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..clauses.results import Verdict
from ..schema.coverage import Share
from .inventions import Invention, by_part
from .report import Report, Row
from .run import Account
from .summary_lines import BARE, INVENTED, headline

_LISTED = 20  # names of one kind that were not seen; JSON and HTML have all


def as_markdown(report: Report) -> str:
    """Return *report* as Markdown, with what is not as it should be before the long tables."""
    parts = [f"# Contracts\n\n{_text(headline(report))}\n"]
    parts += [_run(account) for account in report.accounts]
    if report.not_held:
        parts.append(_section("Not held", _not_held(report)))
    known = [(one, known) for one in report.accounts for known in one.known]
    if known:
        parts.append(_section("Known differences", _known(report)))
    evidence = _table(("evidence", "clauses"), [(kind.value, str(number)) for kind, number in report.kinds.items()])
    parts.append(_section("Evidence", evidence))
    for account, shares in zip(report.accounts, report.shares, strict=True):
        parts.append(_section(f"Coverage: {account.subject}", _coverage(account, shares)))
    bare = "\n".join(f"- `{row.clause.name}`: {_text(row.sentence)}" for row in report.bare)
    parts.append(_section("Without evidence", f"{BARE}\n\n{bare}" if bare else "Every clause has some."))
    if report.invented:
        parts.append(_section("Invented", f"{INVENTED}\n\n{_invented(report.invented)}"))
    subjects = [str(account.subject) for account in report.accounts]
    header = ("clause", "level", "methods", "outcome", "evidence", *subjects)
    parts.append(_section("Clauses", _table(header, [_row(row) for row in report.rows])))
    parts.append(f"tunedmodels {report.package}\n")
    return "\n".join(parts)


def _run(account: Account) -> str:
    state = "passed" if account.passed else "failed"
    told = "".join(f"  - {_text(note)}\n" for note in account.notes)
    subject = _text(str(account.subject))
    return f"- {subject} on {account.day.isoformat()}: **{state}**, {account.seen.answers} answers\n{told}"


def _not_held(report: Report) -> str:
    rows = [
        (
            f"`{result.clause.name}`",
            result.clause.level.value,
            str(account.subject),
            result.verdict.value,
            result.reason,
        )
        for account, result in report.not_held
    ]
    return _table(("clause", "level", "target", "verdict", "reason"), rows)


def _known(report: Report) -> str:
    rows = []
    for account in report.accounts:
        stale = dict(account.stale)
        for known in account.known:
            excused = stale.get(known, "")
            rows.append((f"`{known.clause}`", str(account.subject), known.reason, known.since, known.issue, excused))
    return _table(("clause", "target", "reason", "since", "issue", "excuses nothing"), rows)


def _coverage(account: Account, shares: Iterable[Share]) -> str:
    rows = [(share.what, f"{len(share.seen)} of {share.whole}", _some(share.missing)) for share in shares]
    if account.seen.unknown:
        rows.append(("unknown to the facts", str(len(account.seen.unknown)), _some(sorted(account.seen.unknown))))
    return _table(("what", "seen", "not seen"), rows)


def _invented(inventions: Iterable[Invention]) -> str:
    """List the cases by their parts; HTML and JSON have what is done there, and why."""
    return "\n".join(f"- {part}: {'; '.join(one.case for one in cases)}" for part, cases in by_part(inventions).items())


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


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _section(title: str, body: str) -> str:
    return f"## {_text(title)}\n\n{body}\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_line(header), _line(["---"] * len(header)), *(_line([_cell(cell) for cell in row]) for row in rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Keep a cell in its cell, whatever a server has said; names in backquotes and bold words are our own."""
    if text.startswith(("`", "**")) and text.endswith(("`", "**")):
        return text.replace("|", "\\|").replace("\n", " ")
    return _text(text)


def _text(text: str) -> str:
    for sign in "\\`*_[]<>|#!":
        text = text.replace(sign, f"\\{sign}")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
