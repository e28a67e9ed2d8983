"""Finds models that a client did not delete, and pages that it did not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qs

from ..journal.entry import Entry
from .findings import Finding, Severity, entry_numbers


def findings(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield a finding for each page that no request reads, and one for all models that no request deletes."""
    yield from _unread_pages(entries)
    yield from _leaked_models(entries)


def _unread_pages(entries: Sequence[Entry]) -> Iterator[Finding]:
    for place, entry in enumerate(entries):
        token = entry.answer_fields.next_page_token
        if entry.status != 200 or not entry.method.endswith(".list") or not token:
            continue
        later = (other for other in entries[place + 1 :] if other.path == entry.path)
        if not any(token in _page_tokens(other) for other in later):
            yield Finding(
                "page-unread",
                Severity.ADVICE,
                "Did not read the next page",
                f"The answer to request {entry.number} had a nextPageToken, and no request asked for that page.",
                "Continue with pageToken until an answer has no nextPageToken, or add a comment that explains why one "
                "page is enough.",
                entry_numbers([entry]),
            )


def _page_tokens(entry: Entry) -> list[str]:
    parameters = parse_qs(entry.query)
    return parameters.get("pageToken", []) + parameters.get("page_token", [])


def _leaked_models(entries: Sequence[Entry]) -> Iterator[Finding]:
    undeleted: dict[str, Entry] = {}
    for entry in entries:
        if entry.method == "tunedModels.create" and entry.status == 200 and entry.model:
            undeleted[entry.model] = entry
        elif entry.method == "tunedModels.delete" and entry.status == 200:
            undeleted.pop(entry.model, None)
    if undeleted:
        names = ", ".join(f"tunedModels/{model}" for model in list(undeleted)[:5])
        more = ", …" if len(undeleted) > 5 else ""
        yield Finding(
            "models-leaked",
            Severity.ADVICE,
            "Did not delete models",
            f"The client created {len(undeleted)} models that it did not delete: {names}{more}."
            if len(undeleted) > 1
            else f"The client created a model that it did not delete: {names}.",
            "Delete the models that a test creates: the number of tuned models of a project is limited.",
            entry_numbers(list(undeleted.values())),
        )
