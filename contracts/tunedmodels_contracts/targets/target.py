"""Defines the target that clauses check, with its server, its clock, its callers and its capabilities."""

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
    """The target cannot be opened. The message says what to do."""


def ignore_outcome(_scope: str, _clause: str, _shared: Sequence[str], _held: bool) -> None:
    """Ignore the outcome of a clause."""


def refuse_to_fail_run(model_id: str) -> None:
    """Raise TargetError, because the target cannot make a run fail."""
    raise TargetError(f"The target cannot make the run of {model_id} fail.")


@dataclass(frozen=True)
class Target:
    """The server that clauses check, and all that they need to use it.

    ``kind`` is fake, url, replay, live or stand-in. A stand-in is a server of the project's tests that takes the place
    of the live API, and proves nothing. ``caller`` and ``other`` are the credentials of two users; ``key`` are those of
    an API key. ``base_model`` is the name of the base model to tune. ``bound`` is the number of seconds that a run may
    take; ``pause`` is the number of seconds between two polls. ``capabilities`` are the needs that the target meets,
    and ``missing`` has the reasons for the others. ``fail_next_run`` takes the id of a model, whose run fails after
    some of its steps once it is created. ``scopes`` know which test is sending now, and make ids. ``on_scope_end`` runs
    when a scope finishes without failing. ``on_judged(scope, clause, shared, held)`` runs after teardown. ``notes`` are
    lines for the user. ``prior_operations`` has the names of operations that ended before the session began, by the
    clause that started each; clauses use them in place of new runs.
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
    fail_next_run: Callable[[str], object] = refuse_to_fail_run
    scopes: ScopeTracker = field(default_factory=ScopeTracker)
    on_scope_end: Callable[[], object] = lambda: None
    on_judged: Callable[[str, str, Sequence[str], bool], object] = ignore_outcome
    notes: tuple[str, ...] = ()
    prior_operations: Mapping[str, str] = field(default_factory=dict)

    def reason(self, need: Need) -> str:
        """Return why the target does not meet *need*."""
        return self.missing.get(need, f"the target has no {need.value}")
