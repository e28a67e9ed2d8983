"""A trial: the suite behind one mutant, in this process, and what became of each clause."""

from __future__ import annotations

import signal
from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest

from ..clauses.clause import Level, clause_of
from ..harness.conformance import Unfit
from ..pytest_runner.run import SUITE, run_inside
from ..targets.pytest_hooks import part_of, shared_part
from ..targets.target import Target
from .adapter import Spoiled, spoil
from .impact import Untouched
from .mutant import Mutant, Send, Spoiler
from .registry import MUTANTS
from .request import Ask
from .response import Reply

# A mutant may lead whoever follows it in a circle. Without one the longest test takes a second.
_SECONDS = 20
_REQUESTS = 2000

# What a run of pytest does for those who read it, a trial has no use for: files, reports, texts of failures, evidence.
_PLUGINS = ("capture", "logging", "warnings", "threadexception", "unraisableexception", "tunedmodels-session")
_CHEAP = tuple(argument for name in _PLUGINS for argument in ("-p", f"no:{name}"))

Fate = Literal["held", "killed", "unprepared", "left out"]
_GRAVITY: tuple[Fate, ...] = ("left out", "held", "unprepared", "killed")


@dataclass(frozen=True)
class Trial:
    """What became of each clause; of a clause that is several tests, the gravest: no more are run once it is known.

    A clause is *killed* by a mutant where its own body fails; that its answers are not as the facts have them is no
    kill, for that fails any clause. It is *unprepared* where what it was to be given could not be made: that shows
    nothing of the clause. *required* names those that are; *unjudged* those that cannot be
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

    Those that are asked and answered as behind no mutant at all are not run once more: their fates are those without
    one. *arguments* are pytest's, which say what the target is. Raises RuntimeError where nothing could be run, or the
    mutant itself fails. The process is changed for good, as pytest does: give it one of its own.
    """
    bare, untouched = _bare(None if clauses is None else frozenset(clauses), tuple(arguments), suite)
    if name is None:
        return bare
    touched = untouched.touched(MUTANTS[name])
    if not touched:
        return bare
    watcher = _Watcher(MUTANTS[name], touched)
    run_inside(watcher, [*_CHEAP, *arguments], suite)
    if watcher.faults:
        raise RuntimeError(f"the mutant {name} does not work: {watcher.faults[0]}")
    spoiled = sum(adapter.spoiled for adapter in watcher.adapters)
    return replace(bare, fates={**bare.fates, **watcher.fates}, spoiled=spoiled)


@cache
def _bare(clauses: frozenset[str] | None, arguments: tuple[str, ...], suite: Path) -> tuple[Trial, Untouched]:
    """Run *clauses* behind no mutant, and note what they are answered."""
    watcher = _Watcher(None, clauses)
    run_inside(watcher, [*_CHEAP, *arguments], suite)
    bare = Trial(watcher.fates, frozenset(watcher.required), frozenset(watcher.unjudged), 0)
    parts = {name: frozenset(parts | {""}) for name, parts in watcher.parts.items()}
    return bare, Untouched(watcher.heard, parts)


class _Watcher:
    """The pytest plugin that puts the mutant in its place and notes what becomes of the clauses."""

    def __init__(self, mutant: Mutant | None, clauses: frozenset[str] | None) -> None:
        self._mutant = mutant or Mutant("nothing", "none", "Nothing.", lambda: self._listening)
        self._clauses = clauses
        self._names: dict[str, str] = {}
        self._requests = 0
        self.fates: dict[str, Fate] = {}
        self.required: set[str] = set()
        self.unjudged: set[str] = set()
        self.adapters: list[Spoiled] = []
        self.faults: list[str] = []
        self.heard: dict[str, list[tuple[Ask, Reply]]] = defaultdict(list)
        self.parts: dict[str, set[str]] = defaultdict(set)

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
            self.parts[clause.name] |= {part_of(item), *map(shared_part, getattr(item, "fixturenames", ()))}
            if clause.level is Level.REQUIRED:
                self.required.add(clause.name)
        items[:] = kept

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """Spoil the target as soon as there is one."""
        made = yield
        if fixturedef.argname == "target" and isinstance(made, Target):
            self.adapters += spoil(made.session, replace(self._mutant, make=self._counting))
            self._has, self._asking = made.has, made.parts
            if made.kind == "fake":
                made.session.trust_env = False  # no proxy is asked for a request that is sent to nobody
        return made

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Pass over the other tests of a clause that was killed, and end one that goes in a circle."""
        if self.fates.get(self._names[item.nodeid]) == "killed":
            item.add_marker(pytest.mark.skip("the clause was killed"))
        self._requests = 0
        if not hasattr(signal, "SIGALRM"):
            return (yield)
        signal.signal(signal.SIGALRM, _endless)
        signal.alarm(_SECONDS)
        try:
            return (yield)
        finally:
            signal.alarm(0)

    def _listening(self, ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        part = self._asking.current
        self.heard[part.name if part else ""].append((ask, Reply(reply.status, [*reply.headers], reply.text)))
        return reply

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

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Note who needs what the target has not; it is left out further on."""
        clause = clause_of(item)
        if clause is not None and self.adapters and clause.needs - self._has:
            self.unjudged.add(clause.name)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Let a clause hold whose own assertions do, whatever the facts say of its answers."""
        report = yield
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, Unfit) and error.__cause__ is None:
            report.outcome = "passed"
        return report

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
