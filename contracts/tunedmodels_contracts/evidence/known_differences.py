"""Reads the file of known differences. It lists the clauses that a server is known to break, each with a reason and a
date.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from ..clauses.results import CheckedServer, Result, Verdict
from ..strict_yaml import reader
from ..strict_yaml.errors import RecordingError
from ..strict_yaml.fields import Fields


class KnownDifferenceError(ValueError):
    """A file of known differences cannot be read. The message says what to correct."""


@dataclass(frozen=True, slots=True)
class KnownDifference:
    """A known difference. *clause* names one clause, or several by ``*``.

    *target* and *server* say where it applies, by kind of target and base URL. Both may contain ``*``, which is their
    default. *since* is a date, such as ``2026-11-22``; *issue* is a URL or empty.
    """

    clause: str
    reason: str
    since: str
    issue: str = ""
    target: str = "*"
    server: str = "*"

    def covers(self, clause: str, subject: CheckedServer) -> bool:
        """Return whether the difference applies to *clause* on *subject*."""
        return (
            fnmatchcase(clause, self.clause)
            and fnmatchcase(subject.kind, self.target)
            and fnmatchcase(subject.server, self.server)
        )

    def __str__(self) -> str:
        """Return the difference as one line."""
        issue = f" ({self.issue})" if self.issue else ""
        return f"{self.clause}: {self.reason}, since {self.since}{issue}"


def load(path: Path | str) -> tuple[KnownDifference, ...]:
    """Return the known differences in the file at *path*. Raises KnownDifferenceError if it cannot be read or
    is invalid.
    """
    path = Path(path)
    try:
        top = Fields(reader.read(path.read_text(encoding="utf-8"), path.name), path.name)
        entries = top.take("known-differences", list)
        top.refuse_rest()
        known = tuple(_entry(Fields(entry, path.name, f"known-differences.{n}")) for n, entry in enumerate(entries, 1))
    except OSError as error:
        raise KnownDifferenceError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise KnownDifferenceError(f"{path.name}: the file is not UTF-8") from None
    except RecordingError as error:
        raise KnownDifferenceError(
            f"{error.file}: {error.field} {error.problem}; a known difference is {_FORM}"
        ) from None
    return known


_FORM = "clause, reason and since ('2026-11-22'), and optionally issue, target and server; quote its texts"


def _entry(fields: Fields) -> KnownDifference:
    known = KnownDifference(
        clause=fields.take("clause", str),
        reason=fields.take("reason", str),
        since=fields.take("since", str),
        issue=fields.take("issue", str, ""),
        target=fields.take("target", str, "*"),
        server=fields.take("server", str, "*"),
    )
    fields.refuse_rest()
    if not known.clause.strip("*/ "):
        raise fields.error("clause", "names every clause", "")
    if not known.reason.strip():
        raise fields.error("reason", "is empty", "")
    try:
        date.fromisoformat(known.since)
    except ValueError:
        raise fields.error("since", f"is {known.since!r:.40}, which is not a date", "") from None
    if known.issue and not known.issue.startswith(("http://", "https://")):
        raise fields.error("issue", "is not an http or https URL", "")
    return known


def stale(
    entries: Iterable[KnownDifference],
    results: Iterable[Result],
    subject: CheckedServer,
    names: Collection[str],
    partial_clauses: Collection[str] = (),
) -> list[tuple[KnownDifference, str]]:
    """Return the entries that excuse nothing, each with the reason.

    *names* are the names of all clauses. *partial_clauses* names those of which some tests did not run, or is ``*``. An
    entry is not stale if one of its clauses did not run as a whole, or if it is about another target.
    """
    results = list(results)
    run_names = {result.clause.name for result in results}
    stale_entries: list[tuple[KnownDifference, str]] = []
    for entry in entries:
        covered = {name for name in {*names, *run_names} if fnmatchcase(name, entry.clause)}
        if not covered:
            stale_entries.append((entry, "there is no such clause"))
            continue
        if "*" in partial_clauses or not covered <= run_names or covered & {*partial_clauses}:
            continue
        checks = [check for result in results if entry.covers(result.clause.name, subject) for check in result.checks]
        if checks and all(check.verdict is Verdict.HELD for check in checks):
            reason = f"{len(covered)} clauses hold" if len(covered) > 1 else "the clause holds"
            stale_entries.append((entry, f"{reason}: remove the entry"))
    return stale_entries
