"""Verification: whether a journal has the requests that a test says were made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ..strict_input import BadInput
from . import search
from .journal import Entry
from .search import JournalQuery


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many requests there must be at least and at most."""

    at_least: int | None = None
    at_most: int | None = None


class Claim(JournalQuery, frozen=True, forbid_unknown_fields=True):
    """What a test says was asked: so many requests (one at least), or these one after the other.

    The members of a query say which requests count. In between those of ``in_order`` there may be others.
    """

    count: int | Bounds | None = None
    in_order: tuple[JournalQuery, ...] = ()


def verify(entries: Sequence[Entry], claim: Claim) -> dict[str, Any]:
    """Return whether *entries* bear *claim* out, as plain JSON: ``ok``, a ``message``, the ``requests``, near misses.

    Raises BadInput for a claim that no journal could bear out, or every one.
    """
    for query in (claim, *claim.in_order):
        search.check(query)
    bounds = Bounds(at_least=1) if claim.count is None else claim.count
    if isinstance(bounds, int):
        bounds = Bounds(bounds, bounds)
    least, most = bounds.at_least or 0, bounds.at_most
    if min(least, least if most is None else most) < 0 or (most is not None and most < least):
        raise BadInput(
            f"count must be a number from 0, or at_least and at_most, got {_count_phrase(least, most).lower()}."
        )
    if claim.count is not None and bounds == Bounds():
        raise BadInput("count says nothing: give a number, at_least or at_most.")
    found = search.find(entries, claim)
    if claim.in_order:
        if claim.count is not None:
            raise BadInput("Give count or in_order, not both: in_order has each of its requests once.")
        return _verify_order(found, claim.in_order)
    ok = least <= len(found) and (most is None or len(found) <= most)
    message = f"{_count_phrase(least, most)} of ({search.describe(claim)}): found {len(found)}."
    nearest_entries = [] if ok or len(found) >= least else search.nearest_entries(entries, claim)
    return _result(ok, message, [entry.number for entry in found], nearest_entries)


def _verify_order(entries: Sequence[Entry], steps: Sequence[JournalQuery]) -> dict[str, Any]:
    numbers: list[int] = []
    left = list(entries)
    for place, step in enumerate(steps, start=1):
        matched = next(iter(search.find(left, step)), None)
        if matched is None:
            earlier = f" after request {numbers[-1]}" if numbers else ""
            message = f"in_order: number {place} of {len(steps)} ({search.describe(step)}) was not found{earlier}."
            return _result(False, message, numbers, search.nearest_entries(left, step))
        numbers.append(matched.number)
        left = [entry for entry in left if entry.number > matched.number]
    return _result(True, f"in_order: all {len(steps)} were found.", numbers, [])


def _result(ok: bool, message: str, requests: list[int], near: list[dict[str, Any]]) -> dict[str, Any]:
    return {"ok": ok, "message": message, "requests": requests, "near_misses": near}


def _count_phrase(least: int, most: int | None) -> str:
    if most is None:
        return f"At least {least}"
    return f"Exactly {least}" if least == most else f"From {least} to {most}"
