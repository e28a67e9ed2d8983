"""Spend: what the real service may be asked for at most, and the meter that sees to it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, NoReturn

import requests
from requests.adapters import BaseAdapter

from ...clauses.clause import Clause, Cost
from ...transport.forwarding import ForwardingAdapter
from ...transport.tuning_calls import created_name, deleted_model, is_create, requested_name

OPTION = "--tunedmodels-spend"
EXAMPLE = "tunings=1,requests=200,seconds=1800"

# What it takes to be rid of a model: to delete it, and to see that it is gone.
_TO_BE_RID = 2


class BudgetError(ValueError):
    """A spend that cannot be read; the message names the field, what it is, and what it has to be."""


class BudgetExceeded(Exception):
    """A request that was not sent, since it would go beyond what may be spent."""


@dataclass(frozen=True)
class Budget:
    """How many *tunings* may be started, how many *requests* sent, and for how many *seconds*."""

    tunings: int = 0
    requests: int = 200
    seconds: float = 1800.0

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Return the spend that *text* spells, such as ``tunings=1,requests=200,seconds=1800``.

        What is not named has its default: no tuning, 200 requests, 1800 seconds. Raises SpendError.
        """
        known = tuple(field.name for field in fields(cls))
        found: dict[str, Any] = {}
        for word in text.split(","):
            name, equals, value = (part.strip() for part in word.partition("="))
            if not equals or name not in known:
                fix = f"it has to be {', '.join(known)}, each with = and a number: {EXAMPLE}"
                raise BudgetError(f"{OPTION}: {word.strip()!r:.80} is no limit; {fix}")
            if name in found:
                raise BudgetError(f"{OPTION}: {name} is there twice; keep one of the two")
            found[name] = _number(name, value)
        return cls(**found)

    def skip_reason(self, clause: Clause) -> str:
        """Return why *clause* costs more than may be spent; nothing where it does not."""
        if clause.cost is Cost.TUNING and not self.tunings:
            return f"it costs a tuning, and {OPTION} allows none"
        return ""


def _number(name: str, value: str) -> float:
    whole = name != "seconds"
    if not re.fullmatch(r"\d{1,9}" if whole else r"\d{1,9}(\.\d{1,3})?", value, re.ASCII):
        kind = "a whole number" if whole else "a number of seconds"
        raise BudgetError(f"{OPTION}: {name} is {value!r:.80}; it has to be {kind}, as in {EXAMPLE}")
    number = int(value) if whole else float(value)
    if not number and name != "tunings":
        raise BudgetError(f"{OPTION}: {name} is {value}, so that nothing could be asked; give it more than 0")
    return number


def refuse(sentence: str) -> NoReturn:
    """Raise SpendExceeded."""
    raise BudgetExceeded(sentence)


class BudgetAdapter(ForwardingAdapter):
    """Counts what is sent, and hands on nothing that would go beyond *spend*: *exceeded* is called instead.

    A create call is a tuning until it is refused. For each model that was made, requests are held back that delete
    it and see that it is gone; these are let through when the time is over, too. Threads may share a meter.
    """

    def __init__(
        self,
        spend: Budget,
        adapter: BaseAdapter | None = None,
        *,
        exceeded: Callable[[str], NoReturn] = refuse,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(adapter)
        self.spend = spend
        self.tunings = 0
        self.requests = 0
        self._exceeded = exceeded
        self._clock = clock
        self._began = clock()
        self._held: dict[str, int] = {}
        self._on_their_way = 0  # create calls
        self._settling = False
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """How many seconds it has been going."""
        return self._clock() - self._began

    @contextmanager
    def settling(self) -> Iterator[None]:
        """Let through what is held back for deleting."""
        self._settling = True
        try:
            yield
        finally:
            self._settling = False

    def send(self, request: requests.PreparedRequest, *how: Any, **more: Any) -> requests.Response:
        """Send *request*, if it may be."""
        making, name = is_create(request), deleted_model(request)
        with self._lock:
            why = self._why_not(making=making, deleting=name in self._held)
            if not why:
                self.requests += 1
                self.tunings += making
                self._on_their_way += making
        if why:
            # To settle is no clause, and cannot be left out.
            (refuse if self._settling else self._exceeded)(f"{why}: {OPTION} allows no more")
        refused = False
        made_name = requested_name(request) if making else ""
        try:
            response = super().send(request, *how, **more)
            refused = 400 <= response.status_code < 500
            made_name = (making and created_name(response)) or made_name
        finally:
            with self._lock:
                self._on_their_way -= making
                if making and refused:  # it made nothing
                    self.tunings -= 1
                elif making:
                    self._held[made_name] = self._held.get(made_name, 0) + _TO_BE_RID
        with self._lock:
            if response.status_code == 200 and name in self._held:
                self._held[name] = 1
        return response

    def _why_not(self, *, making: bool, deleting: bool) -> str:
        left = self.spend.requests - self.requests
        held = sum(self._held.values()) + self._on_their_way * _TO_BE_RID
        if self._settling or deleting:
            return "" if left else f"all {self.spend.requests} requests were sent"
        if self.seconds >= self.spend.seconds:
            return f"the {self.spend.seconds:g} seconds are over"
        if making and self.tunings >= self.spend.tunings:
            return f"{self.tunings or 'no'} tuning{'' if self.tunings == 1 else 's'} could be started"
        if left - held < (1 + _TO_BE_RID if making else 1):
            kept = f", and {held} are kept to delete what was made" if held else ""
            return f"{self.requests} of {self.spend.requests} requests were sent{kept}"
        return ""


_SHARED = ("finished", "scratch", "cancelled", "foreign", "eleven")


def cheapest_first(clause: Clause, fixtures: Collection[str]) -> int:
    """Return when *clause*, which uses *fixtures*, is to come, so that a small spend goes where most is learnt.

    What tunes nothing comes first, then what looks at runs that clauses share, one run after the other, and last
    what starts runs of its own.
    """
    if clause.cost is not Cost.TUNING:
        return 0
    own = "create" in fixtures or not set(_SHARED) & set(fixtures)
    return len(_SHARED) + 1 if own else 1 + max(turn for turn, name in enumerate(_SHARED) if name in fixtures)
