"""Tests that the suite is complete and consistent, that the fake passes it, and that it notices mistakes."""

from __future__ import annotations

import ast
import os
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import tunedmodels_contracts.suite as suite
from tunedmodels_contracts.clauses.clause import Clause, Cost, Need, clause_of
from tunedmodels_contracts.harness.operation_invariants import LAWS, SHAPE
from tunedmodels_contracts.mutation.selftest import selftest

pytest_plugins = ["pytester"]

SUITE = "tunedmodels_contracts.suite"
PLUGIN = ("-p", "tunedmodels_contracts.session.plugin")
FOLDER = Path(suite.__path__[0])

METHODS = {
    "tunedModels.create",
    "tunedModels.list",
    "tunedModels.get",
    "tunedModels.patch",
    "tunedModels.delete",
    "tunedModels.transferOwnership",
    "tunedModels.generateContent",
    "tunedModels.streamGenerateContent",
    "tunedModels.permissions.create",
    "tunedModels.permissions.list",
    "tunedModels.permissions.get",
    "tunedModels.permissions.patch",
    "tunedModels.permissions.delete",
    "tunedModels.operations.get",
    "tunedModels.operations.list",
    "tunedModels.operations.cancel",
    "operations.list",
    "operations.delete",
    "models.get",
    "models.list",
    "models.generateContent",
}
# No operation that tunes has a name that this method takes, so no source shows it succeed.
WITHOUT_SUCCESS = {"operations.delete"}


@dataclass
class ReversedRun:
    """Runs the suite in reverse order, and records its clauses and what fails.

    Each clause has its module, its docstring and its fixtures.
    """

    clauses: dict[str, tuple[Clause, str, str]] = field(default_factory=dict)
    fixtures: dict[str, set[str]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Record the clauses, and reverse their order."""
        for item in items:
            clause = clause_of(item)
            if clause is not None and isinstance(item, pytest.Function):
                self.clauses[clause.name] = clause, item.path.stem, item.function.__doc__ or ""
                self.fixtures[clause.name] = set(item.fixturenames)
        items.reverse()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record a failure of a test, its setup or its teardown."""
        if report.failed:
            self.failures.append(report.nodeid)


@pytest.fixture(scope="module")
def reversed_run() -> ReversedRun:
    """One run of the suite on the fake for all tests that look at its clauses."""
    run = ReversedRun()
    pytest.main(["-q", "-c", os.devnull, "-p", "no:cacheprovider", *PLUGIN, "--pyargs", SUITE], plugins=[run])
    return run


# -- Complete and consistent ----------------------------------------------------------------------------------------


def test_the_fake_passes(pytester: pytest.Pytester) -> None:
    """The fake passes every clause, except known differences, and there are no warnings."""
    result = pytester.runpytest_subprocess("-q", "-W", "error", "--strict-markers", *PLUGIN, "--pyargs", SUITE)

    outcomes = result.parseoutcomes()
    assert result.ret == 0
    assert outcomes["passed"] > 500
    assert set(outcomes) <= {"passed", "xfailed"}  # no clause is skipped on the fake


def test_order_does_not_matter(reversed_run: ReversedRun) -> None:
    """No clause needs another one before it: in reverse order they pass, too."""
    assert reversed_run.clauses
    assert reversed_run.failures == []


def test_every_method_has_success_and_errors(reversed_run: ReversedRun) -> None:
    """Each method has clauses about its success and about its errors."""
    outcomes: dict[str, set[str]] = defaultdict(set)
    for clause, module, _ in reversed_run.clauses.values():
        if module not in ("test_credentials", "test_versions", "test_client"):
            for method in clause.methods:
                outcomes[method].add(clause.outcome)

    assert set(outcomes) == METHODS
    assert {method for method, all_ in outcomes.items() if "200 OK" not in all_} == WITHOUT_SUCCESS
    assert [method for method, all_ in outcomes.items() if not all_ - {"200 OK"}] == []


def test_client_covers_every_method(reversed_run: ReversedRun) -> None:
    """The clauses of the client call every method that the client has."""
    by_client = {
        method
        for clause, module, _ in reversed_run.clauses.values()
        if module == "test_client"
        for method in clause.methods
    }

    assert METHODS - by_client == {"operations.delete", "models.generateContent"}  # the client has neither


def test_name_begins_with_its_module(reversed_run: ReversedRun) -> None:
    """The name of a clause begins with the name of its module, so that a list of names has the order of the suite."""
    assert [
        name for name, (_, module, _) in reversed_run.clauses.items() if f"test_{name.partition('/')[0]}" != module
    ] == []


def test_function_has_the_name_of_its_clause() -> None:
    """Each clause has one function, which has the name of the clause."""
    names: Counter[str] = Counter()
    for file in FOLDER.glob("test_*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            (name,) = (
                str(ast.literal_eval(mark.args[0]))
                for mark in node.decorator_list
                if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "clause"
            )
            names[name] += 1
            assert node.name == f"test_{name.partition('/')[2].replace('-', '_')}"

    assert max(names.values()) == 1


def test_docstring_names_the_kind_of_source(reversed_run: ReversedRun) -> None:
    """A docstring is the sentence of the clause and the kind of its source."""
    source = re.compile(r"\b(observed|documented|inferred|seen|shown|reported|sample)\b", re.IGNORECASE)

    assert [name for name, (_, _, text) in reversed_run.clauses.items() if not source.search(text)] == []


def test_costs_and_needs(reversed_run: ReversedRun) -> None:
    """The mark of a clause has the cost and the needs of its fixtures."""
    models = {"create", "in_creation", "observed_run", "finished_run", "scratch_run", "cancelled_run", "eleven_models"}
    models |= {"failed_run", "own_failed_run", "foreign_model"}
    needs = {
        "other_api": Need.SECOND_CALLER,
        "foreign_model": Need.SECOND_CALLER,
        "anonymous_api": Need.CREDENTIALS_JUDGED,
        "failed_run": Need.FAILING_RUN,
        "own_failed_run": Need.FAILING_RUN,
    }
    all_fixtures = set().union(*reversed_run.fixtures.values())
    assert models | set(needs) <= all_fixtures
    for name, (clause, _, _) in reversed_run.clauses.items():
        fixtures = reversed_run.fixtures[name]
        assert clause.cost is Cost.TUNING or not fixtures & models, name
        for fixture, need in needs.items():
            assert fixture not in fixtures or need in clause.needs, name


def test_every_law_has_a_clause() -> None:
    """The clauses about operations have all laws of a run."""
    text = (FOLDER / "test_operations.py").read_text(encoding="utf-8")

    assert [law for law in LAWS if law not in text] == []
    assert "SHAPE" in text
    assert SHAPE not in LAWS


CLAUSE = """
    from tunedmodels_contracts.clauses.clause import clause

    @clause("some/name", "models.get")
    def test_clause():
        pass
"""


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (
            {"test_marked": CLAUSE, "test_bare": "def test_bare(): pass"},
            "*test_bare* has no clause mark; add @clause(...)",
        ),
        (
            {"test_one": CLAUSE, "test_two": CLAUSE},
            "*test_one* and *test_two* have the same clause name some/name; rename one",
        ),
    ],
)
def test_each_test_has_a_clause_of_its_own(pytester: pytest.Pytester, files: dict[str, str], problem: str) -> None:
    """A test in the suite must have the mark of a clause, which only the cases of one function may share."""
    pytester.makeconftest((FOLDER / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(**files)
    result = pytester.runpytest_inprocess(*PLUGIN)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([problem])


# -- Mutants, servers with one mistake each --------------------------------------------------------------

MUTANTS: dict[str, set[str]] = {
    "zeros-written": {"forms/zeros-are-left-out", "create/answers-with-an-operation"},
    "member-renamed": {"get/members-when-active"},
    "done-goes-back": {"operations/done-is-absorbing", "operations/ended-operation-never-changes"},
    "snapshot-lost": {"operations/one-snapshot-a-step"},
    "losses-rewritten": {"operations/snapshots-append-only"},
    "percent-falls": {"operations/progress-never-falls", "operations/steps-and-percent-agree"},
    "epochs-from-one": {"operations/epoch-law"},
    "integers-as-texts": {"operations/members-have-their-types", "create/total-steps"},
    "floats-of-64-bits": {"forms/floats"},
    "missing-models-are-forbidden": {"get/missing-model", "permissions/of-a-missing-model", "delete/model-is-gone"},
    "times-in-local-form": {"forms/times", "operations/members-have-their-types"},
    "times-in-milliseconds": {"forms/times"},
    "training-data-shown": {"get/training-data-stays-secret", "list/entries-are-models"},
    "members-sorted": {"get/members-when-active", "forms/envelope"},
    "any-patch-is-an-update": {"patch/does-not-count-as-an-update"},
    "patches-show-the-whole": {"patch/answers-with-the-masked-members"},
    "unknown-routes-in-envelopes": {"versions/v1-does-not-manage-tuned-models"},
    "credentials-unchecked": {"credentials/none"},
    "page-repeated": {"list/pages-have-every-model-once", "models/pages-have-every-model-once"},
    "members-made-up": {"facts/base-models"},
}
"""Mutants, each with clauses that are about its mistake."""


def test_mutants_break_the_clauses_about_them() -> None:
    """A server with one mistake breaks the clauses about it."""
    clauses = set().union(*MUTANTS.values())
    kills = selftest(clauses, MUTANTS, jobs=1).kills

    assert {name: sorted(expected - kills[name]) for name, expected in MUTANTS.items() if expected - kills[name]} == {}
