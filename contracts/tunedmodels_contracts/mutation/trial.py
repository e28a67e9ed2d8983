"""Runs the suite against one mutant in this process, and returns the outcome of each clause."""

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

# A mutant can cause an endless loop in a test. Without a mutant the longest test takes a second.
_SECONDS = 20
_REQUESTS = 2000

# A trial does not need what pytest writes for readers: files, reports, failure texts, evidence.
_PLUGINS = ("capture", "logging", "warnings", "threadexception", "unraisableexception", "tunedmodels-session")
_CHEAP = tuple(argument for name in _PLUGINS for argument in ("-p", f"no:{name}"))

Outcome = Literal["held", "killed", "unprepared", "left out"]
_SEVERITY: tuple[Outcome, ...] = ("left out", "held", "unprepared", "killed")


@dataclass(frozen=True)
class Trial:
    """The outcome of each clause. If a clause has several tests, the most severe outcome counts.

    After a kill the remaining tests of that clause do not run. A clause is *killed* by a mutant if its own body fails.
    A schema violation does not count as a kill: it would fail every clause. A clause is *unprepared* if its setup
    fails: this says nothing about the clause. *required* names the required clauses. *not_judged* names the clauses
    that cannot be judged on the target, because it lacks a capability or has a known difference. *changed_answers*
    counts the requests for which the mutant changed the request or the answer.
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
    """Run the *clauses* of *suite*, by default all, against the mutant *name*; without *name*, against no mutant.

    Clauses that the mutant cannot affect do not run again: they keep the outcome of the run without a mutant.
    *arguments* are pytest's, and select the target. Raises RuntimeError if the suite cannot run, or if the mutant
    itself fails. The call changes the process permanently, as pytest does: use a separate process.
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
    """Run *clauses* without a mutant, and record the exchanges."""
    plugin = _TrialPlugin(None, clauses)
    run_in_process(plugin, [*_CHEAP, *arguments], suite)
    without_mutant = Trial(plugin.outcomes, frozenset(plugin.required), frozenset(plugin.not_judged), 0)
    parts = {name: frozenset(parts | {""}) for name, parts in plugin.parts.items()}
    return without_mutant, Baseline(plugin.exchanges, parts)


class _TrialPlugin:
    """The pytest plugin that installs the mutant and records the outcomes of the clauses."""

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
        """Keep the selected clauses, and record their names."""
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

    def pytest_tunedmodels_target(self, target: Target) -> None:
        """Install the mutant on the target."""
        self.adapters += install(target.session, replace(self._mutant, new_handler=self._new_limited_handler))
        self._capabilities, self._scopes = target.capabilities, target.scopes
        if target.kind == "fake":
            target.session.trust_env = False  # a request without a network needs no proxy

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Skip the other tests of a killed clause, and stop a test that does not end."""
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
        """Record the clauses that need a missing capability of the target; they are skipped later."""
        clause = clause_of(item)
        if clause is not None and self.adapters and clause.needs - self._capabilities:
            self.not_judged.add(clause.name)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Pass a clause if its only failure is a schema violation."""
        report = yield
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, NonconformingAnswer) and error.__cause__ is None:
            report.outcome = "passed"
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the outcome of a test in each of its three phases."""
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
