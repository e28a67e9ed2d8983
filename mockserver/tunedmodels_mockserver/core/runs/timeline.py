"""Courses: at which moments a run comes to its positions, with all that befalls it on the way.

A fold over the script: from its creation the run's position goes with time. Events at steps lie on the axis of
positions, all others on that of time. A stall holds the position, progress moves it forward at once, an end ends it.
What a reader saw at an earlier moment is never changed: an event bends only what comes after the last step that shows.
The steps of a jump were shown by nobody, so their times are spread between the last that was shown and the jump.

A jump passes over the stalls on its way, and ends where the run fails or is cancelled.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from ...wire.units import SECOND
from .plan import Plan
from .script import Event

FOREVER = 2**63 - 1


class Timeline:
    """A run on its way. ``end`` is None until it ends, then the moment; ``ended_by`` is the event that ended it."""

    __slots__ = (
        *("_bends", "_exact", "_places", "_steps"),
        *("driven", "end", "ended_by", "fired", "held", "moment", "plan", "position"),
    )

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._places = _places(plan) if plan.script else []
        self.position = min(plan.created, self._places[-1][0]) if self._places else plan.created
        self.moment = plan.created
        self.driven = any(event.drives for event in plan.script)
        self.held = FOREVER if self.driven else 0  # the moment until which the position is held
        self.end: int | None = None
        self.ended_by: Event | None = None
        self.fired: set[int] = set()
        self._steps = 0
        self._exact: int | None = None  # the position at which _steps show; others may share it in a very short run
        self._bends = [(self.position, self.moment)]

    @property
    def completed(self) -> int:
        """How many steps show."""
        if self.position == self._exact:
            return self._steps
        return self.plan.completed_steps(self.position)

    @property
    def next_place(self) -> int | None:
        """The position of the next event at a step, or None."""
        return self._places[-1][0] if self._places else None

    def moment_of(self, position: int) -> int:
        """Return when the run came to *position*, which it did."""
        bends = self._bends
        place = bisect_left(bends, (position, -FOREVER))
        if place == len(bends):
            last, moment = bends[-1]
            return moment + position - last
        later, until = bends[place]
        if place == 0 or later == position:
            return until - (later - position)
        earlier, since = bends[place - 1]
        return since + (position - earlier) * (until - since) // (later - earlier)

    def go(self, until: int) -> None:
        """Let time pass *until* this moment."""
        while self.end is None:
            if self.held:
                if self.held > until:
                    self.moment = until
                    return
                self._release(self.held)
            place = self.next_place
            target = self.plan.end if place is None else place
            if target - self.position > until - self.moment:
                self.position += until - self.moment
                self.moment = until
                return
            self.moment += target - self.position
            self.position = target
            if place is None:
                self._finish(None)
            else:
                _, step, index = self._places.pop()
                self._stand(step)
                self.apply(index)

    def apply(self, index: int) -> None:
        """Let the event at *index* of the script befall the run here and now."""
        event = self.plan.script[index]
        self.fired.add(index)
        if event.fail is not None or event.cancel:
            self._stand(self.completed)
            self.end, self.ended_by = self.moment, event
        elif event.done:
            self._jump(self.plan.end, self.plan.total_steps, event)
        elif event.stall is not None:
            self._stall(event.stall)
        elif event.progress is not None:
            step = min(event.progress, self.plan.total_steps)
            if step > self.completed:
                self._jump(self.plan.report_time(step), step)
        elif event.skip:
            self._jump(self.position + round(event.skip * SECOND))

    def _stand(self, steps: int) -> None:
        self._steps, self._exact = steps, self.position

    def _stall(self, seconds: float) -> None:
        if self.driven:
            return  # it is held by all but polls and calls anyway
        if self.held:
            self._release(self.moment)
        if seconds:
            self._bends.append((self.position, self.moment))
            self.held = FOREVER if seconds < 0 else self.moment + round(seconds * SECOND)

    def _release(self, moment: int) -> None:
        self.moment, self.held = max(self.moment, moment), 0
        self._bends.append((self.position, self.moment))

    def _finish(self, event: Event | None) -> None:
        self._stand(self.plan.total_steps)
        self.end, self.ended_by = self.moment, event

    def _jump(self, target: int, step: int | None = None, ending: Event | None = None) -> None:
        """Go to *target* at once, where *step* shows, or as many as there are."""
        passed: int | None = None
        while self._places and self._places[-1][0] <= target and passed is None:
            position, at, index = self._places.pop()
            event = self.plan.script[index]
            if event.ends:
                target, step, passed, ending = position, at, index, None
                continue
            self.fired.add(index)
            further = target
            if event.progress is not None:
                further = self.plan.report_time(min(event.progress, self.plan.total_steps))
            elif event.skip:
                further = position + round(event.skip * SECOND)
            if further > target:
                target, step = further, None if event.progress is None else min(event.progress, self.plan.total_steps)
        self._bend(min(target, self.plan.end))
        self.held = FOREVER if self.driven else 0
        if step is not None:
            self._stand(step)
        if passed is not None:
            self.apply(passed)
        elif ending is not None or self.position >= self.plan.end:
            self._finish(ending)

    def _bend(self, target: int) -> None:
        """Put the run at *target*, and the positions that nobody saw between the last that was shown and here."""
        if target <= self.position:
            return
        shown, since = self.position, self.moment
        if shown >= self.plan.start:
            completed = self.completed
            last = self.plan.report_time(completed) if completed else self.plan.start
            shown = min(shown, max(last, self.plan.start))
            since = self.moment_of(shown)
        while self._bends and self._bends[-1][0] > shown:
            self._bends.pop()
        self._bends += [(shown, since), (target, self.moment)]
        self.position = target


def timeline(plan: Plan, now: int) -> Timeline:
    """Return the course of *plan* until *now*; what befalls it later is left out."""
    run = Timeline(plan)
    if now < plan.created:
        run.position = now
        return run
    for moment, index in event_times(plan):
        if moment > now or run.end is not None:
            break
        run.go(moment)
        if run.end is None:
            run.apply(index)
    run.go(now)
    return run


def event_times(plan: Plan) -> Iterator[tuple[int, int]]:
    """Yield the moment and the index of each event on the axis of time, in order."""
    rows = []
    for index, event in enumerate(plan.script):
        if event.seconds is not None:
            rows.append((plan.created + round(event.seconds * SECOND), -1, 0, index))
        elif event.moment is not None:
            rows.append((max(event.moment, plan.created), event.polls, 1, index))
        elif event.poll is not None and event.poll <= len(plan.polls):
            rows.append((max(plan.polls[event.poll - 1], plan.created), event.poll, 0, index))
    for moment, _, _, index in sorted(rows):
        yield moment, index


def _places(plan: Plan) -> list[tuple[int, int, int]]:
    """Return position, step and index of each event at a step, the next one last."""
    rows = []
    for index, event in enumerate(plan.script):
        step = event.step
        if event.percent is not None:
            step = -int(-event.percent * plan.total_steps // 100)
        if step is not None and step <= plan.total_steps:
            position = plan.report_time(step) if step else plan.start - 1
            rows.append((step, index, position))
    return [(position, step, index) for step, index, position in sorted(rows, reverse=True)]
