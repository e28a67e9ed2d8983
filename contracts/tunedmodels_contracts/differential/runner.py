"""The runner: the suite on two targets, with what was asked and answered noted clause by clause."""

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

_CONTROLS = "/_emulator/"  # of a mock server, which no other has
_SHARED = "made for several clauses: "
_LARGE = 100_000  # bytes of a request that are not kept: nobody compares them


@dataclass
class SideExchanges:
    """What one side was asked and answered, by who asked; *left_out* are tests that did not run, with their clauses."""

    by_part: dict[str, list[Exchange]] = field(default_factory=dict)
    left_out: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True)
class Side:
    """One of the two: pytest's *arguments* that choose the target, and the mutant that spoils it, if one does."""

    arguments: tuple[str, ...] = ()
    mutant: str = ""


@dataclass(frozen=True)
class Comparison:
    """Where two sides differ, the gravest first; the clauses that were *compared*, and those *left_out*.

    What one side cannot be asked, or has no recording of, is left out: it shows no difference.
    """

    findings: tuple[ServerDifference, ...]
    compared: tuple[str, ...]
    left_out: tuple[str, ...]

    def count(self, severity: Severity) -> int:
        """Return how many differences are as grave as that."""
        return sum(difference.severity == severity for difference in self.findings)


def differential(first: Side, second: Side, clauses: Iterable[str] | None = None) -> Comparison:
    """Ask both sides *clauses*, by default all, and return where they differ.

    What clauses share is asked once, and its differences are told under its own name. Raises RuntimeError where the
    suite cannot be run on one of them, or nothing could be compared, and KeyError for a mutant that there is not.
    """
    asked = None if clauses is None else frozenset(clauses)
    with worker_pool(2) as submit:
        sides = [submit(run_side, side, asked) for side in (first, second)]
        ours, theirs = _side_result("first", sides[0]), _side_result("second", sides[1])
    left_out = {clause for clause, _ in ours.left_out ^ theirs.left_out}
    # What is shared by clauses that are left out is made on one side alone.
    alone = {name for name in ours.by_part.keys() ^ theirs.by_part.keys() if name.startswith(_SHARED)}
    names = [name for name in dict.fromkeys([*ours.by_part, *theirs.by_part]) if name not in left_out | alone]
    if not names:
        raise RuntimeError("Nothing was asked of both, so nothing was compared.")
    identities = Identities(), Identities()
    found = [
        difference
        for name in names
        for difference in compare(ours.by_part.get(name, ()), theirs.by_part.get(name, ()), name, identities)
    ]
    found.sort(key=lambda difference: SEVERITIES.index(difference.severity))
    return Comparison(tuple(found), tuple(name for name in names if "/" in name), tuple(sorted(left_out)))


def _side_result(which: str, side: Future[SideExchanges]) -> SideExchanges:
    try:
        return side.result()
    except RuntimeError as error:
        raise RuntimeError(f"On the {which} server {error}") from None


def run_side(side: Side, clauses: frozenset[str] | None = None) -> SideExchanges:
    """Return what was asked of *side* and answered, by the clause or the shared part of several that asked.

    It changes the process for good, as pytest does: give it one of its own.
    """
    plugin = _TapePlugin(clauses, side.mutant)
    run_in_process(plugin, ("-p", "no:tunedmodels-session", *side.arguments))
    return plugin.exchanges


class _TapePlugin:
    """The pytest plugin that notes who asks what."""

    def __init__(self, clauses: frozenset[str] | None, mutant: str) -> None:
        self._clauses = clauses
        self._mutant = find_mutant(mutant) if mutant else None
        self._tapes: list[Tape] = []
        self._parts = ["the session"]
        self._stored = 0
        self.exchanges = SideExchanges()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the clauses that are asked for."""
        known = [(item, clause_of(item)) for item in items]
        items[:] = [item for item, one in known if one and (self._clauses is None or one.name in self._clauses)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Note what did not run."""
        report = yield
        clause = clause_of(item)
        if report.skipped and clause:
            self.exchanges.left_out.add((clause.name, item.name))
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """Listen to the target as soon as there is one; what is made for several clauses has its own name."""
        shared = fixturedef.scope == "session"
        if shared:
            self._store_exchanges()
            self._parts.append(_SHARED + fixturedef.argname)
        try:
            value = yield
        finally:
            if shared:
                self._store_exchanges()
                self._parts.pop()
        if fixturedef.argname == "target" and isinstance(value, Target):
            if self._mutant:
                install(value.session, self._mutant)
            for prefix, adapter in list(value.session.adapters.items()):
                value.session.mount(prefix, self._with_tape(adapter))
        return value

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Note what a clause asks under its name."""
        clause = clause_of(item)
        self._parts.append(clause.name if clause else item.nodeid)
        try:
            return (yield)
        finally:
            self._store_exchanges()
            self._parts.pop()

    def _with_tape(self, adapter: BaseAdapter) -> BaseAdapter:
        """Return *adapter* with a tape where answers arrive: what counts and notes for live reads them to their end."""
        if isinstance(adapter, (BudgetAdapter, LedgerAdapter)):
            adapter.adapter = self._with_tape(adapter.adapter)
            return adapter
        self._tapes.append(Tape(adapter))
        return self._tapes[-1]

    def _store_exchanges(self) -> None:
        """Put down what was asked since the last time under who is asking now."""
        everything = [exchange for tape in self._tapes for exchange in tape.exchanges]
        new = everything[self._stored :]
        self._stored = len(everything)
        asked = [
            _without_large_body(exchange)
            for exchange in new
            if not urlsplit(exchange.request.url).path.startswith(_CONTROLS)
        ]
        if asked:
            self.exchanges.by_part.setdefault(self._parts[-1], []).extend(asked)


def _without_large_body(exchange: Exchange) -> Exchange:
    large = len(exchange.request.body) > _LARGE
    return replace(exchange, request=replace(exchange.request, body=b"")) if large else exchange
