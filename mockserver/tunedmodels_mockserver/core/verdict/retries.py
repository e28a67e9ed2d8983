"""Judges whether a client retries failed calls too soon, too often, in vain or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..clock import Mode
from ..journal.journal import Entry
from .findings import Finding, Severity, blame, numbers
from .timing import attempts, is_failure, is_same_request, is_transient, wait

_SLACK = 0.05  # seconds of tolerance for clocks and schedulers
_SOON = 10.0  # seconds; a later request has probably another reason than the failure
_STORM = 6  # attempts
_STORM_WAIT = 1.0  # seconds between two attempts on average
_CREATE = "tunedModels.create"


def findings(entries: Sequence[Entry], mode: Mode) -> Iterator[Finding]:
    """Yield the findings about retries among *entries*, which must be requests for methods of the API."""
    calls = attempts(entries)
    for call in calls:
        yield from _too_soon(call, mode)
        yield from _storm(call, mode)
        yield from _gave_up(call, entries)
    yield from _futile_retries(entries, mode)
    yield from _restarts(entries)


def _too_soon(call: Sequence[Entry], mode: Mode) -> Iterator[Finding]:
    for one, other in pairwise(call):
        waited = wait(one, other, mode)
        if one.retry_delay is not None and waited < one.retry_delay - _SLACK:
            yield Finding(
                "retry-after-ignored",
                Severity.ERROR,
                "Ignored Retry-After or RetryInfo",
                f"The answer {one.status} to request {one.number} asked for a wait of {one.retry_delay:g} s; request "
                f"{other.number} made the call again after {waited:.2f} s.{blame([one])}",
                "Wait at least as long as the answer says, by Retry-After or by retryDelay of its RetryInfo.",
                numbers([one, other]),
            )


def _storm(call: Sequence[Entry], mode: Mode) -> Iterator[Finding]:
    waits = [wait(one, other, mode) for one, other in pairwise(call)]
    if len(call) >= _STORM and sum(waits) / len(waits) < _STORM_WAIT:
        yield Finding(
            "retry-storm",
            Severity.ERROR,
            "Retry storm",
            f"{call[0].http} {call[0].path} was asked {len(call)} times within {sum(waits):.1f} s of waiting, each "
            f"time after a failure.{blame(call)}",
            "Double the wait after each failure, add some chance to it, and stop after a few attempts.",
            numbers(call),
        )


def _gave_up(call: Sequence[Entry], entries: Sequence[Entry]) -> Iterator[Finding]:
    only = call[0]
    if len(call) > 1 or only.http != "GET" or only.lost or only.status not in (429, 503):
        return
    if not any(is_same_request(only, other) for other in entries if other.number > only.number):
        yield Finding(
            "gave-up-on-transient",
            Severity.WARNING,
            f"Gave up after one {only.status}",
            f"Request {only.number}, which only reads, was answered with {only.status} and never made again."
            f"{blame(call)}",
            "Ask again after a wait: reading twice does no harm, and such an answer passes.",
            numbers(call),
        )


def _futile_retries(entries: Sequence[Entry], mode: Mode) -> Iterator[Finding]:
    """Yield a finding for each request that a client repeats at once although the answer cannot change."""
    last: dict[str, Entry] = {}
    rows: dict[int, list[Entry]] = {}
    for entry in entries:
        before = last.get(entry.caller)
        last[entry.caller] = entry
        if before is None or not is_same_request(before, entry) or not is_failure(before) or is_transient(before):
            continue
        # An aborted change should be retried. After a 401 one retry is right: the client may have renewed its token.
        if before.status == 409 and before.answer_fields.error and "concurrently" in before.answer_fields.error.message:
            continue
        if 0 <= wait(before, entry, mode) < _SOON:
            row = rows.pop(before.number, [before])
            rows[entry.number] = [*row, entry]
    for row in rows.values():
        if row[0].status == 401 and len(row) < 3:
            continue
        yield Finding(
            "retried-in-vain",
            Severity.ERROR,
            f"Retried a {row[0].status}",
            f"{row[0].http} {row[0].path} was answered with {row[0].status}, and the same was asked {len(row) - 1} "
            f"more time{'s' if len(row) > 2 else ''} at once.{blame(row)}",
            "Retry only what may pass: 408, 429, 500, 502, 503, 504 and lost connections.",
            numbers(row),
        )


def _restarts(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield a finding for each create that repeats one with a lost answer, and so may start a second run."""
    creates = [entry for entry in entries if entry.method == _CREATE]
    for place, first in enumerate(creates):
        if not (first.lost or first.status == 504):
            continue
        again = [
            entry
            for entry in creates[place + 1 :]
            if entry.caller == first.caller and entry.request == first.request and entry.started >= first.ended
        ]
        if again and not (_requested_id(first) and _requested_id(first) == _requested_id(again[0])):
            committed = first.status == 200
            yield Finding(
                "training-restarted",
                Severity.ERROR if committed else Severity.WARNING,
                "Started a training twice",
                f"The answer to the create call {first.number} was lost, and request {again[0].number} creates the "
                f"same again without the same tunedModelId. {_CONSEQUENCES[committed]}{blame([first])}",
                "Send a tunedModelId of your own: then the second call gets a 409 where the first one worked.",
                numbers([first, again[0]]),
            )


_CONSEQUENCES = {
    True: "The first had started a run: there are two now.",
    False: "The client could not know whether the first had started a run.",
}


def _requested_id(entry: Entry) -> str:
    pairs = (pair.partition("=") for pair in entry.query.split("&"))
    return next((value for name, _, value in pairs if name in ("tunedModelId", "tuned_model_id")), "")
