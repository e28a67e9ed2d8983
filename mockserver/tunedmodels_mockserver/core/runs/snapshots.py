"""Holds what callers have read of the steps of each run, so that nothing of a step is computed or written twice.

The loss of a step and its position depend on the inputs of the run, and its moment on the run's timeline. None of them
changes once a caller has seen it, and neither does the text that a writer makes of them. ``Snapshots`` is the list of
one poll. ``HISTORIES`` keeps losses, positions and texts between polls, for the runs that callers read last.

Two timelines of one run can differ: an event of a call moves the steps that come later, and a restored state or a clock
that goes back forgets such an event. So each text has the bends of its timeline with it. A text serves another timeline
for the steps up to their last common bend, and later steps are written anew.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, Final, NamedTuple

from ...wire.protojson.table import Table, TableText
from .losses import mean_losses
from .plan import Plan
from .timeline import Bends, Timeline, last_common_position

MAX_HISTORIES: Final = 32 * 2**20  # bytes of all histories together; a run of 100,000 steps takes 13 MiB
_MIN_HISTORY: Final = 1_000  # bytes of a history without steps, with its entry in the cache
_BLOCK: Final = 1024  # steps that are computed together: more take less time each, and more memory meanwhile


class Snapshot(NamedTuple):
    """The record of one step (TuningSnapshot)."""

    step: int
    epoch: int
    mean_loss: float
    compute_time: int


class History:
    """The losses and positions of the first steps of a run, and the texts of their snapshots in each form."""

    __slots__ = ("_lock", "key", "losses", "positions", "recorded_size", "texts")

    def __init__(self, key: Hashable) -> None:
        self.key = key
        self.losses = array("f")
        self.positions = array("q")
        self.texts: dict[Hashable, tuple[TableText, Bends]] = {}
        self.recorded_size = 0  # as Histories counts it
        self._lock = Lock()

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        numbers = len(self.positions) * (self.losses.itemsize + self.positions.itemsize)
        return _MIN_HISTORY + numbers + sum(text.size for text, _ in list(self.texts.values()))

    def extend(self, plan: Plan, count: int) -> None:
        """Compute the steps of *plan* that are missing among the first *count*."""
        with self._lock:
            for start in range(len(self.positions) + 1, count + 1, _BLOCK):
                steps = range(start, min(start + _BLOCK, count + 1))
                self.losses.extend(mean_losses(plan.curve, steps))
                self.positions.extend(plan.compute_times(steps))


class Histories:
    """The histories of the runs that callers read last. Together they take *limit* bytes at most."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._histories: OrderedDict[Hashable, History] = OrderedDict()  # the one that was read last is the last
        self._lock = Lock()

    def of(self, plan: Plan) -> History:
        """Return the history of *plan*. Plans that differ in their scripts and polls only share one."""
        key = (plan.created, plan.queue, plan.length, plan.total_steps, plan.curve)
        with self._lock:
            history = self._histories.get(key)
            if history is None:
                history = self._histories[key] = History(key)
            else:
                self._histories.move_to_end(key)
        return history

    def record_growth(self, history: History) -> None:
        """Count the bytes of *history* anew, and drop histories if all together take too many."""
        with self._lock:
            if self._histories.get(history.key) is not history:
                return  # it was dropped meanwhile
            size = history.size
            self._size += size - history.recorded_size
            history.recorded_size = size
            if size > self._limit:
                self._histories.move_to_end(history.key, last=False)  # none of the others makes room for it
            while self._size > self._limit:
                _, dropped = self._histories.popitem(last=False)
                self._size -= dropped.recorded_size


HISTORIES = Histories(MAX_HISTORIES)


class Snapshots(Table):
    """The snapshots of the first *count* steps of a run, as *run* shows them."""

    __slots__ = ("_count", "_history", "_run")

    def __init__(self, run: Timeline, count: int) -> None:
        self._run = run
        self._count = count
        self._history: History | None = None  # found when a reader needs it

    def __len__(self) -> int:
        """Return the number of steps."""
        return self._count

    def __iter__(self) -> Iterator[Snapshot]:
        """Return the snapshots in order."""
        return (Snapshot(*row) for block in self.blocks(0) for row in zip(*block.values(), strict=True))

    def blocks(self, start: int) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Yield steps, epochs, losses and moments of the steps after the first *start*."""
        plan, history = self._run.plan, self.history
        for first in range(start, self._count, _BLOCK):
            last = min(first + _BLOCK, self._count)
            if len(history.positions) < last:
                history.extend(plan, last)
                HISTORIES.record_growth(history)
            steps = range(first + 1, last + 1)
            moments: Sequence[int] = history.positions[first:last]
            if plan.script:  # without events, position and moment are equal
                moments = list(map(self._run.moment_of, moments))
            columns = (steps, plan.epochs(steps), history.losses[first:last], moments)
            yield dict(zip(Snapshot._fields, columns, strict=True))

    def text(self, form: Hashable) -> TableText:
        """Return the text in *form* that an earlier poll kept, as far as its steps have the same moments here."""
        text, bends = self.history.texts.get(form, (TableText(), self._run.bends))
        if bends == self._run.bends:
            return text
        position = last_common_position(bends, self._run.bends)
        common = bisect_right(self.history.positions, position)
        return text if common >= min(self._count, len(text)) else text.with_head(common)

    def keep(self, form: Hashable, text: TableText) -> None:
        """Keep *text*, unless the histories of all runs take too many bytes."""
        self.history.texts[form] = text, self._run.bends
        HISTORIES.record_growth(self.history)

    @property
    def history(self) -> History:
        """The history of the run."""
        if self._history is None:
            self._history = HISTORIES.of(self._run.plan)
        return self._history
