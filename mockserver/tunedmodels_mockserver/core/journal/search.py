"""Searches the journal, and explains why other entries do not match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from ..method_ids import STANDS_FOR, check_method
from ..strict_input import BadInput
from .entry import Entry

_GLOBS = ("method", "path", "model", "operation", "caller", "fault")
_NEAREST = 3


class JournalQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The conditions for an entry. An entry must meet all of them that are not None.

    ``method`` (an id such as ``tunedModels.create``), ``path``, ``model``, ``operation``, ``caller`` and ``fault`` are
    glob patterns with ``*`` and ``?``; ``fault`` matches the id or the effect. ``http`` is GET or another verb.
    ``status`` is a status, or a class such as 4xx. Only entries with a number above ``since`` match. ``text`` must be
    in the path, the query or a body.
    """

    method: str | None = None
    http: str | None = None
    path: str | None = None
    status: int | str | None = None
    model: str | None = None
    operation: str | None = None
    caller: str | None = None
    fault: str | None = None
    since: int | None = None
    text: str | None = None


def check(query: JournalQuery) -> JournalQuery:
    """Return *query*. Raise BadInput for an invalid status, and for a method pattern that matches no method."""
    if query.method is not None:
        try:
            check_method(query.method, "", *STANDS_FOR)  # an entry without a route has an empty method
        except ValueError as error:
            raise BadInput(f"{error}.") from None
    status = str(query.status)
    if query.status is not None and not (
        len(status) == 3 and status[0] in "12345" and (status[1:] == "xx" or status.isdecimal())
    ):
        raise BadInput(f"status must be such as 404 or 4xx, got {query.status!r}.")
    return query


def matching_entries(entries: Iterable[Entry], query: JournalQuery) -> list[Entry]:
    """Return the *entries* that match *query*."""
    return [entry for entry in entries if next(differences(entry, query), None) is None]


def differences(entry: Entry, query: JournalQuery) -> Iterator[str]:
    """Yield a phrase for each condition of *query* that *entry* does not meet."""
    for name in _GLOBS:
        pattern = getattr(query, name)
        if pattern is not None and not any(fnmatchcase(value, pattern) for value in _values(entry, name)):
            yield f"{name} is {getattr(entry, name) or 'none'}, not {pattern}"
    if query.http is not None and entry.http != query.http.upper():
        yield f"http is {entry.http}, not {query.http.upper()}"
    if query.status is not None and not _has_status(entry.status, str(query.status)):
        yield f"status is {entry.status}, not {query.status}"
    if query.since is not None and entry.number <= query.since:
        yield f"number is {entry.number}, not after {query.since}"
    if query.text is not None and not _contains(entry, query.text):
        yield f"{query.text!r} is not in the path, the query or a body"


def nearest_entries(entries: Iterable[Entry], query: JournalQuery) -> list[dict[str, Any]]:
    """Return at most three *entries* that do not match *query*, the nearest first, with the differences."""
    candidates = [(entry, list(differences(entry, query))) for entry in entries]
    mismatches = [(entry, reasons) for entry, reasons in candidates if reasons]
    mismatches.sort(key=lambda row: (len(row[1]), -_similarity(row[0], query), -row[0].number))
    return [
        {"number": entry.number, "request": entry.request_line, "status": entry.status, "differences": reasons}
        for entry, reasons in mismatches[:_NEAREST]
    ]


def describe(query: JournalQuery) -> str:
    """Return the conditions of *query* as a phrase, such as ``method tunedModels.get, status 200``."""
    parts = {name: getattr(query, name) for name in JournalQuery.__struct_fields__}
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None) or "any request"


def _values(entry: Entry, name: str) -> tuple[str, ...]:
    value: str = getattr(entry, name)
    return (value, *value.split(" ", 1)) if name == "fault" and value else (value,)


def _has_status(status: int, expected: str) -> bool:
    return str(status)[0] == expected[0] if expected.endswith("xx") else str(status) == expected


def _contains(entry: Entry, text: str) -> bool:
    data = text.encode("utf-8", "surrogatepass")
    return text in entry.path or text in entry.query or data in entry.request.data or data in entry.answer.data


def _similarity(entry: Entry, query: JournalQuery) -> float:
    pairs = [(getattr(entry, name), getattr(query, name)) for name in _GLOBS if getattr(query, name) is not None]
    return sum(SequenceMatcher(None, value[:200], pattern[:200]).ratio() for value, pattern in pairs)
