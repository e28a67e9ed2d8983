"""Hooks of pytest that tell the target which part of the session it is that asks, and how each ended.

Each clause is a part, and so is each fixture of the session, which may ask too.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ..clauses.clause import clause_of
from .scopes import RUNS, scope_name
from .target import Target

_NAME = "tunedmodels-parts"

_TARGET = pytest.StashKey[Target]()
_HELD = pytest.StashKey[bool]()
_JUDGED = pytest.StashKey[Callable[[bool], object]]()


def register(config: pytest.Config) -> None:
    """Let pytest call the hooks, once."""
    if not config.pluginmanager.has_plugin(_NAME):
        config.pluginmanager.register(_Hooks(), _NAME)


def scope_of(item: pytest.Item) -> str:
    """Return the name of the part that the clause *item* is, or one of its cases."""
    clause = clause_of(item)
    spec = getattr(item, "callspec", None)
    return scope_name(clause.name if clause else item.name, spec.id if spec else "")


class _Hooks:
    """What pytest calls. Fixtures of the session belong to no folder, so a conftest's own hooks do not hear of them."""

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """Make a fixture of the session a part of its own: its setup and its teardown, not the time between."""
        target = request.config.stash.get(_TARGET, None)
        if fixturedef.scope != "session" or fixturedef.argname == "target" or target is None:
            made = yield
            if isinstance(made, Target):
                request.config.stash[_TARGET] = made
            return made
        name = shared_scope_name(fixturedef.argname)
        stack = ExitStack()
        # The last that is added is the first to run: the fixture's own teardown comes between these two.
        fixturedef.addfinalizer(stack.close)
        with target.scopes.part(name):
            made = yield
        fixturedef.addfinalizer(lambda: stack.enter_context(target.scopes.part(name)))
        return made

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Tell the target whether a clause has held in all phases, once the last is over."""
        report = yield
        item.stash[_HELD] = report.passed and (call.when == "setup" or item.stash.get(_HELD, False))
        if call.when == "teardown" and _JUDGED in item.stash:
            item.stash[_JUDGED](item.stash[_HELD])
        return report


@pytest.fixture(autouse=True)
def part(request: pytest.FixtureRequest, target: Target) -> Iterator[None]:
    """Say who asks. It is an assertion that a clause that held has asked all that was recorded of it."""
    name = scope_of(request.node)
    clause = clause_of(request.node)
    shared = tuple(map(shared_scope_name, request.fixturenames))
    if clause:
        whose = clause.name
        request.node.stash[_JUDGED] = lambda held: target.on_judged(name, whose, shared, held)
    with target.scopes.part(name):
        yield
        if request.node.stash.get(_HELD, False):
            target.on_scope_end()


def shared_scope_name(fixture: str) -> str:
    """Return the name of the part that a *fixture* of the session is."""
    return f"{RUNS}{fixture.strip('_').replace('_', '-')}"
