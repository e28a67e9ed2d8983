"""Verifies that a journal has the requests that a test claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ..strict_input import BadInput
from . import search
from .entry import Entry
from .search import JournalQuery


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The minimum and the maximum number of requests. None means no limit."""

    at_least: int | None = None
    at_most: int | None = None


class Claim(JournalQuery, frozen=True, forbid_unknown_fields=True):
    """The claim of a test: the number of matching requests (default: at least one), or their order.

    The members of the query select the requests that count. Other requests may come between those of ``in_order``.
    """

    count: int | Bounds | None = None
    in_order: tuple[JournalQuery, ...] = ()


def verify(entries: Sequence[Entry], claim: Claim) -> dict[str, Any]:
    """Return whether *claim* is true for *entries*, as plain JSON.

    ``ok`` is the result, ``message`` a sentence, ``requests`` the numbers of the matching entries, and ``near_misses``
    the entries that nearly match. Raise BadInput for a claim that is true of every journal or of none, and for a claim
    with both ``count`` and ``in_order``.
    """
    for query in (claim, *claim.in_order):
        search.check(query)
    bounds = Bounds(at_least=1) if claim.count is None else claim.count
    if isinstance(bounds, int):
        bounds = Bounds(bounds, bounds)
    minimum, maximum = bounds.at_least or 0, bounds.at_most
    if min(minimum, minimum if maximum is None else maximum) < 0 or (maximum is not None and maximum < minimum):
        raise BadInput(
            f"count must be a number from 0, or at_least and at_most, got {_count_phrase(minimum, maximum).lower()}."
        )
    if claim.count is not None and bounds == Bounds():
        raise BadInput("count has no limit: give a number, at_least or at_most.")
    matches = search.matching_entries(entries, claim)
    if claim.in_order:
        if claim.count is not None:
            raise BadInput("Give count or in_order, not both: in_order has each of its requests once.")
        return _verify_order(matches, claim.in_order)
    ok = minimum <= len(matches) and (maximum is None or len(matches) <= maximum)
    message = f"{_count_phrase(minimum, maximum)} of ({search.describe(claim)}): found {len(matches)}."
    nearest_entries = [] if ok or len(matches) >= minimum else search.nearest_entries(entries, claim)
    return _result(ok, message, [entry.number for entry in matches], nearest_entries)


def _verify_order(entries: Sequence[Entry], steps: Sequence[JournalQuery]) -> dict[str, Any]:
    numbers: list[int] = []
    remaining = list(entries)
    for position, step in enumerate(steps, start=1):
        match = next(iter(search.matching_entries(remaining, step)), None)
        if match is None:
            earlier = f" after request {numbers[-1]}" if numbers else ""
            message = f"in_order: number {position} of {len(steps)} ({search.describe(step)}) was not found{earlier}."
            return _result(False, message, numbers, search.nearest_entries(remaining, step))
        numbers.append(match.number)
        remaining = [entry for entry in remaining if entry.number > match.number]
    return _result(True, f"in_order: all {len(steps)} were found.", numbers, [])


def _result(ok: bool, message: str, requests: list[int], near: list[dict[str, Any]]) -> dict[str, Any]:
    return {"ok": ok, "message": message, "requests": requests, "near_misses": near}


def _count_phrase(minimum: int, maximum: int | None) -> str:
    if maximum is None:
        return f"At least {minimum}"
    return f"Exactly {minimum}" if minimum == maximum else f"From {minimum} to {maximum}"
