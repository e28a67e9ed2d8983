"""The suite: whole, in order, passed by the fake, and able to tell when a server is wrong."""

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
    """Notes which clauses a run of pytest collects, and which of them fail."""

    def __init__(self) -> None:
        self.clauses: dict[str, tuple[Clause, str, str]] = {}
        self.given: dict[str, set[str]] = {}
        self.failed: set[str] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note name, module and docstring."""
        for item in items:
            found = clause_of(item)
            if found is not None and isinstance(item, pytest.Function):
                self.clauses[found.name] = found, item.path.stem, item.function.__doc__ or ""
                self.given[found.name] = set(item.fixturenames)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        """Note what failed."""
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


# -- Whole and in order ----------------------------------------------------------------------------------------


def test_the_fake_passes(pytester: pytest.Pytester) -> None:
    """The fake keeps every clause, but for what is known of it, and no warning comes."""
    result = pytester.runpytest_subprocess("-q", "-W", "error", "--strict-markers", *PLUGIN, "--pyargs", SUITE)

    outcomes = result.parseoutcomes()
    assert result.ret == 0
    assert outcomes["passed"] > 500
    assert set(outcomes) <= {"passed", "xfailed"}  # there is nothing that the fake cannot be asked


def test_any_order_will_do(pytester: pytest.Pytester) -> None:
    """No clause needs another before it: backwards they pass too."""

    class Backwards:
        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            items.reverse()

    result = pytester.inline_run("-q", *PLUGIN, "--pyargs", SUITE, plugins=[Backwards()])

    result.assertoutcome(passed=result.countoutcomes()[0], skipped=result.countoutcomes()[1], failed=0)


def test_every_method_succeeds_and_is_refused(collected: dict[str, tuple[Clause, str, str]]) -> None:
    """Each method has clauses about its success, and about refusals of its own."""
    outcomes: dict[str, set[str]] = defaultdict(set)
    for found, module, _ in collected.values():
        if module not in ("test_credentials", "test_versions", "test_client"):
            for method in found.methods:
                outcomes[method].add(found.outcome)

    assert set(outcomes) == METHODS
    assert {method for method, shown in outcomes.items() if "200 OK" not in shown} == WITHOUT_SUCCESS
    assert [method for method, shown in outcomes.items() if not shown - {"200 OK"}] == []


def test_both_ways(collected: dict[str, tuple[Clause, str, str]]) -> None:
    """Every method but one is asked through our client as well as by bare requests."""
    by_client = {
        method for found, module, _ in collected.values() if module == "test_client" for method in found.methods
    }

    assert METHODS - by_client == {"operations.delete", "models.generateContent"}  # the client has neither


def test_names_sort_by_subject(collected: dict[str, tuple[Clause, str, str]]) -> None:
    """A clause's name begins with its module's subject, so that a list of names stays in the order of the suite."""
    assert [name for name, (_, module, _) in collected.items() if f"test_{name.partition('/')[0]}" != module] == []


def test_tests_are_called_after_their_clauses() -> None:
    """The function of a clause has the clause's name, and there is one for each."""
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


def test_each_clause_says_how_it_is_known(collected: dict[str, tuple[Clause, str, str]]) -> None:
    """A docstring is the sentence of the contract, and where it is known from."""
    source = re.compile(r"\b(observed|documented|inferred|seen|shown|reported|sample)\b", re.IGNORECASE)

    assert [name for name, (_, _, text) in collected.items() if not source.search(text)] == []


def test_costs_and_needs(collected: dict[str, tuple[Clause, str, str]], watcher: Watcher) -> None:
    """A clause says that it tunes if it is given a model, and what it needs of its target."""
    models = {"create", "in_creation", "seen", "finished", "scratch", "cancelled", "foreign", "eleven"}
    models |= {"failed", "failed_too"}
    needs = {
        "other": Need.SECOND_CALLER,
        "foreign": Need.SECOND_CALLER,
        "stranger": Need.CREDENTIALS_JUDGED,
        "failed": Need.FAILING_RUN,
        "failed_too": Need.FAILING_RUN,
    }
    for name, (found, _, _) in collected.items():
        given = watcher.given[name]
        assert found.cost is Cost.TUNING or not given & models, name
        for fixture, need in needs.items():
            assert fixture not in given or need in found.needs, name


def test_every_law_has_a_clause() -> None:
    """The laws of a run are all among the clauses about operations."""
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


def test_a_test_without_a_clause_is_refused(pytester: pytest.Pytester) -> None:
    """Who adds a test to the suite says which clause it is."""
    pytester.makeconftest((FOLDER / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_marked=CLAUSE, test_bare="def test_bare(): pass")
    result = pytester.runpytest_subprocess(*PLUGIN)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_bare* is in the suite, and has no mark that says which clause it is"])


def test_two_clauses_of_one_name_are_refused(pytester: pytest.Pytester) -> None:
    """A name is one clause's, whose parameters share it."""
    pytester.makeconftest((FOLDER / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_one=CLAUSE, test_two=CLAUSE)
    result = pytester.runpytest_subprocess(*PLUGIN)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_two* and *test_one* are both the clause some/name"])


# -- Mutants: servers that are wrong in one thing --------------------------------------------------------------

Application = Callable[["WSGIEnvironment", Any], Iterable[bytes]]
Spoil = Callable[[str, Any], Any]


def _answers(application: Application, spoil: Spoil) -> Application:
    """Return *application* with each JSON answer replaced by what *spoil* makes of ``METHOD /path`` and its value."""

    def call(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        begun: list[Any] = []
        text = b"".join(application(environ, lambda *start: begun.extend(start))).decode()
        status, headers = begun[:2]
        if text.startswith("{"):
            value = spoil(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", json.loads(text))
            text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
            if "error" in value and "code" in value["error"] and "metadata" not in value:
                status = f"{value['error']['code']} Spoiled"
        body = text.encode()
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*kept, ("Content-Length", str(len(body)))])
        return [body]

    return call


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _objects(item)


def _spoils_objects(change: Callable[[dict[str, Any]], object]) -> Callable[[], Spoil]:
    def spoil(_asked: str, value: Any) -> Any:
        for one in list(_objects(value)):
            change(one)
        return value

    return lambda: spoil


def _zero_sent(one: dict[str, Any]) -> None:
    if "totalSteps" in one:
        one.setdefault("completedSteps", 0)
    if "meanLoss" in one:
        one.setdefault("epoch", 0)


def _member_renamed(one: dict[str, Any]) -> None:
    if "completedPercent" in one:
        one["percentComplete"] = one.pop("completedPercent")


def _local_time(one: dict[str, Any]) -> None:
    for name, value in one.items():
        if name.endswith("Time") and isinstance(value, str):
            one[name] = value.replace("Z", "+00:00")


def _fewer_digits(one: dict[str, Any]) -> None:
    for name, value in one.items():
        if name == "computeTime":
            one[name] = f"{value[:-4]}Z"


def _training_data_shown(one: dict[str, Any]) -> None:
    if "hyperparameters" in one:
        one["trainingData"] = {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}


def _order_changed(one: dict[str, Any]) -> None:
    members = list(one.items())
    one.clear()
    one.update(reversed(members))


def _forbidden_where_missing(one: dict[str, Any]) -> None:
    if one.get("status") == "NOT_FOUND":
        one.update(code=403, status="PERMISSION_DENIED")


def _integers_as_text(one: dict[str, Any]) -> None:
    if "totalSteps" in one:
        one["totalSteps"] = str(one["totalSteps"])


def _long_floats(one: dict[str, Any]) -> None:
    if "meanLoss" in one:
        one["meanLoss"] += 1e-9


def _epoch_too_early(one: dict[str, Any]) -> None:
    if "meanLoss" in one:
        one["epoch"] = one.get("epoch", 0) + 1


def _done_goes_back() -> Spoil:
    looks: Counter[str] = Counter()

    def spoil(asked: str, value: Any) -> Any:
        if value.get("done"):
            looks[asked] += 1
            if looks[asked] == 2:
                return {name: inner for name, inner in value.items() if name not in ("done", "response")}
        return value

    return spoil


def _snapshot_lost() -> Spoil:
    looks: Counter[str] = Counter()

    def spoil(asked: str, value: Any) -> Any:
        looks[asked] += 1
        for one in _objects(value):
            if len(one.get("snapshots", ())) > 3 and looks[asked] % 2:
                one["snapshots"] = one["snapshots"][:-2]
        return value

    return spoil


def _percent_falls() -> Spoil:
    looks: Counter[str] = Counter()

    def spoil(asked: str, value: Any) -> Any:
        looks[asked] += 1
        if looks[asked] % 2 and "completedPercent" in value.get("metadata", {}):
            value["metadata"]["completedPercent"] /= 4
        return value

    return spoil


def _patch_counts_as_an_update() -> Spoil:
    patched: set[str] = set()

    def spoil(asked: str, value: Any) -> Any:
        method, _, path = asked.partition(" ")
        if method == "PATCH":
            patched.add(path)
        if path in patched and "updateTime" in value:
            moved = datetime.fromisoformat(value["updateTime"].removesuffix("Z")).replace(year=2099)
            value["updateTime"] = f"{moved.isoformat(timespec='microseconds')}Z"
        return value

    return spoil


def _patch_answers_with_more() -> Spoil:
    def spoil(asked: str, value: Any) -> Any:
        method, _, path = asked.partition(" ")
        return {"name": path.removeprefix("/v1beta/"), **value} if method == "PATCH" else value

    return spoil


def _page_repeated(application: Application) -> Application:
    def call(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        environ["QUERY_STRING"] = re.sub(r"&?pageToken=[^&]*", "", environ.get("QUERY_STRING", ""))
        return application(environ, start_response)

    return call


def _routes_have_envelopes(application: Application) -> Application:
    def call(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/v1/tunedModels":
            return application(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "application/json; charset=UTF-8")])
        return [b'{"error": {"code": 404, "message": "Not found.", "status": "NOT_FOUND"}}']

    return call


def _anybody_may_ask(application: Application) -> Application:
    """Let those in who have no credentials."""

    def call(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        if "HTTP_AUTHORIZATION" in environ or "key=" in environ.get("QUERY_STRING", ""):
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json; charset=UTF-8")])
        return [b"{}\n"]

    return call


def _member_made_up(one: dict[str, Any]) -> None:
    if "supportedGenerationMethods" in one:
        one["supportsTuning"] = True


def _spoilt(make: Callable[[], Spoil]) -> Callable[[Application], Application]:
    return lambda application: _answers(application, make())


MUTANTS: dict[str, tuple[Callable[[Application], Application], set[str]]] = {
    "an untouched server": (_spoilt(lambda: lambda _, value: value), set()),
    "zero sent": (
        _spoilt(_spoils_objects(_zero_sent)),
        {"forms/zeros-are-left-out", "create/answers-with-an-operation"},
    ),
    "member renamed": (
        _spoilt(_spoils_objects(_member_renamed)),
        {"operations/metadata-stays", "operations/steps-and-percent-agree"},
    ),
    "done goes back": (
        _spoilt(_done_goes_back),
        {"operations/done-is-absorbing", "operations/the-end-stays-the-same"},
    ),
    "snapshot lost": (
        _spoilt(_snapshot_lost),
        {"operations/snapshots-append-only", "operations/one-snapshot-a-step"},
    ),
    "percent falls": (
        _spoilt(_percent_falls),
        {"operations/progress-never-falls", "operations/steps-and-percent-agree"},
    ),
    "epoch too early": (_spoilt(_spoils_objects(_epoch_too_early)), {"operations/epoch-law"}),
    "integers as text": (
        _spoilt(_spoils_objects(_integers_as_text)),
        {"operations/members-have-their-types", "create/total-steps"},
    ),
    "floats of 64 bits": (_spoilt(_spoils_objects(_long_floats)), {"forms/floats"}),
    "forbidden where missing": (
        _spoilt(_spoils_objects(_forbidden_where_missing)),
        {"get/missing-model", "permissions/of-a-missing-model", "delete/model-is-gone"},
    ),
    "local time": (_spoilt(_spoils_objects(_local_time)), {"forms/times", "operations/members-have-their-types"}),
    "times of microseconds": (_spoilt(_spoils_objects(_fewer_digits)), {"forms/times"}),
    "training data shown": (
        _spoilt(_spoils_objects(_training_data_shown)),
        {"get/training-data-stays-secret", "list/entries-are-models", "get/members-when-active"},
    ),
    "order changed": (
        _spoilt(_spoils_objects(_order_changed)),
        {"get/members-when-active", "forms/envelope"},
    ),
    "patch counts as an update": (_spoilt(_patch_counts_as_an_update), {"patch/does-not-count-as-an-update"}),
    "patch answers with more": (_spoilt(_patch_answers_with_more), {"patch/answers-with-what-the-mask-names"}),
    "page repeated": (_page_repeated, {"list/pages-have-every-model-once", "models/pages-have-every-model-once"}),
    "unknown paths have envelopes": (_routes_have_envelopes, {"versions/v1-does-not-manage-tuned-models"}),
    # No assertion of theirs is about it: each answer is judged by the facts of the published API.
    "member made up": (
        _spoilt(_spoils_objects(_member_made_up)),
        {"models/members", "models/listed-as-got", "facts/base-models"},
    ),
    "anybody may ask": (_anybody_may_ask, {"credentials/none"}),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutants(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, watcher: Watcher, name: str) -> None:
    """A server that is wrong in one thing breaks the clauses about it."""
    spoil, expected = MUTANTS[name]

    def adapter(application: WSGIApplication) -> WsgiAdapter:
        spoilt: Any = spoil(application)
        return WsgiAdapter(spoilt)

    monkeypatch.setattr(fake_target, "WsgiAdapter", adapter)
    subjects = sorted({clause_name.partition("/")[0] for clause_name in expected} or {"operations", "get", "list"})
    pytester.inline_run(
        "-q", *PLUGIN, "--pyargs", *(f"{SUITE}.test_{subject}" for subject in subjects), plugins=[watcher]
    )

    assert watcher.clauses
    assert expected <= watcher.failed
    assert expected or not watcher.failed
