"""Records which documented outcomes the callers of a server have met."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import msgspec

from ..journal.raw_entry import RawEntry
from .outcomes import OUTCOMES, Outcome


class FirstOccurrence(msgspec.Struct, frozen=True):
    """The first request that met an outcome: its world, and its number in that world's journal."""

    world: str
    number: int


class OutcomeCoverage:
    """The outcomes that the callers of one server have met since its start, also in worlds that no longer exist."""

    def __init__(self) -> None:
        self._met: dict[str, FirstOccurrence] = {}
        self._unmet = OUTCOMES
        self._candidates: dict[tuple[str, int, bool], tuple[Outcome, ...]] = {}  # unmet ones, by kind of request
        self._newest: dict[tuple[str, int, bool], bytes] = {}  # the last answer that was judged, by kind of request
        self._lock = threading.Lock()

    def record(self, world: str, entry: RawEntry, answer: bytes) -> None:
        """Record the outcomes that *entry* meets, with the body *answer*."""
        kind = (entry.method, entry.status, entry.lost)
        if not entry.query and self._newest.get(kind) is answer:
            return  # the same object again meets the same outcomes
        self._newest[kind] = answer
        candidates = self._candidates.get(kind)
        if candidates is None:
            candidates = tuple(item for item in self._unmet if item.can_meet(*kind))
            self._candidates[kind] = candidates
        for outcome in candidates:
            if outcome.is_met(entry, answer):
                self._mark(outcome, FirstOccurrence(world, entry.number))

    def document(self) -> dict[str, Any]:
        """Return the met and unmet outcomes, and the percentage of the met ones, as plain JSON."""
        with self._lock:
            met, unmet = dict(self._met), self._unmet
        return {
            "percent": round(100 * len(met) / len(OUTCOMES), 1),
            "met": [
                {"id": item.id, "title": item.title, "world": met[item.id].world, "number": met[item.id].number}
                for item in OUTCOMES
                if item.id in met
            ],
            "unmet": [
                {
                    "id": item.id,
                    "title": item.title,
                    "how": item.instructions,
                    "arm": [{"path": f"/_emulator/{path}", "body": dict(body)} for path, body in item.arm],
                }
                for item in unmet
            ],
        }

    def _mark(self, outcome: Outcome, first: FirstOccurrence) -> None:
        with self._lock:
            self._met.setdefault(outcome.id, first)
            self._unmet = tuple(item for item in OUTCOMES if item.id not in self._met)
            self._candidates = {}


def text(document: Mapping[str, Any]) -> str:
    """Return *document*, the result of ``OutcomeCoverage.document``, as text."""
    met, unmet = document["met"], document["unmet"]
    lines = [f"{document['percent']} % of the documented outcomes were met: {len(met)} of {len(met) + len(unmet)}."]
    for item in unmet:
        lines += [f"not met: {item['id']}: {item['title']}.", f"  {item['how']}"]
        lines += [f"  POST {arm['path']} {json.dumps(arm['body'])}" for arm in item["arm"]]
    return "\n".join(lines) + "\n"
