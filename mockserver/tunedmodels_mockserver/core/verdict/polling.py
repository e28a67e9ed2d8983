"""Judges how a client waits for the end of a tuning run. A *poll* reads the operation or the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import groupby
from typing import Any

import msgspec

from ..clock import Mode
from ..journal.entry import Entry
from .findings import Finding, Severity, entry_numbers, injected_answers_sentence
from .timing import median, wait

DAY = 86_400
_TOO_FAST = 0.2  # seconds between two polls: five polls a second
_MIN_FAST_POLLS = 5  # this many such fast polls in a row are not an accident
_LONG_LOOP = 20  # polls after which the waits of a loop should have grown
_LONG_WAIT = 10.0  # seconds between two polls; a wait this long does not have to grow
_AFTER_DONE = 3
_MAX_FUTILE_POLLS = 5  # this many polls that cannot show anything new mean that the loop does not stop
_GET_OPERATION = "tunedModels.operations.get"
_GENERATE = ("generateContent", "streamGenerateContent", "generateText")
_ACTIVE, _FAILED = ("ACTIVE", 2), ("FAILED", 3)
_CANCELLED = 1


class PollResult(Enum):
    """The result of a poll."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOTHING = "nothing"  # the run does not exist, or the caller may not see it
    TROUBLE = "trouble"  # the answer contains nothing about the run


class PollingLoop(msgspec.Struct, frozen=True):
    """The polls of one run by one caller, in order. *mode* is the mode of the world's clock."""

    model: str
    polls: tuple[Entry, ...]
    mode: Mode

    @property
    def waits(self) -> list[float]:
        """The seconds from each poll of a running run to the next poll."""
        pairs = zip(self.polls, self.polls[1:], strict=False)
        gaps = (wait(one, other, self.mode) for one, other in pairs if poll_result(one) is PollResult.RUNNING)
        return [gap for gap in gaps if gap >= 0]

    @property
    def per_day(self) -> int | None:
        """The number of requests in a day at the pace of the last five waits, or None if there are no waits."""
        waits = self.waits[-5:]
        return round(DAY / max(median(waits), 0.001)) if waits else None

    def document(self) -> dict[str, Any]:
        """Return the loop as plain JSON."""
        waits = self.waits
        return {
            "model": self.model,
            "polls": len(self.polls),
            "median_wait": round(median(waits), 3) if waits else None,
            "requests_per_day": self.per_day,
        }


def poll_result(entry: Entry) -> PollResult:
    """Return the result of a poll."""
    fields = entry.answer_fields
    if entry.status in (400, 403, 404) and not entry.lost:
        return PollResult.NOTHING
    if entry.status != 200 or entry.lost:
        return PollResult.TROUBLE
    if entry.method == _GET_OPERATION:
        if not fields.done:
            return PollResult.RUNNING
        if fields.error is None:
            return PollResult.DONE
        return PollResult.CANCELLED if fields.error.code == _CANCELLED else PollResult.FAILED
    if fields.state in _FAILED:
        return PollResult.FAILED
    return PollResult.DONE if fields.state in _ACTIVE else PollResult.RUNNING


def polling_loops(entries: Iterable[Entry], mode: Mode) -> list[PollingLoop]:
    """Return the loops among *entries*.

    They have all polls of operations, and the polls of models up to the first that shows the end of the run.
    """
    polls: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if not entry.model or entry.http != "GET":
            continue
        of_model = entry.method == "tunedModels.get" and poll_result(entry) in (
            PollResult.RUNNING,
            PollResult.FAILED,
            PollResult.DONE,
        )
        earlier = polls.get((entry.model, entry.caller), [])
        if entry.method == _GET_OPERATION or (
            of_model and (poll_result(entry) is PollResult.RUNNING or _is_waiting(earlier))
        ):
            polls.setdefault((entry.model, entry.caller), []).append(entry)
    return [PollingLoop(model, tuple(entries), mode) for (model, _), entries in polls.items()]


def findings(entries: Sequence[Entry], mode: Mode) -> Iterator[Finding]:
    """Yield the findings about the loops among *entries*."""
    for loop in polling_loops(entries, mode):
        yield from _interval_findings(loop)
        yield from _end_findings(loop)
        yield from _single_poll_findings(loop, entries)
    yield from _ignored_failures(entries)


def _is_waiting(polls: Sequence[Entry]) -> bool:
    return bool(polls) and poll_result(polls[-1]) is PollResult.RUNNING


def _interval_findings(loop: PollingLoop) -> Iterator[Finding]:
    fast_polls = _fastest_polls(loop)
    waits = loop.waits
    cost = f" A loop at this pace makes {loop.per_day:,} requests a day." if loop.per_day else ""
    if fast_polls:
        yield Finding(
            "polled-too-fast",
            Severity.WARNING,
            "Polled too fast",
            f"{len(fast_polls)} polls in a row of tunedModels/{loop.model} were less than {_TOO_FAST} s apart.{cost}",
            "Wait one second before the second poll, and longer before each later poll: runs take minutes.",
            entry_numbers(fast_polls),
        )
    elif len(waits) >= _LONG_LOOP and max(waits) < _LONG_WAIT and not _do_waits_grow(waits):
        yield Finding(
            "no-back-off",
            Severity.ADVICE,
            "Polled without back-off",
            f"{len(waits) + 1} polls of tunedModels/{loop.model} were {median(waits):.1f} s apart, and the waits did "
            f"not grow.{cost}",
            "Multiply the wait by 1.5 each time, up to about 20 s.",
            entry_numbers(loop.polls),
        )


def _fastest_polls(loop: PollingLoop) -> list[Entry]:
    """Return the longest streak of polls that are too fast, or an empty list if it has fewer than five."""
    best: list[Entry] = []
    streak: list[Entry] = []
    for poll in loop.polls:
        if streak and not (
            poll_result(streak[-1]) is PollResult.RUNNING and 0 <= wait(streak[-1], poll, loop.mode) < _TOO_FAST
        ):
            streak = []
        streak.append(poll)
        best = max(best, list(streak), key=len)
    return best if len(best) >= _MIN_FAST_POLLS else []


def _do_waits_grow(waits: Sequence[float]) -> bool:
    quarter = len(waits) // 4
    return median(waits[-quarter:]) > 1.4 * median(waits[:quarter])


def _end_findings(loop: PollingLoop) -> Iterator[Finding]:
    """Yield a finding if the loop went on after the end of the run, or although the run cannot be seen."""
    operation = [poll for poll in loop.polls if poll.method == _GET_OPERATION]
    for place, poll in enumerate(loop.polls):
        after = loop.polls[place + 1 :]
        if poll_result(poll) is PollResult.FAILED and len(after) >= _MAX_FUTILE_POLLS:
            yield Finding(
                "never-stopped",
                Severity.ERROR,
                "Kept polling a run that had failed",
                f"Request {poll.number} showed that the run of tunedModels/{loop.model} failed; {len(after)} polls "
                f"followed.{injected_answers_sentence([poll])}",
                "Stop when done is true (or the state is FAILED), and raise the error of the operation.",
                entry_numbers([poll, *after]),
            )
            return
    streak = max((list(polls) for nothing, polls in groupby(operation, _shows_nothing) if nothing), key=len, default=[])
    if len(streak) >= _MAX_FUTILE_POLLS:
        yield Finding(
            "never-stopped",
            Severity.ERROR,
            "Kept polling an operation that it cannot read",
            f"{len(streak)} polls in a row of an operation of tunedModels/{loop.model} were answered with "
            f"{streak[-1].status}.{injected_answers_sentence(streak)}",
            "Stop at the first 400, 403 or 404: another poll gets the same answer.",
            entry_numbers(streak),
        )
        return
    done = [
        place for place, poll in enumerate(operation) if poll_result(poll) in (PollResult.DONE, PollResult.CANCELLED)
    ]
    after_done = operation[done[0] + 1 :] if done else []
    if len(after_done) >= _AFTER_DONE:
        yield Finding(
            "polled-after-done",
            Severity.WARNING,
            "Polled after done",
            f"Request {operation[done[0]].number} showed that the operation was done; {len(after_done)} polls "
            f"followed.",
            "Keep the finished operation; it does not change any more.",
            entry_numbers(after_done),
        )


def _shows_nothing(poll: Entry) -> bool:
    return poll_result(poll) is PollResult.NOTHING


def _single_poll_findings(loop: PollingLoop, entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield a finding if the only poll showed an operation without ``done``, and the client did not ask again."""
    if (
        len(loop.polls) != 1
        or poll_result(loop.polls[0]) is not PollResult.RUNNING
        or loop.polls[0].method != _GET_OPERATION
    ):
        return
    poll = loop.polls[0]
    after = [entry for entry in entries if entry.number > poll.number and entry.caller == poll.caller]
    if any(_asks_about(entry, loop.model) for entry in after):
        return
    acts = [entry for entry in after if entry.model == loop.model and entry.method == "tunedModels.delete"]
    acts += [entry for entry in after if entry.method == "tunedModels.create"]
    yield Finding(
        "gave-up-early",
        Severity.WARNING if acts else Severity.ADVICE,
        "Gave up after the first poll",
        f"Request {poll.number} showed an operation without done, which means that the run continues; the client did "
        f"not poll again{f', and request {acts[0].number} created or deleted a model' if acts else ''}.",
        "A missing done is not a failure: poll again until done is true.",
        entry_numbers([poll, *acts[:1]]),
    )


def _asks_about(entry: Entry, model: str) -> bool:
    """Whether *entry* shows that the client still uses the run: it lists, or calls *model* other than to delete it."""
    uses = entry.model == model and entry.method not in ("tunedModels.create", "tunedModels.delete")
    return uses or entry.method in ("tunedModels.list", "tunedModels.operations.list", "operations.list")


def _ignored_failures(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield a finding for each failed run whose model the client calls after its operation has shown the failure."""
    failures: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        key = (entry.model, entry.caller)
        if entry.method == _GET_OPERATION and poll_result(entry) is PollResult.FAILED:
            failures.setdefault(key, entry)
        elif entry.method.endswith(_GENERATE) and key in failures:
            failure = failures.pop(key)
            yield Finding(
                "error-ignored",
                Severity.ERROR,
                "Ignored the error of a finished operation",
                f"Request {failure.number} showed that the operation was done with an error; request {entry.number} "
                f"calls tunedModels/{entry.model} nevertheless.{injected_answers_sentence([failure])}",
                "When an operation is done, check error before response; the model of a failed run cannot answer.",
                entry_numbers([failure, entry]),
            )
