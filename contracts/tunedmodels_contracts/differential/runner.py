"""The runner: the suite on two targets, with what was asked and answered noted clause by clause."""

from __future__ import annotations

import multiprocessing
from collections.abc import Generator, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ..clause import clause_of
from ..mutants.inner import run_inside
from ..mutants.registry import named
from ..mutants.spoiled import spoil
from ..recordings.exchange import Exchange
from ..recordings.tape import Tape
from ..targets.target import Target
from .compare import compare
from .finding import SEVERITIES, Finding
from .identities import Identities

_LARGE = 100_000  # bytes of a request that are not kept: nobody compares them

Noted = dict[str, list[Exchange]]


@dataclass(frozen=True)
class Side:
    """One of the two: pytest's *arguments* that choose the target, and the mutant that spoils it, if one does."""

    arguments: tuple[str, ...] = ()
    mutant: str = ""


def differential(first: Side, second: Side, clauses: Iterable[str] | None = None) -> list[Finding]:
    """Ask both sides *clauses*, by default all, and return where they differ, the gravest first.

    What clauses share is asked once, and its differences are told under its own name. Raises RuntimeError where the
    suite cannot be run on one of them, and KeyError for a mutant that there is not.
    """
    asked = None if clauses is None else frozenset(clauses)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        sides = [pool.submit(exchanges, side, asked) for side in (first, second)]
        ours, theirs = (side.result() for side in sides)
    identities = Identities(), Identities()
    found = [
        finding
        for name in dict.fromkeys([*ours, *theirs])
        for finding in compare(ours.get(name, ()), theirs.get(name, ()), name, identities)
    ]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def exchanges(side: Side, clauses: frozenset[str] | None = None) -> Noted:
    """Return what was asked of *side* and answered, by the clause or the shared part of several that asked.

    It changes the process for good, as pytest does: give it one of its own.
    """
    notes = _Notes(clauses, side.mutant)
    run_inside(notes, side.arguments)
    return notes.noted


class _Notes:
    """The pytest plugin that notes who asks what."""

    def __init__(self, clauses: frozenset[str] | None, mutant: str) -> None:
        self._clauses = clauses
        self._mutant = named(mutant) if mutant else None
        self._tapes: list[Tape] = []
        self._asking = ["the session"]
        self._taken = 0
        self.noted: Noted = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the clauses that are asked for."""
        known = [(item, clause_of(item)) for item in items]
        items[:] = [item for item, one in known if one and (self._clauses is None or one.name in self._clauses)]

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """Listen to the target as soon as there is one; what is made for several clauses has its own name."""
        shared = fixturedef.scope == "session"
        if shared:
            self._note()
            self._asking.append(f"made for several clauses: {fixturedef.argname}")
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
                self._tapes.append(Tape(adapter))
                made.session.mount(prefix, self._tapes[-1])
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

    def _note(self) -> None:
        """Put down what was asked since the last time under who is asking now."""
        everything = [exchange for tape in self._tapes for exchange in tape.exchanges]
        new = everything[self._taken :]
        self._taken = len(everything)
        if new:
            self.noted.setdefault(self._asking[-1], []).extend(map(_small, new))


def _small(exchange: Exchange) -> Exchange:
    large = len(exchange.request.body) > _LARGE
    return replace(exchange, request=replace(exchange.request, body=b"")) if large else exchange
