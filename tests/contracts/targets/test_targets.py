"""Targets: parts, names, and what a target is told of them."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_contracts.clauses.clause import Need
from tunedmodels_contracts.targets.fake import fake
from tunedmodels_contracts.targets.scopes import ScopeTracker, recording_name, scope_name
from tunedmodels_contracts.targets.target import KINDS

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "tunedmodels_contracts.session.plugin")

WATCHED = """
import pytest
from tunedmodels_contracts.clauses.clause import clause
from tunedmodels_contracts.targets.fake import fake
from tunedmodels_contracts.targets.pytest_hooks import part as part
from tunedmodels_contracts.targets.pytest_hooks import register

def pytest_configure(config):
    register(config)

@pytest.fixture(scope="session")
def target():
    from dataclasses import replace
    made = fake()
    target = replace(
        made,
        on_judged=lambda part, clause, shared, held: print("judged", part, clause, "runs/a-run" in shared, held),
        on_scope_end=lambda: print("ended", made.scopes.current.name),
    )
    with target.session:
        yield target

@pytest.fixture(scope="session")
def a_run(target):
    print("up", target.scopes.current.name)
    yield
    print("down", target.scopes.current.name, target.scopes.current.shared)

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


def test_hooks_tell_who_asks(pytester: pytest.Pytester) -> None:
    """Each clause is a part with its fixtures, a fixture of the session is one of its own, at both of its ends."""
    pytester.makeconftest(WATCHED)
    pytester.makepyfile(CLAUSES)
    shown = pytester.runpytest_subprocess(*PLUGIN, "-s", "-q").stdout.str()

    said = re.findall(r"^\.?F?s?((?:up|down|in|own|ended|judged) .+)$", shown, re.MULTILINE)
    assert said == [
        "up runs/a-run",
        "in a/one",
        "own a/one",
        "ended a/one",
        "judged a/one a/one True True",
        "ended a/cases/v1",
        "judged a/cases/v1 a/cases False True",
        f"judged {scope_name('a/cases', 'No!')} a/cases False False",
        "down runs/a-run True",  # with the last clause's teardown, whose end is told after it
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
def test_cases_have_names_that_files_can_have(case: str, name: str) -> None:
    """A case is called as its parameters are, with a digest where that is no name for a file, or looks secret."""
    assert re.fullmatch(name, scope_name("create/id", case))


@given(st.lists(st.text(st.characters(codec="ascii"), min_size=1), unique=True, min_size=2, max_size=5))
def test_no_two_cases_have_one_name(cases: list[str]) -> None:
    """Whatever the ids of parameters are, each case has a name of its own, and a legal one."""
    names = [recording_name(scope_name("a/b", case)) for case in cases]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(?:[.-][a-z0-9]+)*", name) for name in names)


def test_names_follow_from_session_part_and_count() -> None:
    """The same part of the same session comes to the same names, whatever came before."""
    first, second = ScopeTracker("abc123"), ScopeTracker("abc123")
    with second.part("a/another"):
        second.new_id()
    names = []
    for parts in (first, second):
        with parts.part("a/b"):
            names.append((parts.new_id(), parts.new_id()))

    assert names[0] == names[1]
    assert len(set(names[0])) == 2
    assert all(re.fullmatch(r"contracts-abc123[0-9a-f]{10}", name) for name in names[0])
    assert first.owns(names[0][0])
    assert not first.owns("contracts-other")


def test_a_run_is_one_part_and_a_clause_tried_again_another() -> None:
    """A shared run goes on with its count where it is entered again; a clause begins anew."""
    parts = ScopeTracker()
    ids: dict[str, list[str]] = {"runs/finished": [], "a/b": []}
    for name, made in ids.items():
        for _ in range(2):
            with parts.part(name):
                made.append(parts.new_id())

    assert len(set(ids["runs/finished"])) == 2
    assert len(set(ids["a/b"])) == 1
    assert parts.current is None


def test_parts_within_parts() -> None:
    """A run that a clause needs first is a part of its own; one that fails is remembered."""
    parts = ScopeTracker()
    with parts.part("a/b") as outer:
        with suppress(KeyError), parts.part("runs/finished") as inner:
            assert parts.current == inner
            raise KeyError
        assert parts.current == outer

    assert parts.failed == {inner}


def test_variables() -> None:
    """Of what a session has chosen, a recording gets what was sent in it."""
    parts = ScopeTracker("abc123")
    with parts.part("a/b"):
        sent, _not_sent = parts.new_id(), parts.new_id()

    assert parts.variables(f"GET /v1beta/tunedModels/{sent}") == {"run": "abc123", "a/b-1": sent}
    assert parts.variables("GET /v1beta/tunedModels") == {}


def test_reasons() -> None:
    """A target says why it has not what a clause needs."""
    with (target := fake()).session:
        assert target.kind in KINDS
        assert target.reason(Need.FAILING_RUN) == "the target has no failing-run"
