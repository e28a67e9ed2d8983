"""Computes the progress of a tuning run at any moment. Read this to learn what an event of a script does to a run.

Positions and moments. A *position* is a moment of the run as it would go without events: the plan gives the position
of each step, of the start and of the end. A *moment* is a time on the world's clock. Both are whole nanoseconds. In a
run without events, position and moment are equal. ``timeline(plan, now)`` begins at the creation, lets time pass,
applies the events in order, and stops at *now* or at the end of the run. The pairs (position, moment) at which the
pace changes are the *bends*; ``moment_of`` interpolates between them.

Events. An event at a step or a percentage waits at a position. Step 0 is the position before the start. An event by
seconds, by poll or by moment waits at a moment. If both come at the same moment, the event at a step comes first. At
one moment, the order is: events by seconds, then each poll, followed by the calls that came after it. Events at one
step apply in the order of the script. ``fail`` and ``cancel`` end the run and keep its steps. ``done`` completes all
steps and ends it. ``stall`` holds the position, ``progress`` and ``skip`` jump. ``fault`` and ``repeat`` change only
the answer to a poll, so they do nothing here; ``interventions.result_of_poll`` handles them.

Jumps. A jump moves the position forward and takes no time. It ends the present stall. The run never shows the steps
inside the jump, so their times are spread evenly, from the last step that shows up to the jump. A run in the queue has
no such step: it starts and completes these steps at the moment of the jump. A jump also meets the events at the steps
on its way. A stall on the way does nothing. A ``progress`` or ``skip`` on the way can extend the jump. An event that
ends the run stops the jump at its step and applies there.

Stalls. While a run stalls, moments pass and the position stays. A new stall replaces the present one, and a stall of
0 seconds ends it. If polls drive the run (an event moves it by poll), time does not move it: its position is held from
the creation to the end, and stalls do nothing.

Invariants.

* The result depends on the plan and *now* only. Nothing is stored between calls; the draws come from the plan's seed.
* Readers never see the past change. An event changes only moments after the last step that shows, and an event that
  a call appends has the moment of that call.
* Position and moment never decrease, and neither does the number of completed steps.
* An event applies once at most, and no event applies after the end.

Known limits.

* A jump right after a step leaves no time for the steps inside it: they share one moment.
* Two jumps that meet on the way do not add up. The jump goes to the farthest target.
* An event at a step that the run does not have never applies.
* In a very short run several steps share one position. The timeline then keeps the exact number of steps itself.
* Each call folds the whole script, so a long script costs time at each poll. ``interventions`` limits its length.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import takewhile
from typing import TypeAlias

from ...wire.units import SECOND
from .plan import Plan
from .script import Event

FOREVER = 2**63 - 1

Bend: TypeAlias = "tuple[int, int, int, int]"
Bends: TypeAlias = "tuple[Bend, ...]"


class Timeline:
    """The state of a run while time passes.

    ``end`` is the moment at which the run ended, or None. ``ended_by`` is the event that ended it, or None.
    ``applied_events`` has the indexes of the events that the run has met. ``stalled_until`` is the moment until which
    the position stays.
    """

    __slots__ = (
        *("_bends", "_exact", "_places", "_steps"),
        *("applied_events", "end", "ended_by", "is_moved_by_polls", "moment", "plan", "position", "stalled_until"),
    )

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._places = _places(plan) if plan.script else []
        self.position = min(plan.created, self._places[-1][0]) if self._places else plan.created
        self.moment = plan.created
        self.is_moved_by_polls = any(event.moves_by_poll for event in plan.script)
        self.stalled_until = FOREVER if self.is_moved_by_polls else 0  # 0: no stall
        self.end: int | None = None
        self.ended_by: Event | None = None
        self.applied_events: set[int] = set()
        self._steps = 0
        # The position at which _steps show: in a very short run several steps share one position. A run that polls
        # drive begins without steps, even if all its steps share the position of its creation.
        self._exact: int | None = self.position if self.is_moved_by_polls else None
        # Position and moment of each bend, and of the end of the line that leads to it. A jump can cut a line short;
        # positions on what remains keep their moments to the nanosecond, as the line keeps its end.
        self._bends: list[Bend] = [(self.position, self.moment, self.position, self.moment)]

    @property
    def completed(self) -> int:
        """The number of steps that are complete."""
        if self.position == self._exact:
            return self._steps
        return self.plan.completed_steps(self.position)

    @property
    def next_place(self) -> int | None:
        """The position of the next event at a step, or None."""
        return self._places[-1][0] if self._places else None

    @property
    def bends(self) -> Bends:
        """The bends up to now. They alone decide the moments of all positions up to the present one."""
        return tuple(self._bends)

    def moment_of(self, position: int) -> int:
        """Return the moment at which the run reached *position*, which must not be ahead of it."""
        bends = self._bends
        place = bisect_left(bends, (position,))
        if place == len(bends):
            last, moment, *_ = bends[-1]
            return moment + position - last
        bend, moment, later, until = bends[place]
        if place == 0 or bend == position:
            return moment - (bend - position)
        earlier, since, *_ = bends[place - 1]
        return since + (position - earlier) * (until - since) // (later - earlier)

    def advance_to(self, until: int) -> None:
        """Move the run to the moment *until*, and apply the events at the steps on the way."""
        while self.end is None:
            if self.stalled_until:
                if self.stalled_until > until:
                    self.moment = until
                    return
                self._release(self.stalled_until)
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
                self._set_steps(step)
                self.apply(index)

    def apply(self, index: int) -> None:
        """Apply the event at *index* of the script at the present position and moment."""
        event = self.plan.script[index]
        self.applied_events.add(index)
        if event.fail is not None or event.cancel:
            self._set_steps(self.completed)
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

    def _set_steps(self, steps: int) -> None:
        self._steps, self._exact = steps, self.position

    def _stall(self, seconds: float) -> None:
        if self.is_moved_by_polls:
            return  # only polls and calls move such a run
        if self.stalled_until:
            self._release(self.moment)
        if seconds:
            self._add_bend(self.position, self.moment)
            self.stalled_until = FOREVER if seconds < 0 else self.moment + round(seconds * SECOND)

    def _release(self, moment: int) -> None:
        self.moment, self.stalled_until = max(self.moment, moment), 0
        self._add_bend(self.position, self.moment)

    def _finish(self, event: Event | None) -> None:
        self._set_steps(self.plan.total_steps)
        self.end, self.ended_by = self.moment, event

    def _jump(self, target: int, step: int | None = None, ending: Event | None = None) -> None:
        """Move to the position *target* in no time.

        *step* is the number of complete steps there; None computes it from the position. *ending* is the event that
        ends the run if the jump reaches *target*.
        """
        end_index: int | None = None
        while self._places and self._places[-1][0] <= target and end_index is None:
            position, event_step, index = self._places.pop()
            event = self.plan.script[index]
            if event.ends:
                target, step, end_index, ending = position, event_step, index, None
                continue
            self.applied_events.add(index)
            event_target = target
            if event.progress is not None:
                event_target = self.plan.report_time(min(event.progress, self.plan.total_steps))
            elif event.skip:
                event_target = position + round(event.skip * SECOND)
            if event_target > target:
                target, step = (
                    event_target,
                    None if event.progress is None else min(event.progress, self.plan.total_steps),
                )
        self._bend(min(target, self.plan.end))
        self.stalled_until = FOREVER if self.is_moved_by_polls else 0
        if step is not None:
            self._set_steps(step)
        if end_index is not None:
            self.apply(end_index)
        elif ending is not None or self.position >= self.plan.end:
            self._finish(ending)

    def _bend(self, target: int) -> None:
        """Move to *target*, and spread the positions after the last step that shows up to the present moment."""
        if target <= self.position:
            return
        bend_position, bend_moment = self.position, self.moment
        if bend_position >= self.plan.start:
            completed = self.completed
            last = self.plan.report_time(completed) if completed else self.plan.start
            bend_position = min(bend_position, max(last, self.plan.start))
            bend_moment = self.moment_of(bend_position)
        place = bisect_left(self._bends, (bend_position, FOREVER))
        end = self._bends[place][2:] if place < len(self._bends) else (bend_position, bend_moment)
        self._bends[place:] = [(bend_position, bend_moment, *end)]
        self._add_bend(target, self.moment)
        self.position = target

    def _add_bend(self, position: int, moment: int) -> None:
        self._bends.append((position, moment, position, moment))


def timeline(plan: Plan, now: int) -> Timeline:
    """Return the timeline of *plan* at *now*, without the events after *now*."""
    run = Timeline(plan)
    if now < plan.created:
        run.position = now
        return run
    for moment, index in event_times(plan):
        if moment > now or run.end is not None:
            break
        run.advance_to(moment)
        if run.end is None:
            run.apply(index)
    run.advance_to(now)
    return run


def last_common_position(one: Bends, other: Bends) -> int:
    """Return a position up to which two timelines of one run have the same moments: the one of the last common bend."""
    common = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return max((bend[0] for bend, _ in common), default=-FOREVER)


def event_times(plan: Plan) -> Iterator[tuple[int, int]]:
    """Yield the moment and the index of each event that waits at a moment, in order."""
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
    """Return position, step and index of each event at a step. The next one is the last of the list."""
    rows = []
    for index, event in enumerate(plan.script):
        step = event.step
        if event.percent is not None:
            step = -int(-event.percent * plan.total_steps // 100)
        if step is not None and step <= plan.total_steps:
            position = plan.report_time(step) if step else plan.start - 1
            rows.append((step, index, position))
    return [(position, step, index) for step, index, position in sorted(rows, reverse=True)]
