"""Runs the suite on two targets, records the exchanges of each clause, and compares them."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from requests.adapters import BaseAdapter

from ..clauses.clause import clause_of
from ..mutation.adapter import install
from ..mutation.registry import find_mutant
from ..pytest_runner.pool import worker_pool
from ..pytest_runner.run import run_in_process
from ..recordings.exchange import Exchange
from ..recordings.tape import Tape
from ..targets.live.budget import BudgetAdapter
from ..targets.live.ledger import LedgerAdapter
from ..targets.target import Target
from .compare import compare
from .identities import Identities
from .server_difference import SEVERITIES, ServerDifference, Severity

_CONTROLS = "/_emulator/"  # the admin surface, which only the mock server has
_SHARED = "made for several clauses: "
_LARGE = 100_000  # bytes; larger request bodies are not stored, because they are not compared


@dataclass
class SideExchanges:
    """The exchanges of one side, by clause or shared fixture.

    *left_out* are tests that did not run, with their clauses.
    """

    by_part: dict[str, list[Exchange]] = field(default_factory=dict)
    left_out: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True)
class Side:
    """One of the two sides: pytest's *arguments* that select the target, and the name of its mutant, if it has one."""

    arguments: tuple[str, ...] = ()
    mutant: str = ""


@dataclass(frozen=True)
class Comparison:
    """The differences between two sides, the most severe first, and the clauses *compared* and *left_out*.

    A clause is left out if one side cannot run it, or has no recording of it. Such a clause shows no difference.
    """

    findings: tuple[ServerDifference, ...]
    compared: tuple[str, ...]
    left_out: tuple[str, ...]

    def count(self, severity: Severity) -> int:
        """Return the number of differences with this *severity*."""
        return sum(difference.severity == severity for difference in self.findings)


def differential(first: Side, second: Side, clauses: Iterable[str] | None = None) -> Comparison:
    """Run *clauses*, by default all, on both sides and return the differences.

    A fixture that several clauses share runs once, and its differences have its own name. Raise RuntimeError if the
    suite cannot run on one side, or if nothing was compared. Raise KeyError for an unknown mutant.
    """
    names_of_clauses = None if clauses is None else frozenset(clauses)
    with worker_pool(2) as submit:
        sides = [submit(run_side, side, names_of_clauses) for side in (first, second)]
        ours, theirs = _side_result("first", sides[0]), _side_result("second", sides[1])
    left_out = {clause for clause, _ in ours.left_out ^ theirs.left_out}
    # A fixture that only left-out clauses share runs on one side alone.
    one_sided = {name for name in ours.by_part.keys() ^ theirs.by_part.keys() if name.startswith(_SHARED)}
    names = [name for name in dict.fromkeys([*ours.by_part, *theirs.by_part]) if name not in left_out | one_sided]
    if not names:
        raise RuntimeError("No clause ran on both, so nothing was compared.")
    identities = Identities(), Identities()
    differences = [
        difference
        for name in names
        for difference in compare(ours.by_part.get(name, ()), theirs.by_part.get(name, ()), name, identities)
    ]
    differences.sort(key=lambda difference: SEVERITIES.index(difference.severity))
    return Comparison(tuple(differences), tuple(name for name in names if "/" in name), tuple(sorted(left_out)))


def _side_result(which: str, side: Future[SideExchanges]) -> SideExchanges:
    try:
        return side.result()
    except RuntimeError as error:
        raise RuntimeError(f"On the {which} server {error}") from None


def run_side(side: Side, clauses: frozenset[str] | None = None) -> SideExchanges:
    """Return the exchanges of *side*, by clause or shared fixture.

    Call this in a process of its own: pytest changes the process for good.
    """
    plugin = _TapePlugin(clauses, side.mutant)
    run_in_process(plugin, ("-p", "no:tunedmodels-session", *side.arguments))
    return plugin.exchanges


class _TapePlugin:
    """The pytest plugin that records the exchanges of each clause."""

    def __init__(self, clauses: frozenset[str] | None, mutant: str) -> None:
        self._clauses = clauses
        self._mutant = find_mutant(mutant) if mutant else None
        self._tapes: list[Tape] = []
        self._parts = ["the session"]
        self._stored = 0
        self.exchanges = SideExchanges()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep only the selected clauses."""
        clauses = [(item, clause_of(item)) for item in items]
        items[:] = [item for item, one in clauses if one and (self._clauses is None or one.name in self._clauses)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Record the tests that did not run."""
        report = yield
        clause = clause_of(item)
        if report.skipped and clause:
            self.exchanges.left_out.add((clause.name, item.name))
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """Store the exchanges of a session fixture under a name of their own."""
        shared = fixturedef.scope == "session"
        if shared:
            self._store_exchanges()
            self._parts.append(_SHARED + fixturedef.argname)
        try:
            return (yield)
        finally:
            if shared:
                self._store_exchanges()
                self._parts.pop()

    def pytest_tunedmodels_target(self, target: Target) -> None:
        """Install the mutant on the target, if there is one, and record all answers."""
        if self._mutant:
            install(target.session, self._mutant)
        for prefix, adapter in list(target.session.adapters.items()):
            target.session.mount(prefix, self._with_tape(adapter))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Store the exchanges of a clause under its name."""
        clause = clause_of(item)
        self._parts.append(clause.name if clause else item.nodeid)
        try:
            return (yield)
        finally:
            self._store_exchanges()
            self._parts.pop()

    def _with_tape(self, adapter: BaseAdapter) -> BaseAdapter:
        """Return *adapter* with a tape next to the wire: the adapters of a live run read answers to their end."""
        if isinstance(adapter, (BudgetAdapter, LedgerAdapter)):
            adapter.adapter = self._with_tape(adapter.adapter)
            return adapter
        self._tapes.append(Tape(adapter))
        return self._tapes[-1]

    def _store_exchanges(self) -> None:
        """Store the exchanges since the last call under the name of the current clause or fixture."""
        everything = [exchange for tape in self._tapes for exchange in tape.exchanges]
        new = everything[self._stored :]
        self._stored = len(everything)
        exchanges = [
            _without_large_body(exchange)
            for exchange in new
            if not urlsplit(exchange.request.url).path.startswith(_CONTROLS)
        ]
        if exchanges:
            self.exchanges.by_part.setdefault(self._parts[-1], []).extend(exchanges)


def _without_large_body(exchange: Exchange) -> Exchange:
    large = len(exchange.request.body) > _LARGE
    return replace(exchange, request=replace(exchange.request, body=b"")) if large else exchange
