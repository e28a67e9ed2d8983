"""Finds models that a client did not delete, and pages that it did not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qs

from ..journal.journal import Entry
from .findings import Finding, Severity, numbers


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
                "Left the next page unread",
                f"The answer to request {entry.number} had a nextPageToken, and nobody asked for that page.",
                "Go on with pageToken until an answer has no nextPageToken, or say in the code why one page is enough.",
                numbers([entry]),
            )


def _page_tokens(entry: Entry) -> list[str]:
    given = parse_qs(entry.query)
    return given.get("pageToken", []) + given.get("page_token", [])


def _leaked_models(entries: Sequence[Entry]) -> Iterator[Finding]:
    kept: dict[str, Entry] = {}
    for entry in entries:
        if entry.method == "tunedModels.create" and entry.status == 200 and entry.model:
            kept[entry.model] = entry
        elif entry.method == "tunedModels.delete" and entry.status == 200:
            kept.pop(entry.model, None)
    if kept:
        names = ", ".join(f"tunedModels/{model}" for model in list(kept)[:5])
        yield Finding(
            "models-leaked",
            Severity.ADVICE,
            "Left models behind",
            f"{len(kept)} of the models that were created were never deleted: {names}{', …' if len(kept) > 5 else ''}.",
            "Delete what a test has created: a project has room for a limited number of tuned models.",
            numbers(list(kept.values())),
        )
