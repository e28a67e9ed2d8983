"""Holds the inputs of one tuning run, and computes how it goes without events.

A moment of a run without events is a *position*. ``timeline`` computes the moment on the world's clock at which a run
with events reaches a position. Moments, positions and spans are whole nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...wire.units import SECOND
from .. import random_draws
from .losses import Curve
from .script import Event

_MAX_LAG = 1_400_000_000  # a step shows 1.4 s after its computation (observed once, in the middle of a run)
_MAX_TAIL = 1 * SECOND  # the last step comes 0.08 to 4.4 s before the end (observed)


@dataclass(frozen=True, slots=True)
class Plan:
    """The inputs of one tuning run, and the script of its events.

    ``created`` is a whole microsecond. ``queue`` is the span before the start, ``length`` the span from start
    to completion. ``polls`` has the moments of the polls, recorded only if the script has events by poll. For
    ``model_lag`` after the end the model still reads CREATING. For ``list_lag`` after the creation no list has it.
    """

    created: int
    queue: int
    length: int
    total_steps: int
    curve: Curve
    script: tuple[Event, ...] = ()
    polls: tuple[int, ...] = ()
    model_lag: int = 0
    list_lag: int = 0

    @property
    def total_duration(self) -> int:
        """The span from creation to completion."""
        return self.queue + self.length

    @property
    def start(self) -> int:
        """The position at which the run leaves the queue."""
        return self.created + self.queue

    @property
    def end(self) -> int:
        """The position at which the run is complete."""
        return self.created + self.total_duration

    @property
    def list_time(self) -> int:
        """The moment from which lists have the model."""
        return self.created + self.list_lag

    def report_time(self, step: int) -> int:
        """Return the position at which *step* shows."""
        return self._report_times(range(step, step + 1))[0]

    def compute_times(self, steps: range) -> list[int]:
        """Return the positions of the computations of *steps*, each shortly before its step shows. They rise."""
        lag = min(_MAX_LAG, self._training // self.total_steps // 4)
        return [time - lag for time in self._report_times(steps)]

    def _report_times(self, steps: range) -> list[int]:
        """Return the positions at which *steps* show. They are up to 0.3 steps earlier than an even pace gives."""
        start, span, total = self.start, self._training, self.total_steps
        most = 0.3 * span / total
        draws = random_draws.uniforms(steps, self.curve.run_seed, "pace")
        return [start + span * step // total - int(most * draw) for step, draw in zip(steps, draws, strict=True)]

    def completed_steps(self, position: int) -> int:
        """Return the number of complete steps at *position*."""
        elapsed, span = position - self.start, self._training
        if elapsed < 0:
            return 0
        if elapsed >= span:
            return self.total_steps
        # No step shows later than at an even pace, and none more than one step earlier.
        even_pace = elapsed * self.total_steps // span
        return even_pace + (even_pace < self.total_steps and self.report_time(even_pace + 1) <= position)

    def epochs(self, steps: range) -> list[int]:
        """Return the epochs in which *steps* end."""
        batch_size, examples = self.curve.batch_size, self.curve.examples
        return [step * batch_size // examples for step in steps]

    @property
    def _training(self) -> int:
        """The span from the start to the position at which the last step shows at the latest."""
        return self.length - min(self.length // 50, _MAX_TAIL)

    # -- The script

    @property
    def counts_polls(self) -> bool:
        """Whether the script has an event for the next poll or a later one."""
        return any(event.poll is not None and event.poll > len(self.polls) for event in self.script)

    def with_script(self, script: tuple[Event, ...]) -> Plan:
        """Return the plan with another *script*."""
        return replace(self, script=script)

    def with_poll(self, now: int) -> Plan:
        """Return the plan with one more poll at *now*."""
        return replace(self, polls=(*self.polls, now))

    def as_of(self, poll: int) -> Plan:
        """Return the plan at the poll with this number, without later polls and without the events of later calls."""
        script = tuple(event for event in self.script if event.moment is None or event.polls < poll)
        return replace(self, script=script, polls=self.polls[:poll])
