"""A trial: the suite behind one mutant, in this process, and what became of each clause."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from ..clause import Level, clause_of
from ..targets.target import Target
from .ask import Ask
from .inner import SUITE, run_inside
from .mutant import Mutant, Send, Spoiler
from .registry import MUTANTS
from .reply import Reply
from .spoiled import Spoiled, spoil

# A mutant may lead whoever follows it in a circle. Without one the longest test takes a second.
_SECONDS = 20
_REQUESTS = 2000

Fate = Literal["held", "killed", "unprepared", "left out"]
_GRAVITY: tuple[Fate, ...] = ("left out", "held", "unprepared", "killed")


@dataclass(frozen=True)
class Trial:
    """What became of each clause; of a clause that is several tests, the gravest.

    A clause is *killed* by a mutant where its own body fails, and *unprepared* where what it was to be given could
    not be made: that shows nothing of the clause. *required* names those that are; *unjudged* those that cannot be
    judged on the target, which lacks what they need or is known to break them. *spoiled* counts the answers that were
    not as they came.
    """

    fates: dict[str, Fate]
    required: frozenset[str]
    unjudged: frozenset[str]
    spoiled: int

    def those(self, *fates: Fate) -> frozenset[str]:
        """Return the clauses with one of *fates*."""
        return frozenset(name for name, fate in self.fates.items() if fate in fates)


def trial(
    name: str | None = None, clauses: Iterable[str] | None = None, arguments: Sequence[str] = (), suite: Path = SUITE
) -> Trial:
    """Run the *clauses* of *suite*, by default all, behind the mutant called *name*, or behind one that does nothing.

    *arguments* are pytest's, which say what the target is. Raises RuntimeError where nothing could be run, or the
    mutant itself fails. The process is changed for good, as pytest does: give it one of its own.
    """
    watcher = _Watcher(MUTANTS[name] if name else None, None if clauses is None else frozenset(clauses))
    run_inside(watcher, arguments, suite)
    if watcher.faults:
        raise RuntimeError(f"the mutant {name} does not work: {watcher.faults[0]}")
    spoiled = sum(adapter.spoiled for adapter in watcher.adapters)
    return Trial(watcher.fates, frozenset(watcher.required), frozenset(watcher.unjudged), spoiled)


class _Watcher:
    """The pytest plugin that puts the mutant in its place and notes what becomes of the clauses."""

    def __init__(self, mutant: Mutant | None, clauses: frozenset[str] | None) -> None:
        self._mutant = mutant or Mutant("nothing", "none", "Nothing.", lambda: lambda ask, send: send(ask))
        self._clauses = clauses
        self._names: dict[str, str] = {}
        self._requests = 0
        self.fates: dict[str, Fate] = {}
        self.required: set[str] = set()
        self.unjudged: set[str] = set()
        self.adapters: list[Spoiled] = []
        self.faults: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the clauses that are asked for, and learn their names."""
        kept = []
        for item in items:
            clause = clause_of(item)
            if clause is None or (self._clauses is not None and clause.name not in self._clauses):
                continue
            kept.append(item)
            self._names[item.nodeid] = clause.name
            if clause.level is Level.REQUIRED:
                self.required.add(clause.name)
        items[:] = kept

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """Spoil the target as soon as there is one."""
        made = yield
        if fixturedef.argname == "target" and isinstance(made, Target):
            self.adapters += spoil(made.session, replace(self._mutant, make=self._counting))
            self._has = made.has
            if made.kind == "fake":
                made.session.trust_env = False  # no proxy is asked for a request that is sent to nobody
        return made

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, Any, Any]:
        """End a test that goes in a circle."""
        self._requests = 0
        if not hasattr(signal, "SIGALRM"):
            return (yield)
        signal.signal(signal.SIGALRM, _endless)
        signal.alarm(_SECONDS)
        try:
            return (yield)
        finally:
            signal.alarm(0)

    def _counting(self) -> Spoiler:
        spoiler = self._mutant.make()

        def spoil(ask: Ask, send: Send) -> Reply:
            self._requests += 1
            if self._requests > _REQUESTS:
                _endless()
            try:
                return spoiler(ask, send)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                self.faults.append(f"{ask.method} {ask.path}: {error!r}")
                raise

        return spoil

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Note who needs what the target has not; it is left out further on."""
        clause = clause_of(item)
        if clause is not None and self.adapters and clause.needs - self._has:
            self.unjudged.add(clause.name)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of a test, in each of its three parts."""
        if report.skipped:
            fate: Fate = "left out"
            if hasattr(report, "wasxfail"):
                self.unjudged.add(self._names[report.nodeid])
        elif report.failed:
            fate = "killed" if report.when == "call" else "unprepared"
        elif report.when == "call":
            fate = "held"
        else:
            return
        name = self._names[report.nodeid]
        known = self.fates.get(name, fate)
        self.fates[name] = fate if _GRAVITY.index(fate) > _GRAVITY.index(known) else known


def _endless(*_: object) -> None:
    raise RuntimeError("the test goes in a circle")
