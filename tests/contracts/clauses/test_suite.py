"""Tests that the suite is complete and consistent, that the fake passes it, and that it notices mistakes."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml as yaml  # libyaml is bound to the first yaml of a process, and pytester forgets what a run has imported

import tunedmodels_contracts.suite as suite
from tunedmodels_contracts.clauses.clause import Clause, Cost, Need, clause_of
from tunedmodels_contracts.harness.operation_invariants import LAWS, SHAPE
from tunedmodels_contracts.targets import fake as fake_target
from tunedmodels_contracts.transport.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

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


class Watcher:
    """Records which clauses a run of pytest collects, and which of them fail."""

    def __init__(self) -> None:
        self.clauses: dict[str, tuple[Clause, str, str]] = {}
        self.fixtures: dict[str, set[str]] = {}
        self.failed: set[str] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Record the clause, its module, its docstring and its fixtures."""
        for item in items:
            found = clause_of(item)
            if found is not None and isinstance(item, pytest.Function):
                self.clauses[found.name] = found, item.path.stem, item.function.__doc__ or ""
                self.fixtures[found.name] = set(item.fixturenames)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        """Record the clauses that fail."""
        report: Any = yield
        found = clause_of(item)
        if found is not None and report.failed:
            self.failed.add(found.name)
        return report  # type: ignore[no-any-return]


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def collected(pytester: pytest.Pytester, watcher: Watcher) -> dict[str, tuple[Clause, str, str]]:
    """The clauses of the suite, each with its module and its docstring."""
    pytester.inline_run("--collect-only", "-q", *PLUGIN, "--pyargs", SUITE, plugins=[watcher])
    return watcher.clauses


# -- Complete and consistent ----------------------------------------------------------------------------------------


def test_the_fake_passes(pytester: pytest.Pytester) -> None:
    """The fake passes every clause, except known differences, and there are no warnings."""
    result = pytester.runpytest_subprocess("-q", "-W", "error", "--strict-markers", *PLUGIN, "--pyargs", SUITE)

    outcomes = result.parseoutcomes()
    assert result.ret == 0
    assert outcomes["passed"] > 500
    assert set(outcomes) <= {"passed", "xfailed"}  # no clause is skipped on the fake


def test_order_does_not_matter(pytester: pytest.Pytester) -> None:
    """No clause needs another one before it: in reverse order they pass, too."""

    class Backwards:
        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            items.reverse()

    result = pytester.inline_run("-q", *PLUGIN, "--pyargs", SUITE, plugins=[Backwards()])

    result.assertoutcome(passed=result.countoutcomes()[0], skipped=result.countoutcomes()[1], failed=0)


def test_every_method_has_success_and_errors(collected: dict[str, tuple[Clause, str, str]]) -> None:
    """Each method has clauses about its success and about its errors."""
    outcomes: dict[str, set[str]] = defaultdict(set)
    for found, module, _ in collected.values():
        if module not in ("test_credentials", "test_versions", "test_client"):
            for method in found.methods:
                outcomes[method].add(found.outcome)

    assert set(outcomes) == METHODS
    assert {
        method for method, method_outcomes in outcomes.items() if "200 OK" not in method_outcomes
    } == WITHOUT_SUCCESS
    assert [method for method, method_outcomes in outcomes.items() if not method_outcomes - {"200 OK"}] == []


def test_client_covers_every_method(collected: dict[str, tuple[Clause, str, str]]) -> None:
    """The clauses of the client call every method that the client has."""
    by_client = {
        method for found, module, _ in collected.values() if module == "test_client" for method in found.methods
    }

    assert METHODS - by_client == {"operations.delete", "models.generateContent"}  # the client has neither


def test_name_begins_with_its_module(collected: dict[str, tuple[Clause, str, str]]) -> None:
    """The name of a clause begins with the name of its module, so that a list of names has the order of the suite."""
    assert [name for name, (_, module, _) in collected.items() if f"test_{name.partition('/')[0]}" != module] == []


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


def test_docstring_names_the_kind_of_source(collected: dict[str, tuple[Clause, str, str]]) -> None:
    """A docstring is the sentence of the clause and the kind of its source."""
    source = re.compile(r"\b(observed|documented|inferred|seen|shown|reported|sample)\b", re.IGNORECASE)

    assert [name for name, (_, _, text) in collected.items() if not source.search(text)] == []


def test_costs_and_needs(collected: dict[str, tuple[Clause, str, str]], watcher: Watcher) -> None:
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
    all_fixtures = set().union(*watcher.fixtures.values())
    assert models | set(needs) <= all_fixtures
    for name, (found, _, _) in collected.items():
        fixtures = watcher.fixtures[name]
        assert found.cost is Cost.TUNING or not fixtures & models, name
        for fixture, need in needs.items():
            assert fixture not in fixtures or need in found.needs, name


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


def test_test_without_a_clause_is_refused(pytester: pytest.Pytester) -> None:
    """A test in the suite must have the mark of a clause."""
    pytester.makeconftest((FOLDER / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_marked=CLAUSE, test_bare="def test_bare(): pass")
    result = pytester.runpytest_subprocess(*PLUGIN)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_bare* has no clause mark; add @clause(...)"])


def test_duplicate_clause_name_is_refused(pytester: pytest.Pytester) -> None:
    """Only the cases of one function may share a clause."""
    pytester.makeconftest((FOLDER / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_one=CLAUSE, test_two=CLAUSE)
    result = pytester.runpytest_subprocess(*PLUGIN)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_one* and *test_two* have the same clause name some/name; rename one"])


# -- Mutants, servers with one mistake each --------------------------------------------------------------

Application = Callable[["WSGIEnvironment", Any], Iterable[bytes]]
Change = Callable[[str, Any], Any]


def _answers(application: Application, change_answer: Change) -> Application:
    """Return *application* with each JSON answer changed. *change_answer* gets ``METHOD /path`` and the value."""

    def call(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        start_arguments: list[Any] = []
        text = b"".join(application(environ, lambda *start: start_arguments.extend(start))).decode()
        status, headers = start_arguments[:2]
        if text.startswith("{"):
            value = change_answer(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", json.loads(text))
            text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
            if "error" in value and "code" in value["error"] and "metadata" not in value:
                status = f"{value['error']['code']} Changed"
        body = text.encode()
        other_headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*other_headers, ("Content-Length", str(len(body)))])
        return [body]

    return call


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _objects(item)


def _changes_objects(change: Callable[[dict[str, Any]], object]) -> Callable[[], Change]:
    def change_answer(_request_line: str, value: Any) -> Any:
        for one in list(_objects(value)):
            change(one)
        return value

    return lambda: change_answer


def _send_zeros(one: dict[str, Any]) -> None:
    if "totalSteps" in one:
        one.setdefault("completedSteps", 0)
    if "meanLoss" in one:
        one.setdefault("epoch", 0)


def _rename_member(one: dict[str, Any]) -> None:
    if "completedPercent" in one:
        one["percentComplete"] = one.pop("completedPercent")


def _write_local_time(one: dict[str, Any]) -> None:
    for name, value in one.items():
        if name.endswith("Time") and isinstance(value, str):
            one[name] = value.replace("Z", "+00:00")


def _write_fewer_digits(one: dict[str, Any]) -> None:
    for name, value in one.items():
        if name == "computeTime":
            one[name] = f"{value[:-4]}Z"


def _show_training_data(one: dict[str, Any]) -> None:
    if "hyperparameters" in one:
        one["trainingData"] = {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}


def _reverse_order(one: dict[str, Any]) -> None:
    members = list(one.items())
    one.clear()
    one.update(reversed(members))


def _forbid_missing(one: dict[str, Any]) -> None:
    if one.get("status") == "NOT_FOUND":
        one.update(code=403, status="PERMISSION_DENIED")


def _write_integers_as_text(one: dict[str, Any]) -> None:
    if "totalSteps" in one:
        one["totalSteps"] = str(one["totalSteps"])


def _write_long_floats(one: dict[str, Any]) -> None:
    if "meanLoss" in one:
        one["meanLoss"] += 1e-9


def _advance_epoch(one: dict[str, Any]) -> None:
    if "meanLoss" in one:
        one["epoch"] = one.get("epoch", 0) + 1


def _take_done_back() -> Change:
    counts: Counter[str] = Counter()

    def change_answer(request_line: str, value: Any) -> Any:
        if value.get("done"):
            counts[request_line] += 1
            if counts[request_line] == 2:
                return {name: inner for name, inner in value.items() if name not in ("done", "response")}
        return value

    return change_answer


def _lose_snapshots() -> Change:
    counts: Counter[str] = Counter()

    def change_answer(request_line: str, value: Any) -> Any:
        counts[request_line] += 1
        for one in _objects(value):
            if len(one.get("snapshots", ())) > 3 and counts[request_line] % 2:
                one["snapshots"] = one["snapshots"][:-2]
        return value

    return change_answer


def _lower_percent() -> Change:
    counts: Counter[str] = Counter()

    def change_answer(request_line: str, value: Any) -> Any:
        counts[request_line] += 1
        if counts[request_line] % 2 and "completedPercent" in value.get("metadata", {}):
            value["metadata"]["completedPercent"] /= 4
        return value

    return change_answer


def _update_time_on_patch() -> Change:
    patched: set[str] = set()

    def change_answer(request_line: str, value: Any) -> Any:
        method, _, path = request_line.partition(" ")
        if method == "PATCH":
            patched.add(path)
        if path in patched and "updateTime" in value:
            later = datetime.fromisoformat(value["updateTime"].removesuffix("Z")).replace(year=2099)
            value["updateTime"] = f"{later.isoformat(timespec='microseconds')}Z"
        return value

    return change_answer


def _add_name_to_patch_answer() -> Change:
    def change_answer(request_line: str, value: Any) -> Any:
        method, _, path = request_line.partition(" ")
        return {"name": path.removeprefix("/v1beta/"), **value} if method == "PATCH" else value

    return change_answer


def _repeat_page(application: Application) -> Application:
    def call(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        environ["QUERY_STRING"] = re.sub(r"&?pageToken=[^&]*", "", environ.get("QUERY_STRING", ""))
        return application(environ, start_response)

    return call


def _add_envelopes_to_unknown_paths(application: Application) -> Application:
    def call(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/v1/tunedModels":
            return application(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "application/json; charset=UTF-8")])
        return [b'{"error": {"code": 404, "message": "Not found.", "status": "NOT_FOUND"}}']

    return call


def _accept_anyone(application: Application) -> Application:
    """Accept requests without credentials."""

    def call(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        if "HTTP_AUTHORIZATION" in environ or "key=" in environ.get("QUERY_STRING", ""):
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json; charset=UTF-8")])
        return [b"{}\n"]

    return call


def _add_member(one: dict[str, Any]) -> None:
    if "supportedGenerationMethods" in one:
        one["supportsTuning"] = True


def _with_changes(make: Callable[[], Change]) -> Callable[[Application], Application]:
    return lambda application: _answers(application, make())


MUTANTS: dict[str, tuple[Callable[[Application], Application], set[str]]] = {
    "an untouched server": (_with_changes(lambda: lambda _, value: value), set()),
    "zero sent": (
        _with_changes(_changes_objects(_send_zeros)),
        {"forms/zeros-are-left-out", "create/answers-with-an-operation"},
    ),
    "member renamed": (
        _with_changes(_changes_objects(_rename_member)),
        {"operations/metadata-stays", "operations/steps-and-percent-agree"},
    ),
    "done goes back": (
        _with_changes(_take_done_back),
        {"operations/done-is-absorbing", "operations/ended-operation-never-changes"},
    ),
    "snapshot lost": (
        _with_changes(_lose_snapshots),
        {"operations/snapshots-append-only", "operations/one-snapshot-a-step"},
    ),
    "percent falls": (
        _with_changes(_lower_percent),
        {"operations/progress-never-falls", "operations/steps-and-percent-agree"},
    ),
    "epoch too early": (_with_changes(_changes_objects(_advance_epoch)), {"operations/epoch-law"}),
    "integers as text": (
        _with_changes(_changes_objects(_write_integers_as_text)),
        {"operations/members-have-their-types", "create/total-steps"},
    ),
    "floats of 64 bits": (_with_changes(_changes_objects(_write_long_floats)), {"forms/floats"}),
    "forbidden where missing": (
        _with_changes(_changes_objects(_forbid_missing)),
        {"get/missing-model", "permissions/of-a-missing-model", "delete/model-is-gone"},
    ),
    "local time": (
        _with_changes(_changes_objects(_write_local_time)),
        {"forms/times", "operations/members-have-their-types"},
    ),
    "times of microseconds": (_with_changes(_changes_objects(_write_fewer_digits)), {"forms/times"}),
    "training data shown": (
        _with_changes(_changes_objects(_show_training_data)),
        {"get/training-data-stays-secret", "list/entries-are-models", "get/members-when-active"},
    ),
    "order changed": (
        _with_changes(_changes_objects(_reverse_order)),
        {"get/members-when-active", "forms/envelope"},
    ),
    "patch counts as an update": (_with_changes(_update_time_on_patch), {"patch/does-not-count-as-an-update"}),
    "patch answers with more": (_with_changes(_add_name_to_patch_answer), {"patch/answers-with-the-masked-members"}),
    "page repeated": (_repeat_page, {"list/pages-have-every-model-once", "models/pages-have-every-model-once"}),
    "unknown paths have envelopes": (_add_envelopes_to_unknown_paths, {"versions/v1-does-not-manage-tuned-models"}),
    # No assertion is about this member: each answer is checked against the schema.
    "member made up": (
        _with_changes(_changes_objects(_add_member)),
        {"models/members", "models/list-matches-get", "facts/base-models"},
    ),
    "anybody may ask": (_accept_anyone, {"credentials/none"}),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_breaks_its_clauses(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, watcher: Watcher, name: str
) -> None:
    """A server with one mistake breaks the clauses about it."""
    change_answer, expected = MUTANTS[name]

    def adapter(application: WSGIApplication) -> WsgiAdapter:
        mutant: Any = change_answer(application)
        return WsgiAdapter(mutant)

    monkeypatch.setattr(fake_target, "WsgiAdapter", adapter)
    subjects = sorted({clause_name.partition("/")[0] for clause_name in expected} or {"operations", "get", "list"})
    pytester.inline_run(
        "-q", *PLUGIN, "--pyargs", *(f"{SUITE}.test_{subject}" for subject in subjects), plugins=[watcher]
    )

    assert watcher.clauses
    assert expected <= watcher.failed
    assert expected or not watcher.failed
