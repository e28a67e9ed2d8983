"""Checks the content of a world at the end of its test: unmet expectations and findings of the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SEVERITIES = ("error", "warning", "advice")  # the worst first
_MOST = 5  # sentences or names of one kind in a message


def unmet_expectations(left: Mapping[str, Any], *, leaks: bool = False) -> list[str]:
    """Return a sentence for each problem in *left*, the content of a dropped world.

    Problems are faults that had to fire and did not, calls that no canned rule answered and, if *leaks* is true, models
    that were not deleted. Of each kind the first five are named, and the others are counted.
    """
    said = [*_cut([_unfired_fault(fault) for fault in left["faults"] if fault["required"] and not fault["fired"]])]
    missed = [_unmatched_call(miss) for miss in left["misses"]]
    said += _cut(missed, left["missed"])
    if leaks and left["models"]:
        said.append(f"These models were not deleted: {', '.join(_cut(left['models']))}.")
    return said


def findings(verdict: Mapping[str, Any], severity: str) -> list[str]:
    """Return a text for each finding in *verdict* that is at least as severe as *severity*."""
    bad = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return [
        f"{item['severity']}: {item['title']} [{item['id']}]. {item['explanation']} {item['advice']}"
        for item in verdict["findings"]
        if item["severity"] in bad
    ]


def _unfired_fault(fault: Mapping[str, Any]) -> str:
    scope = ", ".join(f"{name} {fault[name]}" for name in ("method", "model", "caller") if fault.get(name))
    met = "no call was" if not fault["seen"] else f"{fault['seen']} calls were" if fault["seen"] > 1 else "1 call was"
    return (
        f"The fault {fault['id']} ({fault['effect']}{'; ' if scope else ''}{scope}) never fired: {met} in its scope. "
        "Call what it is armed for, or arm it with required=False."
    )


def _unmatched_call(miss: Mapping[str, Any]) -> str:
    text = f"No canned rule answered {miss['text']!r:.200} ({miss['method']} of {miss['model']})"
    if not miss["nearest"]:
        return f"{text}."
    near = miss["nearest"][0]
    failed = near["failed"][0]
    told = failed.get("difference") or f"expected {failed['expected']}, got {failed['got']}"
    return f"{text}. The nearest is {near['rule']}, of which {failed['condition']} does not hold: {told}"


def _cut(said: Sequence[str], count: int | None = None) -> Iterator[str]:
    """Yield the first five of *said* and the number of the others. *count* is the number of all; None counts *said*."""
    yield from said[:_MOST]
    more = (len(said) if count is None else count) - min(len(said), _MOST)
    if more > 0:
        yield f"and {more} more"
