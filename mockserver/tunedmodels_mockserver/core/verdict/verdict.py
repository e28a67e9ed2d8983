"""Computes the verdict on a client from the entries of a journal and the mode of the world's clock.

The verdict depends on nothing else. It does not blame the client for an answer from a fault, but for a wrong reaction
to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..clock import Mode
from ..journal.entry import Entry
from . import cleanup, polling, retries
from .findings import Finding, Severity

_ORDER = list(Severity)


def findings(entries: Sequence[Entry], mode: Mode = Mode.REAL) -> list[Finding]:
    """Return the findings about the client that sent *entries*, the worst first.

    *mode* is the mode of the world's clock. With a manual clock, the time by which a test moves it counts as waiting.
    """
    api_entries = [entry for entry in entries if entry.method]
    results = [
        *polling.findings(api_entries, mode),
        *retries.findings(api_entries, mode),
        *cleanup.findings(api_entries),
    ]
    endless = {number for item in results if item.id == "never-stopped" for number in item.requests}
    # A client that polls a missing operation for ever also retries in vain. One finding about it is enough.
    results = [item for item in results if item.id != "retried-in-vain" or not endless.issuperset(item.requests)]
    return sorted(results, key=lambda item: (_ORDER.index(item.severity), item.requests))


def document(entries: Sequence[Entry], mode: Mode, dropped: int = 0) -> dict[str, Any]:
    """Return the verdict as plain JSON. *dropped* is the number of entries that are no longer in the journal.

    ``ok`` is true if there is no error and no warning.
    """
    results = findings(entries, mode)
    severities = [item.severity for item in results]
    api_entries = [entry for entry in entries if entry.method]
    return {
        "ok": all(severity is Severity.ADVICE for severity in severities),
        "requests": len(entries),
        "dropped": dropped,
        "findings": [item.document() for item in results],
        "loops": [loop.document() for loop in polling.polling_loops(api_entries, mode)],
        "faults": [{"request": entry.number, "fault": entry.fault} for entry in entries if entry.fault],
    }


def text(document: Mapping[str, Any]) -> str:
    """Return *document*, the result of the function ``document``, as text."""
    lines = [f"{_count_phrase(document['findings'])} in {document['requests']} requests."]
    if document["dropped"]:
        lines.append(f"{document['dropped']} older requests are no longer in the journal.")
    for item in document["findings"]:
        numbers = ", ".join(map(str, item["requests"][:10])) + (", …" if len(item["requests"]) > 10 else "")
        lines += [
            f"{item['severity']}: {item['title']} [{item['id']}] (requests {numbers})",
            f"  {item['explanation']}",
            f"  {item['advice']}",
        ]
    for loop in document["loops"]:
        if loop["requests_per_day"]:
            lines.append(
                f"loop: {loop['polls']} polls of tunedModels/{loop['model']}, {loop['median_wait']} s apart; its last "
                f"pace is {loop['requests_per_day']:,} requests a day."
            )
    return "\n".join(lines) + "\n"


def _count_phrase(items: Sequence[Mapping[str, Any]]) -> str:
    counts = [(name.value, sum(item["severity"] == name.value for item in items)) for name in Severity]
    plural = {"error": "errors", "warning": "warnings", "advice": "pieces of advice"}
    singular = {"error": "error", "warning": "warning", "advice": "piece of advice"}
    phrases = [f"{count} {(singular if count == 1 else plural)[name]}" for name, count in counts if count]
    return ", ".join(phrases) or "No findings"
