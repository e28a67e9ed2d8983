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
from ..harness.conformance import NonconformingAnswer
from ..pytest_runner.run import SUITE, run_in_process
from ..targets.pytest_hooks import scope_of, shared_scope_name
from ..targets.target import Target
from .adapter import MutantAdapter, install
from .impact import Baseline
from .mutant import Handler, Mutant, Send
from .registry import MUTANTS
from .request import MutantRequest
from .response import MutantResponse

# A mutant may lead whoever follows it in a circle. Without one the longest test takes a second.
_SECONDS = 20
_REQUESTS = 2000

# What a run of pytest does for those who read it, a trial has no use for: files, reports, texts of failures, evidence.
_PLUGINS = ("capture", "logging", "warnings", "threadexception", "unraisableexception", "tunedmodels-session")
_CHEAP = tuple(argument for name in _PLUGINS for argument in ("-p", f"no:{name}"))

Outcome = Literal["held", "killed", "unprepared", "left out"]
_SEVERITY: tuple[Outcome, ...] = ("left out", "held", "unprepared", "killed")


@dataclass(frozen=True)
class Trial:
    """What became of each clause; of a clause that is several tests, the gravest: no more are run once it is known.

    A clause is *killed* by a mutant where its own body fails; that its answers are not as the facts have them is no
    kill, for that fails any clause. It is *unprepared* where what it was to be given could not be made: that shows
    nothing of the clause. *required* names those that are; *not_judged* those that cannot be
    judged on the target, which lacks what they need or is known to break them. *changed_answers* counts the answers
    that were not as they came.
    """

    outcomes: dict[str, Outcome]
    required: frozenset[str]
    not_judged: frozenset[str]
    changed_answers: int

    def with_outcome(self, *outcomes: Outcome) -> frozenset[str]:
        """Return the clauses with one of *outcomes*."""
        return frozenset(name for name, outcome in self.outcomes.items() if outcome in outcomes)


def trial(
    name: str | None = None, clauses: Iterable[str] | None = None, arguments: Sequence[str] = (), suite: Path = SUITE
) -> Trial:
    """Run the *clauses* of *suite*, by default all, behind the mutant called *name*, or behind one that does nothing.

    Those that are asked and answered as behind no mutant at all are not run once more: their fates are those without
    one. *arguments* are pytest's, which say what the target is. Raises RuntimeError where nothing could be run, or the
    mutant itself fails. The process is changed for good, as pytest does: give it one of its own.
    """
    without_mutant, baseline = _baseline(None if clauses is None else frozenset(clauses), tuple(arguments), suite)
    if name is None:
        return without_mutant
    affected = baseline.affected_clauses(MUTANTS[name])
    if not affected:
        return without_mutant
    plugin = _TrialPlugin(MUTANTS[name], affected)
    run_in_process(plugin, [*_CHEAP, *arguments], suite)
    if plugin.mutant_errors:
        raise RuntimeError(f"the mutant {name} does not work: {plugin.mutant_errors[0]}")
    changed_answers = sum(adapter.changed_answers for adapter in plugin.adapters)
    return replace(
        without_mutant, outcomes={**without_mutant.outcomes, **plugin.outcomes}, changed_answers=changed_answers
    )


@cache
def _baseline(clauses: frozenset[str] | None, arguments: tuple[str, ...], suite: Path) -> tuple[Trial, Baseline]:
    """Run *clauses* behind no mutant, and note what they are answered."""
    plugin = _TrialPlugin(None, clauses)
    run_in_process(plugin, [*_CHEAP, *arguments], suite)
    without_mutant = Trial(plugin.outcomes, frozenset(plugin.required), frozenset(plugin.not_judged), 0)
    parts = {name: frozenset(parts | {""}) for name, parts in plugin.parts.items()}
    return without_mutant, Baseline(plugin.exchanges, parts)


class _TrialPlugin:
    """The pytest plugin that puts the mutant in its place and notes what becomes of the clauses."""

    def __init__(self, mutant: Mutant | None, clauses: frozenset[str] | None) -> None:
        self._mutant = mutant or Mutant("nothing", "none", "Nothing.", lambda: self._record_exchange)
        self._clauses = clauses
        self._names: dict[str, str] = {}
        self._requests = 0
        self.outcomes: dict[str, Outcome] = {}
        self.required: set[str] = set()
        self.not_judged: set[str] = set()
        self.adapters: list[MutantAdapter] = []
        self.mutant_errors: list[str] = []
        self.exchanges: dict[str, list[tuple[MutantRequest, MutantResponse]]] = defaultdict(list)
        self.parts: dict[str, set[str]] = defaultdict(set)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the clauses that are asked for, and learn their names."""
        selected = []
        for item in items:
            clause = clause_of(item)
            if clause is None or (self._clauses is not None and clause.name not in self._clauses):
                continue
            selected.append(item)
            self._names[item.nodeid] = clause.name
            self.parts[clause.name] |= {scope_of(item), *map(shared_scope_name, getattr(item, "fixturenames", ()))}
            if clause.level is Level.REQUIRED:
                self.required.add(clause.name)
        items[:] = selected

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """Spoil the target as soon as there is one."""
        value = yield
        if fixturedef.argname == "target" and isinstance(value, Target):
            self.adapters += install(value.session, replace(self._mutant, new_handler=self._new_limited_handler))
            self._capabilities, self._scopes = value.capabilities, value.scopes
            if value.kind == "fake":
                value.session.trust_env = False  # no proxy is asked for a request that is sent to nobody
        return value

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Pass over the other tests of a clause that was killed, and end one that goes in a circle."""
        if self.outcomes.get(self._names[item.nodeid]) == "killed":
            item.add_marker(pytest.mark.skip("the clause was killed"))
        self._requests = 0
        if not hasattr(signal, "SIGALRM"):
            return (yield)
        signal.signal(signal.SIGALRM, _raise_endless_loop)
        signal.alarm(_SECONDS)
        try:
            return (yield)
        finally:
            signal.alarm(0)

    def _record_exchange(self, request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        part = self._scopes.current
        self.exchanges[part.name if part else ""].append(
            (request, MutantResponse(response.status, [*response.headers], response.text))
        )
        return response

    def _new_limited_handler(self) -> Handler:
        handler = self._mutant.new_handler()

        def handle(request: MutantRequest, send: Send) -> MutantResponse:
            self._requests += 1
            if self._requests > _REQUESTS:
                _raise_endless_loop()
            try:
                return handler(request, send)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                self.mutant_errors.append(f"{request.method} {request.path}: {error!r}")
                raise

        return handle

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Note who needs what the target has not; it is left out further on."""
        clause = clause_of(item)
        if clause is not None and self.adapters and clause.needs - self._capabilities:
            self.not_judged.add(clause.name)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Let a clause hold whose own assertions do, whatever the facts say of its answers."""
        report = yield
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, NonconformingAnswer) and error.__cause__ is None:
            report.outcome = "passed"
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of a test, in each of its three parts."""
        if report.skipped:
            outcome: Outcome = "left out"
            if hasattr(report, "wasxfail"):
                self.not_judged.add(self._names[report.nodeid])
        elif report.failed:
            outcome = "killed" if report.when == "call" else "unprepared"
        elif report.when == "call":
            outcome = "held"
        else:
            return
        name = self._names[report.nodeid]
        known = self.outcomes.get(name, outcome)
        self.outcomes[name] = outcome if _SEVERITY.index(outcome) > _SEVERITY.index(known) else known


def _raise_endless_loop(*_: object) -> None:
    raise RuntimeError("the test goes in a circle")
