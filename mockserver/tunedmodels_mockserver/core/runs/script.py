"""Defines the events of a run's script, with the time and the effect of each. ``timeline`` applies them."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from ...wire.status import Code
from ..effects import Effect, Error, error_of
from .losses import Shape

MAX_EVENTS: Final = 1_000  # of a script in one request
MAX_POLL: Final = 10_000
MAX_LAG: Final = 3_600  # seconds
_MAX_SECONDS = 1e9  # seconds

Steps = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=_MAX_SECONDS)]
Poll = Annotated[int, msgspec.Meta(ge=1, le=MAX_POLL)]
Lag = Annotated[float, msgspec.Meta(ge=0, le=MAX_LAG)]

_WHEN = ("step", "percent", "seconds", "poll", "moment")
_WHAT = ("progress", "skip", "fault", "repeat", "fail", "stall", "cancel", "done")


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One event of a run. Exactly one member says when it happens, and exactly one says what happens.

    When: at a ``step`` (0: before the start) or a ``percent`` of all steps; ``seconds`` after the run's creation on the
    world's clock; at the ``poll`` with this number (from 1), which reads the operation or its model; or at a
    ``moment``. Raise ValueError if no member or several members say when or what, or if the values contradict each
    other.
    """

    step: Steps | None = None
    percent: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    seconds: Seconds | None = None
    poll: Poll | None = None
    moment: int | None = None  # nanoseconds since 1970 on the world's clock
    polls: Annotated[int, msgspec.Meta(ge=0)] = 0  # the number of polls before it; orders events at one moment
    progress: Annotated[int, msgspec.Meta(ge=1)] | None = None  # at least so many steps are complete
    skip: Seconds | None = None  # so many seconds of the run pass in no time
    fault: Effect | None = None  # applies to the answer of that poll
    repeat: Poll | None = None  # the answer is the one of the poll with this number
    fail: Error | str | int | None = None  # the error, or its code
    stall: Annotated[float, msgspec.Meta(ge=-1, le=_MAX_SECONDS)] | None = None  # seconds; -1 for ever, 0 ends a stall
    cancel: bool | None = None
    done: bool | None = None  # all steps and the run are complete

    def __post_init__(self) -> None:
        """Refuse events that contradict themselves."""
        for names in (_WHEN, _WHAT):
            members = [name for name in names if getattr(self, name) is not None]
            if len(members) != 1:
                raise ValueError(
                    f"An event must have exactly one of {', '.join(names)}, got {', '.join(members) or 'none'}"
                )
        if self.stall is not None and -1 < self.stall < 0:
            raise ValueError(f"stall must be a number of seconds from 0, or -1 for ever; got {self.stall}")
        if False in (self.cancel, self.done):
            raise ValueError("cancel and done can only be true; to omit them, leave the event out")
        if self.fail is not None and error_of(self.fail).status_code is Code.CANCELLED:
            raise ValueError('The code of fail must not be CANCELLED; to cancel the run, send "cancel": true')
        if self.poll is None and (self.fault is not None or self.repeat is not None):
            raise ValueError("fault and repeat change the answer to a poll; name the poll with poll")
        if self.repeat is not None and self.poll is not None and self.repeat >= self.poll:
            raise ValueError(f"repeat must be an earlier poll than {self.poll}, got {self.repeat}")

    @property
    def ends(self) -> bool:
        """Whether the event ends the run."""
        return self.fail is not None or bool(self.cancel or self.done)

    @property
    def moves_by_poll(self) -> bool:
        """Whether the event moves the run by polls. Then only polls and calls move the run, and time does not."""
        return self.poll is not None and (self.progress is not None or self.skip is not None or bool(self.done))


Script = Annotated[tuple[Event, ...], msgspec.Meta(max_length=MAX_EVENTS)]


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The options of a run that a fault sets at its creation. Lags are seconds on the world's clock, an hour at most.

    For ``model_lag`` seconds after the end the model still reads CREATING while its operation is done. For
    ``list_lag`` seconds after the creation no list has the model.
    """

    shape: Shape | None = None
    script: Script = ()
    model_lag: Lag = 0
    list_lag: Lag = 0


DEFAULT_RUN = Run()
"""The options of a run that no fault changes."""
