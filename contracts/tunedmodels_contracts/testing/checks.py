"""Checks the content of a world at the end of its test: unmet expectations and findings of the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SEVERITIES = ("error", "warning", "advice")  # the worst first
_MAX_LISTED = 5  # sentences or names of one kind in a message


def unmet_expectations(content: Mapping[str, Any], *, leaks: bool = False) -> list[str]:
    """Return a sentence for each problem in *content*, the content of a dropped world.

    Problems are faults that had to fire and did not, calls that no canned rule answered and, if *leaks* is true, models
    that were not deleted. Of each kind the first five are named, and the others are counted.
    """
    problems = [
        *_first_few([_unfired_fault(fault) for fault in content["faults"] if fault["required"] and not fault["fired"]])
    ]
    unmatched = [_unmatched_call(miss) for miss in content["misses"]]
    problems += _first_few(unmatched, content["missed"])
    if leaks and content["models"]:
        problems.append(f"These models were not deleted: {', '.join(_first_few(content['models']))}.")
    return problems


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
    calls = "no call was" if not fault["seen"] else f"{fault['seen']} calls were" if fault["seen"] > 1 else "1 call was"
    return (
        f"The fault {fault['id']} ({fault['effect']}{'; ' if scope else ''}{scope}) never fired: {calls} in its scope. "
        "Make a call in its scope, or arm the fault with required=False."
    )


def _unmatched_call(miss: Mapping[str, Any]) -> str:
    text = f"No canned rule answered {miss['text']!r:.200} ({miss['method']} of {miss['model']})"
    if not miss["nearest"]:
        return f"{text}."
    near = miss["nearest"][0]
    failed = near["failed"][0]
    detail = failed.get("difference") or f"expected {failed['expected']}, got {failed['got']}"
    return f"{text}. The nearest is {near['rule']}; its condition {failed['condition']} does not hold: {detail}"


def _first_few(texts: Sequence[str], count: int | None = None) -> Iterator[str]:
    """Yield the first five of *texts*, and the number of the others. *count* is the number of all texts."""
    yield from texts[:_MAX_LISTED]
    more = (len(texts) if count is None else count) - min(len(texts), _MAX_LISTED)
    if more > 0:
        yield f"and {more} more"
