"""Judges how a client waits for the end of a tuning run. A *look* is a poll of the operation or of the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import Any

from ..clock import Mode
from ..journal.journal import Entry
from .findings import Finding, Severity, blame, numbers
from .timing import median, wait

DAY = 86_400
_TOO_FAST = 0.2  # seconds between two looks: five looks a second
_RUSH = 5  # this many such fast looks in a row are not an accident
_LONG_LOOP = 20  # looks after which the waits of a loop should have grown
_PATIENT = 10.0  # seconds between two looks; a wait this long does not have to grow
_AFTER_DONE = 3
_FOR_EVER = 5
_GET_OPERATION = "tunedModels.operations.get"
_GENERATE = ("generateContent", "streamGenerateContent", "generateText")
_ACTIVE, _FAILED = ("ACTIVE", 2), ("FAILED", 3)
_CANCELLED = 1


class PollResult(Enum):
    """The result of a look."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOTHING = "nothing"  # the run does not exist, or the caller may not see it
    TROUBLE = "trouble"  # the answer contains nothing about the run


@dataclass(frozen=True, slots=True)
class PollingLoop:
    """The looks of one caller at one run, in order. *mode* is the mode of the world's clock."""

    model: str
    looks: tuple[Entry, ...]
    mode: Mode

    @property
    def waits(self) -> list[float]:
        """The seconds from each look at a running run to the next look."""
        pairs = zip(self.looks, self.looks[1:], strict=False)
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
            "looks": len(self.looks),
            "median_wait": round(median(waits), 3) if waits else None,
            "requests_per_day": self.per_day,
        }


def poll_result(entry: Entry) -> PollResult:
    """Return the result of a look."""
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
    looks: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if not entry.model or entry.http != "GET":
            continue
        of_model = entry.method == "tunedModels.get" and poll_result(entry) in (
            PollResult.RUNNING,
            PollResult.FAILED,
            PollResult.DONE,
        )
        earlier = looks.get((entry.model, entry.caller), [])
        if entry.method == _GET_OPERATION or (
            of_model and (poll_result(entry) is PollResult.RUNNING or _is_waiting(earlier))
        ):
            looks.setdefault((entry.model, entry.caller), []).append(entry)
    return [PollingLoop(model, tuple(entries), mode) for (model, _), entries in looks.items()]


def findings(entries: Sequence[Entry], mode: Mode) -> Iterator[Finding]:
    """Yield the findings about the loops among *entries*."""
    for loop in polling_loops(entries, mode):
        yield from _interval_findings(loop)
        yield from _end_findings(loop)
        yield from _gave_up(loop, entries)
    yield from _ignored_failures(entries)


def _is_waiting(looks: Sequence[Entry]) -> bool:
    return bool(looks) and poll_result(looks[-1]) is PollResult.RUNNING


def _interval_findings(loop: PollingLoop) -> Iterator[Finding]:
    rush = _fastest_polls(loop)
    waits = loop.waits
    cost = f" A loop at this pace makes {loop.per_day:,} requests a day." if loop.per_day else ""
    if rush:
        yield Finding(
            "polled-too-fast",
            Severity.WARNING,
            "Polled too fast",
            f"{len(rush)} looks in a row at tunedModels/{loop.model} came less than {_TOO_FAST} s apart.{cost}",
            "Wait a second before the second look, and longer before each of the next: runs take minutes.",
            numbers(rush),
        )
    elif len(waits) >= _LONG_LOOP and max(waits) < _PATIENT and not _do_waits_grow(waits):
        yield Finding(
            "no-back-off",
            Severity.ADVICE,
            "Polled without back-off",
            f"{len(waits) + 1} looks at tunedModels/{loop.model} came {median(waits):.1f} s apart, and no wait "
            f"grew.{cost}",
            "Let the wait grow by a half each time, up to 20 s or so.",
            numbers(loop.looks),
        )


def _fastest_polls(loop: PollingLoop) -> list[Entry]:
    """Return the longest row of looks that follow each other too fast, or an empty list if it has fewer than five."""
    best: list[Entry] = []
    row: list[Entry] = []
    for look in loop.looks:
        if row and not (poll_result(row[-1]) is PollResult.RUNNING and 0 <= wait(row[-1], look, loop.mode) < _TOO_FAST):
            row = []
        row.append(look)
        best = max(best, list(row), key=len)
    return best if len(best) >= _RUSH else []


def _do_waits_grow(waits: Sequence[float]) -> bool:
    quarter = len(waits) // 4
    return median(waits[-quarter:]) > 1.4 * median(waits[:quarter])


def _end_findings(loop: PollingLoop) -> Iterator[Finding]:
    """Yield a finding if the loop went on after the end of the run, or although the run cannot be seen."""
    operation = [look for look in loop.looks if look.method == _GET_OPERATION]
    for place, look in enumerate(loop.looks):
        after = loop.looks[place + 1 :]
        if poll_result(look) is PollResult.FAILED and len(after) >= _FOR_EVER:
            yield Finding(
                "never-stopped",
                Severity.ERROR,
                "Went on polling a run that had failed",
                f"Request {look.number} said that the run of tunedModels/{loop.model} failed; {len(after)} looks came "
                f"after it.{blame([look])}",
                "Stop at done (or the state FAILED), and raise the operation's error.",
                numbers([look, *after]),
            )
            return
    row = max((list(looks) for nothing, looks in groupby(operation, _shows_nothing) if nothing), key=len, default=[])
    if len(row) >= _FOR_EVER:
        yield Finding(
            "never-stopped",
            Severity.ERROR,
            "Went on polling what cannot be seen",
            f"{len(row)} looks in a row at an operation of tunedModels/{loop.model} were answered with "
            f"{row[-1].status}.{blame(row)}",
            "Stop at the first answer of 400, 403 or 404: the same look will not be answered better.",
            numbers(row),
        )
        return
    done = [
        place for place, look in enumerate(operation) if poll_result(look) in (PollResult.DONE, PollResult.CANCELLED)
    ]
    after_done = operation[done[0] + 1 :] if done else []
    if len(after_done) >= _AFTER_DONE:
        yield Finding(
            "polled-after-done",
            Severity.WARNING,
            "Polled after done",
            f"Request {operation[done[0]].number} said that the operation was done; {len(after_done)} looks came "
            "after it.",
            "Keep a finished operation; it does not change any more.",
            numbers(after_done),
        )


def _shows_nothing(look: Entry) -> bool:
    return poll_result(look) is PollResult.NOTHING


def _gave_up(loop: PollingLoop, entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield a finding if the only look showed an operation without ``done``, and the client did not ask again."""
    if (
        len(loop.looks) != 1
        or poll_result(loop.looks[0]) is not PollResult.RUNNING
        or loop.looks[0].method != _GET_OPERATION
    ):
        return
    look = loop.looks[0]
    after = [entry for entry in entries if entry.number > look.number and entry.caller == look.caller]
    if any(_asks_about(entry, loop.model) for entry in after):
        return
    acts = [entry for entry in after if entry.model == loop.model and entry.method == "tunedModels.delete"]
    acts += [entry for entry in after if entry.method == "tunedModels.create"]
    yield Finding(
        "gave-up-early",
        Severity.WARNING if acts else Severity.ADVICE,
        "Gave up after the first look",
        f"Request {look.number} showed an operation without done, which means that the run goes on; nobody looked again"
        + (f", and request {acts[0].number} began anew or cleaned up." if acts else "."),
        "A missing done is no failure: look again until done is true.",
        numbers([look, *acts[:1]]),
    )


def _asks_about(entry: Entry, model: str) -> bool:
    """Whether *entry* shows that the client still uses the run: it lists, or calls *model* other than to delete it."""
    uses = entry.model == model and entry.method not in ("tunedModels.create", "tunedModels.delete")
    return uses or entry.method in ("tunedModels.list", "tunedModels.operations.list", "operations.list")


def _ignored_failures(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield a finding for each failed run whose model the client calls after its operation has shown the failure."""
    failures: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        who = (entry.model, entry.caller)
        if entry.method == _GET_OPERATION and poll_result(entry) is PollResult.FAILED:
            failures.setdefault(who, entry)
        elif entry.method.endswith(_GENERATE) and who in failures:
            failure = failures.pop(who)
            yield Finding(
                "error-ignored",
                Severity.ERROR,
                "Ignored the error of a finished operation",
                f"Request {failure.number} said done with an error, and request {entry.number} calls "
                f"tunedModels/{entry.model} all the same.{blame([failure])}",
                "Look at error before response when an operation is done; a failed run leaves no model to call.",
                numbers([failure, entry]),
            )
