"""Limits what a live run may cost. An adapter counts requests and tunings and sends nothing beyond the budget."""

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

# The number of requests that delete a model and check that it is gone.
_TO_BE_RID = 2


class BudgetError(ValueError):
    """The budget cannot be parsed. The message names the limit, its value, and the valid values."""


class BudgetExceeded(Exception):
    """A request was not sent, because it would exceed the budget."""


@dataclass(frozen=True)
class Budget:
    """The numbers of *tunings* to start, *requests* to send, and *seconds* to take, each at most."""

    tunings: int = 0
    requests: int = 200
    seconds: float = 1800.0

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Return the budget in *text*, such as ``tunings=1,requests=200,seconds=1800``.

        A limit that is not named has its default: no tuning, 200 requests, 1800 seconds. Raises BudgetError.
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
        """Return why *clause* costs more than the budget allows, or an empty text if it does not."""
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
    """Raise BudgetExceeded."""
    raise BudgetExceeded(sentence)


class BudgetAdapter(ForwardingAdapter):
    """An adapter that counts requests, and calls *exceeded* in place of sending one that exceeds *spend*.

    A create call counts as a tuning until it is refused. For each model that was made, the adapter reserves the
    requests that delete it and check that it is gone. It sends them even if the time is over. Threads may share the
    adapter.
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
        """The number of seconds since the adapter was created."""
        return self._clock() - self._began

    @contextmanager
    def settling(self) -> Iterator[None]:
        """Allow the reserved requests during the block."""
        self._settling = True
        try:
            yield
        finally:
            self._settling = False

    def send(self, request: requests.PreparedRequest, *how: Any, **more: Any) -> requests.Response:
        """Send *request* if the budget allows it; else call ``exceeded``, or raise BudgetExceeded during the
        clean-up.
        """
        making, name = is_create(request), deleted_model(request)
        with self._lock:
            why = self._why_not(making=making, deleting=name in self._held)
            if not why:
                self.requests += 1
                self.tunings += making
                self._on_their_way += making
        if why:
            # The clean-up is not a clause, so it cannot be skipped.
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
                if making and refused:  # the call made no model
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
    """Return the position of *clause*, which uses *fixtures*, so that a small budget checks as much as possible.

    Clauses that tune nothing come first, then clauses on shared runs, one run after the other, and last those that
    start runs of their own.
    """
    if clause.cost is not Cost.TUNING:
        return 0
    own = "create" in fixtures or not set(_SHARED) & set(fixtures)
    return len(_SHARED) + 1 if own else 1 + max(turn for turn, name in enumerate(_SHARED) if name in fixtures)
