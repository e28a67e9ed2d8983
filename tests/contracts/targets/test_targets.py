"""Tests scopes, the ids that they make, and what a target learns of them."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels_contracts.clauses.clause import Need
from tunedmodels_contracts.targets.fake import fake
from tunedmodels_contracts.targets.scopes import ScopeTracker, recording_name, scope_name
from tunedmodels_contracts.targets.target import KINDS

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "tunedmodels_contracts.session.plugin")

CONFTEST = """
import pytest
from tunedmodels_contracts.clauses.clause import clause
from tunedmodels_contracts.targets.fake import fake
from tunedmodels_contracts.targets.pytest_hooks import open_scope_of_test as open_scope_of_test
from tunedmodels_contracts.targets.pytest_hooks import register

def pytest_configure(config):
    register(config)

@pytest.fixture(scope="session")
def target(pytestconfig):
    from dataclasses import replace
    fake_target = fake()
    target = replace(
        fake_target,
        on_judged=lambda scope, clause, shared, held: print("judged", scope, clause, "runs/a-run" in shared, held),
        on_scope_end=lambda: print("ended", fake_target.scopes.current.name),
    )
    pytestconfig.hook.pytest_tunedmodels_target(target=target)
    with target.session:
        yield target

@pytest.fixture(scope="session")
def a_run(target):
    print("up", target.scopes.current.name)
    yield
    print("down", target.scopes.current.name, target.scopes.current.is_shared)

@pytest.fixture
def own(target):
    yield
    print("own", target.scopes.current.name)
"""

CLAUSES = """
import pytest
from tunedmodels_contracts.clauses.clause import clause

@clause("a/one", "tunedModels.get")
def test_one(a_run, own, target):
    print("in", target.scopes.current.name)

@clause("a/cases", "tunedModels.get")
@pytest.mark.parametrize("case", ["v1", "No!"])
def test_cases(target, case):
    assert case == "v1"

@clause("a/left-out", "tunedModels.get")
def test_left_out(target):
    pytest.skip("no")
"""


def test_hooks_report_scopes_to_the_target(pytester: pytest.Pytester) -> None:
    """A clause and its fixtures are one scope. A session fixture is another, during its setup and its teardown."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(CLAUSES)
    output = pytester.runpytest_inprocess(*PLUGIN, "-s", "-q").stdout.str()

    lines = re.findall(r"^\.?F?s?((?:up|down|in|own|ended|judged) .+)$", output, re.MULTILINE)
    assert lines == [
        "up runs/a-run",
        "in a/one",
        "own a/one",
        "ended a/one",
        "judged a/one a/one True True",
        "ended a/cases/v1",
        "judged a/cases/v1 a/cases False True",
        f"judged {scope_name('a/cases', 'No!')} a/cases False False",
        "down runs/a-run True",  # the last clause is judged after its teardown
        "judged a/left-out a/left-out False False",
    ]


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("", r"create/id"),
        ("v1beta", r"create/id/v1beta"),
        ("15-5-2", r"create/id/15-5-2"),
        ("Contracts-a", r"create/id/contracts-a-[0-9a-f]{6}"),
        ("permissions/123456789012", r"create/id/permissions-[0-9a-f]{6}"),
        ("...", r"create/id/[0-9a-f]{6}"),
    ],
)
def test_scope_name_fits_into_a_file_name(case: str, name: str) -> None:
    """A case has the name of its parameters. A digest replaces what no file name can have, and what looks secret."""
    assert re.fullmatch(name, scope_name("create/id", case))


@settings(max_examples=50)
@given(st.lists(st.text(st.characters(codec="ascii"), min_size=1), unique=True, min_size=2, max_size=5))
def test_scope_names_are_unique(cases: list[str]) -> None:
    """Different parameters give different and valid names."""
    names = [recording_name(scope_name("a/b", case)) for case in cases]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(?:[.-][a-z0-9]+)*", name) for name in names)


def test_ids_depend_on_session_scope_and_count() -> None:
    """The same scope of the same session makes the same ids, whatever ran before."""
    first, second = ScopeTracker("abc123"), ScopeTracker("abc123")
    with second.open_scope("a/another"):
        second.new_id()
    names = []
    for scopes in (first, second):
        with scopes.open_scope("a/b"):
            names.append((scopes.new_id(), scopes.new_id()))

    assert names[0] == names[1]
    assert len(set(names[0])) == 2
    assert all(re.fullmatch(r"contracts-abc123[0-9a-f]{10}", name) for name in names[0])


def test_only_shared_scopes_continue_their_count() -> None:
    """If a shared run is opened again, its count continues. A clause that runs again makes the same ids again."""
    scopes = ScopeTracker()
    ids: dict[str, list[str]] = {"runs/finished": [], "a/b": []}
    for name, scope_ids in ids.items():
        for _ in range(2):
            with scopes.open_scope(name):
                scope_ids.append(scopes.new_id())

    assert len(set(ids["runs/finished"])) == 2
    assert len(set(ids["a/b"])) == 1
    assert scopes.current is None


def test_nested_scopes() -> None:
    """A shared run inside a clause is a scope of its own. A scope that raises is in ``failed``."""
    scopes = ScopeTracker()
    with scopes.open_scope("a/b") as outer:
        with suppress(KeyError), scopes.open_scope("runs/finished") as inner:
            assert scopes.current == inner
            raise KeyError
        assert scopes.current == outer

    assert scopes.failed == {inner}


def test_variables_are_those_that_were_sent() -> None:
    """A recording gets only those ids of the session that its requests contain."""
    scopes = ScopeTracker("abc123")
    with scopes.open_scope("a/b"):
        sent_id, _unsent_id = scopes.new_id(), scopes.new_id()

    assert scopes.variables(f"GET /v1beta/tunedModels/{sent_id}") == {"run": "abc123", "a/b-1": sent_id}
    assert scopes.variables("GET /v1beta/tunedModels") == {}


def test_target_has_a_reason_for_a_missing_capability() -> None:
    """A target says why it does not meet a need."""
    with (target := fake()).session:
        assert target.kind in KINDS
        assert target.reason(Need.FAILING_RUN) == "the target has no failing-run"
