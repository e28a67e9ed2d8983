"""The verdict: what a journal says about the client that made its requests.

A pure function of the entries. What a fault injected is never held against the client; what the client made of it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..clock import Mode
from ..journal.journal import Entry
from . import cleanup, polling, retries
from .findings import Finding, Severity

_ORDER = list(Severity)


def findings(entries: Sequence[Entry], mode: Mode = Mode.REAL) -> list[Finding]:
    """Return the findings about a client whose requests were *entries*, the worst first.

    *mode* is that of the world's clock: on a manual one a client waits as long as the clock is moved.
    """
    asked = [entry for entry in entries if entry.method]
    found = [*polling.findings(asked, mode), *retries.findings(asked, mode), *cleanup.findings(asked)]
    endless = {number for item in found if item.id == "never-stopped" for number in item.requests}
    # Who polls for ever what is not there retries in vain, too; once is enough.
    found = [item for item in found if item.id != "retried-in-vain" or not endless.issuperset(item.requests)]
    return sorted(found, key=lambda item: (_ORDER.index(item.severity), item.requests))


def document(entries: Sequence[Entry], mode: Mode, dropped: int = 0) -> dict[str, Any]:
    """Return the verdict as plain JSON; *dropped* entries are no longer in the journal.

    ``ok`` says that there is no error and no warning.
    """
    found = findings(entries, mode)
    severities = [item.severity for item in found]
    asked = [entry for entry in entries if entry.method]
    return {
        "ok": all(severity is Severity.ADVICE for severity in severities),
        "requests": len(entries),
        "dropped": dropped,
        "findings": [item.document() for item in found],
        "loops": [loop.document() for loop in polling.polling_loops(asked, mode)],
        "faults": [{"request": entry.number, "fault": entry.fault} for entry in entries if entry.fault],
    }


def text(document: Mapping[str, Any]) -> str:
    """Return what ``document`` gives as lines to read."""
    lines = [f"{_count_phrase(document['findings'])} in {document['requests']} requests."]
    if document["dropped"]:
        lines.append(f"{document['dropped']} older requests are no longer in the journal.")
    for item in document["findings"]:
        shown = ", ".join(map(str, item["requests"][:10])) + (", …" if len(item["requests"]) > 10 else "")
        lines += [
            f"{item['severity']}: {item['title']} [{item['id']}] (requests {shown})",
            f"  {item['explanation']}",
            f"  {item['advice']}",
        ]
    for loop in document["loops"]:
        if loop["requests_per_day"]:
            lines.append(
                f"loop: {loop['looks']} looks at tunedModels/{loop['model']}, {loop['median_wait']} s apart; at its "
                f"last pace {loop['requests_per_day']:,} requests a day."
            )
    return "\n".join(lines) + "\n"


def _count_phrase(found: Sequence[Mapping[str, Any]]) -> str:
    counts = [(name.value, sum(item["severity"] == name.value for item in found)) for name in Severity]
    plural = {"error": "errors", "warning": "warnings", "advice": "pieces of advice"}
    singular = {"error": "error", "warning": "warning", "advice": "piece of advice"}
    named = [f"{count} {(singular if count == 1 else plural)[name]}" for name, count in counts if count]
    return ", ".join(named) or "No findings"
