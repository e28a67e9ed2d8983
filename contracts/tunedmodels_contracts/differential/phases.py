"""Phases: whether a look at a run is one before its end or after it, so that looks at two servers can be paired.

Two servers whose clocks go by themselves need not end a run at the same look. A run ends once: what follows the first
look that shows its end is after it, whatever it shows, so that an end that goes back is still compared with an end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

Phase = Literal["", "running", "ended"]

_CREATING = ("CREATING", "1")
_ENDED = ("ACTIVE", "FAILED", "2", "3")


def phase_of(value: Mapping[str, Any]) -> Phase:
    """Return the phase of the run that *value* shows, an operation or a tuned model; nothing where it shows none."""
    if isinstance(value.get("metadata"), Mapping):
        return "ended" if value.get("done") else "running"
    state = str(value.get("state", ""))
    return "running" if state in _CREATING else "ended" if state in _ENDED else ""


def align(
    first: Sequence[tuple[str, Any]], second: Sequence[tuple[str, Any]]
) -> tuple[list[tuple[str, Phase]], list[tuple[str, Phase]]]:
    """Return by what the requests of two servers are to be paired: each with the phase in which its answer came.

    *first* and *second* have requests and the bodies of their answers. Where one server alone shows a phase of
    something, its phases are left out: that one never ends, or has ended at once, is a difference.
    """
    ours, theirs = list(_phases(first)), list(_phases(second))
    seen = _phases_by_name(first, ours), _phases_by_name(second, theirs)
    both = {name for name in seen[0] if seen[0][name] == seen[1].get(name)}
    return _keys(first, ours, both), _keys(second, theirs, both)


def _phases(asked: Sequence[tuple[str, Any]]) -> Iterator[Phase]:
    ended: set[str] = set()
    for request, body in asked:
        looks = request.startswith("GET ") and isinstance(body, Mapping)
        phase = phase_of(body) if looks else ""
        if phase == "ended":
            ended.add(_name(request))
        yield "ended" if phase and _name(request) in ended else phase


def _phases_by_name(asked: Sequence[tuple[str, Any]], phases: Sequence[Phase]) -> dict[str, set[Phase]]:
    seen: dict[str, set[Phase]] = defaultdict(set)
    for (request, _), phase in zip(asked, phases, strict=True):
        seen[_name(request)].add(phase)
    return seen


def _keys(asked: Sequence[tuple[str, Any]], phases: Sequence[Phase], used: set[str]) -> list[tuple[str, Phase]]:
    return [
        (request, phase if _name(request) in used else "") for (request, _), phase in zip(asked, phases, strict=True)
    ]


def _name(request: str) -> str:
    """Return what *request* is about, by whichever version it asks."""
    return request.partition("?")[0].partition("/")[2].partition("/")[2]
