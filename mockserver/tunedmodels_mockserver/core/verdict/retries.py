"""Judges whether a client retries failed calls too soon, too often, in vain or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..clock import Mode
from ..journal.entry import Entry
from .findings import Finding, Severity, entry_numbers, injected_answers_sentence
from .timing import attempts, is_failure, is_same_request, is_transient, wait

_SLACK = 0.05  # seconds of tolerance for clocks and schedulers
_SAME_INTENT_WAIT = 10.0  # seconds; a later request has probably another reason than the failure
_STORM_ATTEMPTS = 6
_STORM_WAIT = 1.0  # seconds between two attempts on average
_CREATE = "tunedModels.create"


def findings(entries: Sequence[Entry], mode: Mode) -> Iterator[Finding]:
    """Yield the findings about retries among *entries*, which must be requests for methods of the API."""
    calls = attempts(entries)
    for call in calls:
        yield from _early_retry_findings(call, mode)
        yield from _retry_storm_findings(call, mode)
        yield from _missing_retry_findings(call, entries)
    yield from _futile_retries(entries, mode)
    yield from _duplicate_create_findings(entries)


def _early_retry_findings(call: Sequence[Entry], mode: Mode) -> Iterator[Finding]:
    for one, other in pairwise(call):
        seconds = wait(one, other, mode)
        if one.retry_delay is not None and seconds < one.retry_delay - _SLACK:
            yield Finding(
                "retry-after-ignored",
                Severity.ERROR,
                "Ignored Retry-After or RetryInfo",
                f"The answer {one.status} to request {one.number} asked for a wait of {one.retry_delay:g} s; request "
                f"{other.number} repeated the call after {seconds:.2f} s.{injected_answers_sentence([one])}",
                "Wait at least as long as the answer says, in Retry-After or in the retryDelay of RetryInfo.",
                entry_numbers([one, other]),
            )


def _retry_storm_findings(call: Sequence[Entry], mode: Mode) -> Iterator[Finding]:
    waits = [wait(one, other, mode) for one, other in pairwise(call)]
    if len(call) >= _STORM_ATTEMPTS and sum(waits) / len(waits) < _STORM_WAIT:
        yield Finding(
            "retry-storm",
            Severity.ERROR,
            "Retry storm",
            f"{call[0].http} {call[0].path} was sent {len(call)} times, with {sum(waits):.1f} s of waiting in all, "
            f"each time after a failure.{injected_answers_sentence(call)}",
            "Double the wait after each failure, add random jitter, and stop after a few attempts.",
            entry_numbers(call),
        )


def _missing_retry_findings(call: Sequence[Entry], entries: Sequence[Entry]) -> Iterator[Finding]:
    request = call[0]
    if len(call) > 1 or request.http != "GET" or request.lost or request.status not in (429, 503):
        return
    if not any(is_same_request(request, other) for other in entries if other.number > request.number):
        yield Finding(
            "gave-up-on-transient",
            Severity.WARNING,
            f"Gave up after one {request.status}",
            f"Request {request.number}, which only reads, was answered with {request.status} and not repeated."
            f"{injected_answers_sentence(call)}",
            "Wait and send it again: a second read does no harm, and such an error is temporary.",
            entry_numbers(call),
        )


def _futile_retries(entries: Sequence[Entry], mode: Mode) -> Iterator[Finding]:
    """Yield a finding for each request that a client repeats at once although the answer cannot change."""
    last: dict[str, Entry] = {}
    streaks: dict[int, list[Entry]] = {}
    for entry in entries:
        before = last.get(entry.caller)
        last[entry.caller] = entry
        if before is None or not is_same_request(before, entry) or not is_failure(before) or is_transient(before):
            continue
        # An aborted change should be retried. After a 401 one retry is right: the client may have renewed its token.
        if before.status == 409 and before.answer_fields.error and "concurrently" in before.answer_fields.error.message:
            continue
        if 0 <= wait(before, entry, mode) < _SAME_INTENT_WAIT:
            streak = streaks.pop(before.number, [before])
            streaks[entry.number] = [*streak, entry]
    for streak in streaks.values():
        if streak[0].status == 401 and len(streak) < 3:
            continue
        yield Finding(
            "retried-in-vain",
            Severity.ERROR,
            f"Retried a {streak[0].status}",
            f"{streak[0].http} {streak[0].path} was answered with {streak[0].status}, and the client repeated it "
            f"{len(streak) - 1} more time{'s' if len(streak) > 2 else ''} at once.{injected_answers_sentence(streak)}",
            "Retry only temporary errors: 408, 429, 500, 502, 503, 504 and lost connections.",
            entry_numbers(streak),
        )


def _duplicate_create_findings(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield a finding for each create that repeats one with a lost answer, and so may start a second run."""
    creates = [entry for entry in entries if entry.method == _CREATE]
    for place, first in enumerate(creates):
        if not (first.lost or first.status == 504):
            continue
        repeats = [
            entry
            for entry in creates[place + 1 :]
            if entry.caller == first.caller and entry.request == first.request and entry.started >= first.ended
        ]
        if repeats and not (_requested_id(first) and _requested_id(first) == _requested_id(repeats[0])):
            is_started = first.status == 200
            yield Finding(
                "training-restarted",
                Severity.ERROR if is_started else Severity.WARNING,
                "Started a training twice",
                f"The answer to the create call {first.number} was lost, and request {repeats[0].number} repeats "
                f"it without the same tunedModelId. {_CONSEQUENCES[is_started]}{injected_answers_sentence([first])}",
                "Send a tunedModelId of your own: then the second call gets a 409 if the first one succeeded.",
                entry_numbers([first, repeats[0]]),
            )


_CONSEQUENCES = {
    True: "The first call had started a run, so there are two now.",
    False: "The client could not know whether the first call had started a run.",
}


def _requested_id(entry: Entry) -> str:
    pairs = (pair.partition("=") for pair in entry.query.split("&"))
    return next((value for name, _, value in pairs if name in ("tunedModelId", "tuned_model_id")), "")
