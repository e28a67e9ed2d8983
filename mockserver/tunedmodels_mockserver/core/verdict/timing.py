"""Measures the time between two requests, and groups requests into calls with their retries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...wire.units import SECOND
from ..clock import Mode
from ..journal.entry import Entry

RETRYABLE = frozenset({408, 429, 499, 500, 502, 503, 504})


def wait(earlier: Entry, later: Entry, mode: Mode) -> float:
    """Return the seconds from the end of *earlier* to the start of *later*, negative if they overlap.

    The machine's time counts. A test with a manual clock waits by moving that clock, so the clock's span counts if it
    is longer.
    """
    real = (later.started - earlier.ended) / SECOND
    if mode is Mode.MANUAL and real >= 0 and earlier.at is not None and later.at is not None:
        return max(real, (later.at - earlier.at) / SECOND)
    return real


def is_same_request(one: Entry, other: Entry) -> bool:
    """Whether two requests are equal, and from the same caller."""
    return _request_key(one) == _request_key(other)


def is_failure(entry: Entry) -> bool:
    """Whether the caller got an error, or no whole answer."""
    return entry.lost or entry.status >= 400


def is_transient(entry: Entry) -> bool:
    """Whether the same call can succeed later."""
    return entry.lost or entry.status in RETRYABLE


def attempts(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Return the calls among *entries*, each as a list of its attempts.

    A request is a retry of an earlier equal request if that one had failed, and had ended before.
    """
    calls: list[list[Entry]] = []
    latest: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        call = latest.get(_request_key(entry))
        if call and is_failure(call[-1]) and call[-1].ended <= entry.started:
            call.append(entry)
        else:
            call = latest[_request_key(entry)] = [entry]
            calls.append(call)
    return calls


def median(values: Sequence[float]) -> float:
    """Return the middle one of *values*, or the upper of the two in the middle. *values* must not be empty."""
    return sorted(values)[len(values) // 2]


def _request_key(entry: Entry) -> tuple[object, ...]:
    return entry.http, entry.path, entry.query, entry.request, entry.caller
