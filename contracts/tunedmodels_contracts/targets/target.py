"""A target: one server, how its time passes, who may call it, and what it can be asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import requests
from google.auth.credentials import AnonymousCredentials, Credentials

from ..clauses.clause import Need
from .scopes import Parts

KINDS = ("fake", "url", "replay", "live", "stand-in")


class TargetError(ValueError):
    """A target that cannot be opened; the message says what to do."""


def unjudged(_part: str, _clause: str, _shared: Sequence[str], _held: bool) -> None:
    """Take no notice of what became of a clause."""


def unfailing(model_id: str) -> None:
    """Raise TargetError: no run can be made to fail."""
    raise TargetError(f"The target cannot let the run of {model_id} fail.")


@dataclass(frozen=True)
class Passing:
    """How a target's time passes, in seconds: a clock that never goes back, and a function that waits on it."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep


@dataclass(frozen=True)
class Target:
    """What a clause is checked on.

    ``kind`` is fake, url, replay, live or stand-in: one of tests that is asked in the way of live, and proves
    nothing. ``caller`` and ``other`` are the credentials of two people; ``key`` those that an API key is. ``bound``
    is how many seconds a run may take; ``pause`` how many are between two looks at it. ``has`` is what clauses may
    need, ``lacks`` why it has not the rest. ``fail`` is told the id of a model, whose run fails after some of its steps
    once it is created. ``parts`` are told who asks, and make names. ``ended`` is called where a
    part is over that held by then; ``judged`` once it is known whether it held for good, with its name, its clause's,
    those of the parts that it may share, and whether. ``notes`` are lines for people. ``started`` has the names of
    operations that ended before the session began, by the clause that started each; nothing is tuned in their place.
    """

    kind: str
    session: requests.Session
    base_url: str
    caller: Credentials
    base_model: str
    key: Credentials = field(default_factory=AnonymousCredentials)
    other: Credentials = field(default_factory=AnonymousCredentials)
    passing: Passing = field(default_factory=Passing)
    bound: float = 600.0
    pause: float = 1.0
    has: frozenset[Need] = frozenset()
    lacks: Mapping[Need, str] = field(default_factory=dict)
    fail: Callable[[str], object] = unfailing
    parts: Parts = field(default_factory=Parts)
    ended: Callable[[], object] = lambda: None
    judged: Callable[[str, str, Sequence[str], bool], object] = unjudged
    notes: tuple[str, ...] = ()
    started: Mapping[str, str] = field(default_factory=dict)

    def reason(self, need: Need) -> str:
        """Return why it has not what *need* names."""
        return self.lacks.get(need, f"the target has no {need.value}")
