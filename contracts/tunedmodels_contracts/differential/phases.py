"""Assigns each poll of a run to a phase, before or after its end, to pair the polls of two servers.

If the clocks of two servers move by themselves, a run need not end at the same poll. A run ends once: all polls after
the first one that shows the end belong to the phase ``ended``, whatever they show. A run that leaves its end again is
therefore still compared with an ended run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

Phase = Literal["", "running", "ended"]

_CREATING = ("CREATING", "1")
_ENDED = ("ACTIVE", "FAILED", "2", "3")


def phase_of(value: Mapping[str, Any]) -> Phase:
    """Return the phase of the operation or tuned model in *value*, or an empty text if it shows no run."""
    if isinstance(value.get("metadata"), Mapping):
        return "ended" if value.get("done") else "running"
    state = str(value.get("state", ""))
    return "running" if state in _CREATING else "ended" if state in _ENDED else ""


def align(
    first: Sequence[tuple[str, Any]], second: Sequence[tuple[str, Any]]
) -> tuple[list[tuple[str, Phase]], list[tuple[str, Phase]]]:
    """Return the keys for pairing the requests of two servers: each request with the phase in its answer.

    *first* and *second* contain requests and the bodies of their answers. If only one server shows a phase of a run,
    the keys leave out the phases of that run: a run that never ends, or ends at once, is a difference.
    """
    ours, theirs = list(_phases(first)), list(_phases(second))
    phases_by_name = _phases_by_name(first, ours), _phases_by_name(second, theirs)
    both = {name for name in phases_by_name[0] if phases_by_name[0][name] == phases_by_name[1].get(name)}
    return _keys(first, ours, both), _keys(second, theirs, both)


def _phases(requests: Sequence[tuple[str, Any]]) -> Iterator[Phase]:
    ended_names: set[str] = set()
    for request, body in requests:
        is_poll = request.startswith("GET ") and isinstance(body, Mapping)
        phase = phase_of(body) if is_poll else ""
        if phase == "ended":
            ended_names.add(_name(request))
        yield "ended" if phase and _name(request) in ended_names else phase


def _phases_by_name(requests: Sequence[tuple[str, Any]], phases: Sequence[Phase]) -> dict[str, set[Phase]]:
    phases_of: dict[str, set[Phase]] = defaultdict(set)
    for (request, _), phase in zip(requests, phases, strict=True):
        phases_of[_name(request)].add(phase)
    return phases_of


def _keys(requests: Sequence[tuple[str, Any]], phases: Sequence[Phase], names: set[str]) -> list[tuple[str, Phase]]:
    return [
        (request, phase if _name(request) in names else "")
        for (request, _), phase in zip(requests, phases, strict=True)
    ]


def _name(request: str) -> str:
    """Return the path of *request* without its version."""
    return request.partition("?")[0].partition("/")[2].partition("/")[2]
