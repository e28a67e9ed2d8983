"""Unfinished: what a test has left in its world that it should not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SEVERITIES = ("error", "warning", "advice")  # the worst first
_MOST = 5  # of a kind that are told


def unmet_expectations(left: Mapping[str, Any], *, leaks: bool = False) -> list[str]:
    """Return what is wrong with what a dropped world had in it, *left*, a sentence each.

    Those are faults that had to fire and did not, calls that no canned rule answered, and with *leaks* models.
    """
    said = [*_cut([_unfired_fault(fault) for fault in left["faults"] if fault["required"] and not fault["fired"]])]
    missed = [_unmatched_call(miss) for miss in left["misses"]]
    said += _cut(missed, left["missed"])
    if leaks and left["models"]:
        said.append(f"These models were not deleted: {', '.join(_cut(left['models']))}.")
    return said


def findings(verdict: Mapping[str, Any], severity: str) -> list[str]:
    """Return the findings of a *verdict* that are as bad as *severity* or worse, a sentence or two each."""
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
    """Yield the first of *said*, and how many more there are of *count* in all."""
    yield from said[:_MOST]
    more = (len(said) if count is None else count) - min(len(said), _MOST)
    if more > 0:
        yield f"and {more} more"
