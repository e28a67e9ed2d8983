"""A target: one server, how its time passes, who may call it, and what it can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import requests
from google.auth.credentials import AnonymousCredentials, Credentials

from ..clauses.clause import Need
from ..harness.clock import TargetClock
from .scopes import ScopeTracker

KINDS = ("fake", "url", "replay", "live", "stand-in")


class TargetError(ValueError):
    """A target that cannot be opened; the message says what to do."""


def ignore_judgement(_part: str, _clause: str, _shared: Sequence[str], _held: bool) -> None:
    """Take no notice of what became of a clause."""


def unfailing(model_id: str) -> None:
    """Raise TargetError: no run can be made to fail."""
    raise TargetError(f"The target cannot let the run of {model_id} fail.")


@dataclass(frozen=True)
class Target:
    """What a clause is checked on.

    ``kind`` is fake, url, replay, live or stand-in: one of tests that is asked in the way of live, and proves
    nothing. ``caller`` and ``other`` are the credentials of two people; ``key`` those that an API key is. ``bound``
    is how many seconds a run may take; ``pause`` how many are between two looks at it. ``capabilities`` are what
    clauses may need, and ``missing`` says why it has not the rest. ``fail_next_run`` takes the id of a model, whose run
    fails after some of its steps once it is created. ``scopes`` know which test is sending now, and make names.
    ``on_scope_end`` runs when a scope finishes without failing. ``on_judged(scope, clause, shared, held)`` runs after
    teardown. ``notes`` are lines for people. ``prior_operations`` has the names of operations that ended before the
    session began, by the clause that started each; nothing is tuned in their place.
    """

    kind: str
    session: requests.Session
    base_url: str
    caller: Credentials
    base_model: str
    key: Credentials = field(default_factory=AnonymousCredentials)
    other: Credentials = field(default_factory=AnonymousCredentials)
    clock: TargetClock = field(default_factory=TargetClock)
    bound: float = 600.0
    pause: float = 1.0
    capabilities: frozenset[Need] = frozenset()
    missing: Mapping[Need, str] = field(default_factory=dict)
    fail_next_run: Callable[[str], object] = unfailing
    scopes: ScopeTracker = field(default_factory=ScopeTracker)
    on_scope_end: Callable[[], object] = lambda: None
    on_judged: Callable[[str, str, Sequence[str], bool], object] = ignore_judgement
    notes: tuple[str, ...] = ()
    prior_operations: Mapping[str, str] = field(default_factory=dict)

    def reason(self, need: Need) -> str:
        """Return why it has not what *need* names."""
        return self.missing.get(need, f"the target has no {need.value}")
