"""Defines the pytest hooks that tell the target which scope sends a request, and whether each clause held.

Each clause is a scope. Each session fixture is one, too, because it can send requests.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ..clauses.clause import clause_of
from .scopes import RUNS, scope_name
from .target import Target

_NAME = "tunedmodels-scopes"

_HAS_HELD = pytest.StashKey[bool]()
_ON_JUDGED = pytest.StashKey[Callable[[bool], object]]()


def register(config: pytest.Config) -> None:
    """Register the hooks with pytest, unless they are registered already."""
    if not config.pluginmanager.has_plugin(_NAME):
        config.pluginmanager.register(_Hooks(), _NAME)


def scope_of(item: pytest.Item) -> str:
    """Return the name of the scope of the test *item*, which is a clause or one of its cases."""
    clause = clause_of(item)
    spec = getattr(item, "callspec", None)
    return scope_name(clause.name if clause else item.name, spec.id if spec else "")


class _Hooks:
    """The hooks, as a plugin. Session fixtures belong to no folder, so pytest does not call the hooks of a conftest.py
    for them.
    """

    def __init__(self) -> None:
        self._target: Target | None = None

    @pytest.hookimpl(optionalhook=True)  # without the suite's plugin, pytest must reach the error that names it
    def pytest_tunedmodels_target(self, target: Target) -> None:
        """Keep the target. Fixtures that are set up after it have a scope."""
        self._target = target

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        """Open the scope of a session fixture during its setup and its teardown, but not between them."""
        target = self._target
        if fixturedef.scope != "session" or target is None:
            return (yield)
        name = shared_scope_name(fixturedef.argname)
        stack = ExitStack()
        # Finalizers run in reverse order, so the fixture's own teardown runs between these two.
        fixturedef.addfinalizer(stack.close)
        with target.scopes.open_scope(name):
            value = yield
        fixturedef.addfinalizer(lambda: stack.enter_context(target.scopes.open_scope(name)))
        return value

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """After the last phase of a clause, tell the target whether the clause held in all phases."""
        report = yield
        item.stash[_HAS_HELD] = report.passed and (call.when == "setup" or item.stash.get(_HAS_HELD, False))
        if call.when == "teardown" and _ON_JUDGED in item.stash:
            item.stash[_ON_JUDGED](item.stash[_HAS_HELD])
        return report


@pytest.fixture(autouse=True)
def open_scope_of_test(request: pytest.FixtureRequest, target: Target) -> Iterator[None]:
    """Open the scope of the running test. If the test has passed, call ``on_scope_end``, which can fail it for unused
    exchanges.
    """
    name = scope_of(request.node)
    clause = clause_of(request.node)
    shared = tuple(map(shared_scope_name, request.fixturenames))
    if clause:
        clause_name = clause.name
        request.node.stash[_ON_JUDGED] = lambda held: target.on_judged(name, clause_name, shared, held)
    with target.scopes.open_scope(name):
        yield
        if request.node.stash.get(_HAS_HELD, False):
            target.on_scope_end()


def shared_scope_name(fixture: str) -> str:
    """Return the name of the scope of the session fixture *fixture*."""
    return f"{RUNS}{fixture.strip('_').replace('_', '-')}"
