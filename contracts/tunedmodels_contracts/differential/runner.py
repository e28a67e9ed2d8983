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
from ..mutation.adapter import spoil
from ..mutation.registry import named
from ..pytest_runner.pool import workers
from ..pytest_runner.run import run_inside
from ..recordings.exchange import Exchange
from ..recordings.tape import Tape
from ..targets.live.budget import Meter
from ..targets.live.ledger import Noting
from ..targets.target import Target
from .compare import compare
from .finding import SEVERITIES, Finding, Severity
from .identities import Identities

_CONTROLS = "/_emulator/"  # of a mock server, which no other has
_SHARED = "made for several clauses: "
_LARGE = 100_000  # bytes of a request that are not kept: nobody compares them


@dataclass
class Noted:
    """What one side was asked and answered, by who asked; *left_out* are tests that did not run, with their clauses."""

    by: dict[str, list[Exchange]] = field(default_factory=dict)
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

    findings: tuple[Finding, ...]
    compared: tuple[str, ...]
    left_out: tuple[str, ...]

    def count(self, severity: Severity) -> int:
        """Return how many differences are as grave as that."""
        return sum(finding.severity == severity for finding in self.findings)


def differential(first: Side, second: Side, clauses: Iterable[str] | None = None) -> Comparison:
    """Ask both sides *clauses*, by default all, and return where they differ.

    What clauses share is asked once, and its differences are told under its own name. Raises RuntimeError where the
    suite cannot be run on one of them, or nothing could be compared, and KeyError for a mutant that there is not.
    """
    asked = None if clauses is None else frozenset(clauses)
    with workers(2) as submit:
        sides = [submit(exchanges, side, asked) for side in (first, second)]
        ours, theirs = _noted("first", sides[0]), _noted("second", sides[1])
    left_out = {clause for clause, _ in ours.left_out ^ theirs.left_out}
    # What is shared by clauses that are left out is made on one side alone.
    alone = {name for name in ours.by.keys() ^ theirs.by.keys() if name.startswith(_SHARED)}
    names = [name for name in dict.fromkeys([*ours.by, *theirs.by]) if name not in left_out | alone]
    if not names:
        raise RuntimeError("Nothing was asked of both, so nothing was compared.")
    identities = Identities(), Identities()
    found = [
        finding
        for name in names
        for finding in compare(ours.by.get(name, ()), theirs.by.get(name, ()), name, identities)
    ]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Comparison(tuple(found), tuple(name for name in names if "/" in name), tuple(sorted(left_out)))


def _noted(which: str, side: Future[Noted]) -> Noted:
    try:
        return side.result()
    except RuntimeError as error:
        raise RuntimeError(f"On the {which} server {error}") from None


def exchanges(side: Side, clauses: frozenset[str] | None = None) -> Noted:
    """Return what was asked of *side* and answered, by the clause or the shared part of several that asked.

    It changes the process for good, as pytest does: give it one of its own.
    """
    notes = _Notes(clauses, side.mutant)
    run_inside(notes, ("-p", "no:tunedmodels-session", *side.arguments))
    return notes.noted


class _Notes:
    """The pytest plugin that notes who asks what."""

    def __init__(self, clauses: frozenset[str] | None, mutant: str) -> None:
        self._clauses = clauses
        self._mutant = named(mutant) if mutant else None
        self._tapes: list[Tape] = []
        self._asking = ["the session"]
        self._taken = 0
        self.noted = Noted()

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
            self.noted.left_out.add((clause.name, item.name))
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """Listen to the target as soon as there is one; what is made for several clauses has its own name."""
        shared = fixturedef.scope == "session"
        if shared:
            self._note()
            self._asking.append(_SHARED + fixturedef.argname)
        try:
            made = yield
        finally:
            if shared:
                self._note()
                self._asking.pop()
        if fixturedef.argname == "target" and isinstance(made, Target):
            if self._mutant:
                spoil(made.session, self._mutant)
            for prefix, adapter in list(made.session.adapters.items()):
                made.session.mount(prefix, self._listening(adapter))
        return made

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Note what a clause asks under its name."""
        clause = clause_of(item)
        self._asking.append(clause.name if clause else item.nodeid)
        try:
            return (yield)
        finally:
            self._note()
            self._asking.pop()

    def _listening(self, adapter: BaseAdapter) -> BaseAdapter:
        """Return *adapter* with a tape where answers arrive: what counts and notes for live reads them to their end."""
        if isinstance(adapter, (Meter, Noting)):
            adapter.adapter = self._listening(adapter.adapter)
            return adapter
        self._tapes.append(Tape(adapter))
        return self._tapes[-1]

    def _note(self) -> None:
        """Put down what was asked since the last time under who is asking now."""
        everything = [exchange for tape in self._tapes for exchange in tape.exchanges]
        new = everything[self._taken :]
        self._taken = len(everything)
        asked = [_small(exchange) for exchange in new if not urlsplit(exchange.request.url).path.startswith(_CONTROLS)]
        if asked:
            self.noted.by.setdefault(self._asking[-1], []).extend(asked)


def _small(exchange: Exchange) -> Exchange:
    large = len(exchange.request.body) > _LARGE
    return replace(exchange, request=replace(exchange.request, body=b"")) if large else exchange
