"""Scripts: what befalls one tuning run, as a list of (when, what) that belongs to its plan."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from ...wire.status import Code
from ..effects import Effect, Error, error_of
from .losses import Shape

MAX_EVENTS: Final = 1_000  # of a script as it is given
MAX_POLL: Final = 10_000
MAX_LAG: Final = 3_600  # seconds
_LONGEST = 1e9  # seconds

Steps = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=_LONGEST)]
Poll = Annotated[int, msgspec.Meta(ge=1, le=MAX_POLL)]
Lag = Annotated[float, msgspec.Meta(ge=0, le=MAX_LAG)]

_WHEN = ("step", "percent", "seconds", "poll", "moment")
_WHAT = ("progress", "skip", "fault", "repeat", "fail", "stall", "cancel", "done")


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that befalls a run. Exactly one member says when, and exactly one says what.

    When: at a ``step`` (0: before the start) or a ``percent`` of all steps, ``seconds`` after the run's creation on the
    world's clock, at the ``poll`` of this number (from 1), a look at the operation or at its model, or at a ``moment``.
    Raises ValueError for what says no time or several, nothing or several things, or fits no poll.
    """

    step: Steps | None = None
    percent: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    seconds: Seconds | None = None
    poll: Poll | None = None
    moment: int | None = None  # nanoseconds since 1970 on the world's clock
    polls: Annotated[int, msgspec.Meta(ge=0)] = 0  # as many came before it; orders what shares a moment
    progress: Annotated[int, msgspec.Meta(ge=1)] | None = None  # so many steps are complete, if there are not more
    skip: Seconds | None = None  # so many seconds of the run pass at once
    fault: Effect | None = None  # of the answer to that poll
    repeat: Poll | None = None  # the answer shows what the poll of this number showed
    fail: Error | str | int | None = None  # with this error, or this code
    stall: Annotated[float, msgspec.Meta(ge=-1, le=_LONGEST)] | None = None  # seconds; -1 for ever, 0 ends a stall
    cancel: bool | None = None
    done: bool | None = None  # all steps are complete, and the run is

    def __post_init__(self) -> None:
        """Refuse what nobody could act by."""
        for kind, names in (("when", _WHEN), ("what", _WHAT)):
            given = [name for name in names if getattr(self, name) is not None]
            if len(given) != 1:
                raise ValueError(f"An event says {kind} by one of {', '.join(names)}; got {', '.join(given) or 'none'}")
        if self.stall is not None and -1 < self.stall < 0:
            raise ValueError(f"stall is a number of seconds from 0, or -1 for ever; got {self.stall}")
        if False in (self.cancel, self.done):
            raise ValueError("cancel and done can only be true; leave the event out")
        if self.fail is not None and error_of(self.fail).status_code is Code.CANCELLED:
            raise ValueError('A run that fails has another code than CANCELLED; to cancel it send "cancel": true')
        if self.poll is None and (self.fault is not None or self.repeat is not None):
            raise ValueError("fault and repeat befall an answer; say which by poll")
        if self.repeat is not None and self.poll is not None and self.repeat >= self.poll:
            raise ValueError(f"repeat names an earlier poll than {self.poll}, got {self.repeat}")

    @property
    def ends(self) -> bool:
        """Whether the run ends by it."""
        return self.fail is not None or bool(self.cancel or self.done)

    @property
    def drives(self) -> bool:
        """Whether it moves its run by polls; such a run is moved by nothing else but calls."""
        return self.poll is not None and (self.progress is not None or self.skip is not None or bool(self.done))


Script = Annotated[tuple[Event, ...], msgspec.Meta(max_length=MAX_EVENTS)]


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What befalls a run from its creation on. Lags are seconds on the world's clock, an hour at most.

    For ``model_lag`` seconds after the end the model still reads CREATING while its operation is done. For
    ``list_lag`` seconds after its creation the model is in no list.
    """

    shape: Shape | None = None
    script: Script = ()
    model_lag: Lag = 0
    list_lag: Lag = 0


class RunInterrupted(Exception):
    """A poll is answered by *effect* instead."""

    def __init__(self, effect: Effect) -> None:
        super().__init__(str(effect))
        self.effect = effect
