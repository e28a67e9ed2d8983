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
_REQUESTS_TO_DELETE = 2


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
        names = tuple(field.name for field in fields(cls))
        limits: dict[str, Any] = {}
        for word in text.split(","):
            name, equals, value = (part.strip() for part in word.partition("="))
            if not equals or name not in names:
                fix = f"use {', '.join(names)}, each with = and a number: {EXAMPLE}"
                raise BudgetError(f"{OPTION}: {word.strip()!r:.80} is not a limit; {fix}")
            if name in limits:
                raise BudgetError(f"{OPTION}: {name} is given twice; remove one")
            limits[name] = _number(name, value)
        return cls(**limits)

    def skip_reason(self, clause: Clause) -> str:
        """Return why *clause* costs more than the budget allows, or an empty text if it does not."""
        if clause.cost is Cost.TUNING and not self.tunings:
            return f"it costs a tuning, and {OPTION} allows none"
        return ""


def _number(name: str, value: str) -> float:
    is_whole = name != "seconds"
    if not re.fullmatch(r"\d{1,9}" if is_whole else r"\d{1,9}(\.\d{1,3})?", value, re.ASCII):
        kind = "a whole number" if is_whole else "a number of seconds"
        raise BudgetError(f"{OPTION}: {name} is {value!r:.80}; give {kind}, as in {EXAMPLE}")
    number = int(value) if is_whole else float(value)
    if not number and name != "tunings":
        raise BudgetError(f"{OPTION}: {name} is {value}, so no request is possible; give more than 0")
    return number


def refuse(reason: str) -> NoReturn:
    """Raise BudgetExceeded."""
    raise BudgetExceeded(reason)


class BudgetAdapter(ForwardingAdapter):
    """An adapter that counts requests, and calls *on_exceeded* in place of sending one that exceeds *budget*.

    A create call counts as a tuning until it is refused. For each model that was made, the adapter reserves the
    requests that delete it and check that it is gone. It sends them even if the time is over. Threads may share the
    adapter.
    """

    def __init__(
        self,
        budget: Budget,
        adapter: BaseAdapter | None = None,
        *,
        on_exceeded: Callable[[str], NoReturn] = refuse,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(adapter)
        self.budget = budget
        self.tunings = 0
        self.requests = 0
        self._on_exceeded = on_exceeded
        self._clock = clock
        self._start = clock()
        self._reserved: dict[str, int] = {}
        self._pending_creates = 0
        self._is_cleaning_up = False
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """The number of seconds since the adapter was created."""
        return self._clock() - self._start

    @contextmanager
    def cleaning_up(self) -> Iterator[None]:
        """Allow the reserved requests during the block."""
        self._is_cleaning_up = True
        try:
            yield
        finally:
            self._is_cleaning_up = False

    def send(self, request: requests.PreparedRequest, *how: Any, **more: Any) -> requests.Response:
        """Send *request* if the budget allows it; else call ``on_exceeded``, or raise BudgetExceeded during the
        clean-up.
        """
        creates, name = is_create(request), deleted_model(request)
        with self._lock:
            reason = self._refusal_reason(creates=creates, deletes=name in self._reserved)
            if not reason:
                self.requests += 1
                self.tunings += creates
                self._pending_creates += creates
        if reason:
            # The clean-up is not a clause, so it cannot be skipped.
            (refuse if self._is_cleaning_up else self._on_exceeded)(f"the budget {OPTION} is used up: {reason}")
        is_refused = False
        model_name = requested_name(request) if creates else ""
        try:
            response = super().send(request, *how, **more)
            is_refused = 400 <= response.status_code < 500
            model_name = (creates and created_name(response)) or model_name
        finally:
            with self._lock:
                self._pending_creates -= creates
                if creates and is_refused:  # the call made no model
                    self.tunings -= 1
                elif creates:
                    self._reserved[model_name] = self._reserved.get(model_name, 0) + _REQUESTS_TO_DELETE
        with self._lock:
            if response.status_code == 200 and name in self._reserved:
                self._reserved[name] = 1
        return response

    def _refusal_reason(self, *, creates: bool, deletes: bool) -> str:
        remaining = self.budget.requests - self.requests
        reserved = sum(self._reserved.values()) + self._pending_creates * _REQUESTS_TO_DELETE
        used = f"{self.requests} of {self.budget.requests} requests"
        if self._is_cleaning_up or deletes:
            return "" if remaining else used
        if self.seconds >= self.budget.seconds:
            return f"{self.seconds:.0f} of {self.budget.seconds:g} seconds"
        if creates and self.tunings >= self.budget.tunings:
            return f"{self.tunings} of {self.budget.tunings} tunings"
        if remaining - reserved < (1 + _REQUESTS_TO_DELETE if creates else 1):
            return used + (f"; {reserved} are reserved for deleting models" if reserved else "")
        return ""


_SHARED = ("observed_run", "finished_run", "scratch_run", "cancelled_run", "foreign_model", "eleven_models")


def cheapest_first(clause: Clause, fixtures: Collection[str]) -> int:
    """Return the position of *clause*, which uses *fixtures*, so that a small budget checks as much as possible.

    Clauses that tune nothing come first, then clauses on shared runs, one run after the other, and last those that
    start runs of their own.
    """
    if clause.cost is not Cost.TUNING:
        return 0
    own = "create" in fixtures or not set(_SHARED) & set(fixtures)
    return len(_SHARED) + 1 if own else 1 + max(position for position, name in enumerate(_SHARED) if name in fixtures)
