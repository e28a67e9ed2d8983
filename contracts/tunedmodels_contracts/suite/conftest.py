"""What every clause is given: somebody to ask, names of its own, and runs to look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials

import tunedmodels
from tunedmodels import Polling
from tunedmodels_contracts.clauses.clause import Clause, Need, clause_of
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.conformance import NonconformingAnswer
from tunedmodels_contracts.harness.tuning_runs import EXAMPLES, ObservedRun, body, observe
from tunedmodels_contracts.targets.pytest_hooks import part as part
from tunedmodels_contracts.targets.pytest_hooks import register
from tunedmodels_contracts.targets.scopes import Scope
from tunedmodels_contracts.targets.select import open_target, skip_and_sort
from tunedmodels_contracts.targets.target import Target

_HERE = Path(__file__).parent

Violations = dict[Scope | None, list[str]]


def pytest_configure(config: pytest.Config) -> None:
    """Let the target know which clause asks."""
    register(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse tests that are no clauses, and clauses of one name; leave out what the options do not pay for."""
    skip_and_sort(config, items)
    test_by_clause: dict[str, str] = {}
    for item in items:
        if not item.path.is_relative_to(_HERE):
            continue
        item_clause = clause_of(item)
        if item_clause is None:
            raise pytest.UsageError(f"{item.nodeid} is in the suite, and has no mark that says which clause it is")
        test = item.nodeid.partition("[")[0]
        if test_by_clause.setdefault(item_clause.name, test) != test:
            raise pytest.UsageError(
                f"{test} and {test_by_clause[item_clause.name]} are both the clause {item_clause.name}"
            )


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Fail a clause that held, and whose own answers are not as the facts have them.

    What a shared run was answered is judged by clauses of its own, so that it does not fail all that look at it.
    """
    other_error: Exception | None = None
    value: Any = None
    try:
        value = yield
    except AssertionError:
        raise
    except Exception as error:  # over whatever else a body stumbles, a finding tells more of it
        other_error = error
    arguments: dict[str, Any] = pyfuncitem.funcargs
    found_violations = (
        arguments["violations"].pop(arguments["target"].scopes.current, []) if "violations" in arguments else []
    )
    if found_violations:
        raise NonconformingAnswer.with_findings(found_violations) from other_error
    if other_error is not None:
        raise other_error
    return value


# -- Who asks --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def target(pytestconfig: pytest.Config) -> Iterator[Target]:
    """What the clauses are checked on."""
    with open_target(pytestconfig) as target:
        yield target


@pytest.fixture(autouse=True)
def _skip_unsupported(request: pytest.FixtureRequest, target: Target) -> None:
    """Leave out what the target cannot be asked."""
    clause: Clause | None = clause_of(request.node)
    _require(target, *(clause.needs if clause else ()))


@pytest.fixture(scope="session")
def violations() -> Violations:
    """What is not as the facts have it in the answers to bare requests, by the part of the session that asked."""
    return defaultdict(list)


@pytest.fixture(scope="session")
def api(target: Target, violations: Violations) -> Api:
    """The caller, by bare requests, each of whose answers is judged by the facts as it arrives."""
    return Api(
        target.session,
        target.base_url,
        target.caller,
        lambda finding: violations[target.scopes.current].append(finding),
    )


@pytest.fixture(scope="session")
def other(api: Api, target: Target) -> Api:
    """Somebody else, by bare requests."""
    return api.by(target.other)


@pytest.fixture(scope="session")
def stranger(api: Api) -> Api:
    """Nobody: requests without credentials."""
    return api.by(AnonymousCredentials())


@pytest.fixture(scope="session")
def keyed(api: Api, target: Target) -> Api:
    """An API key, which names a project and no person."""
    if isinstance(target.key, AnonymousCredentials):
        pytest.skip("the target has no API key")
    return api.by(target.key)


@pytest.fixture
def client(target: Target) -> Iterator[tunedmodels.Client]:
    """The caller, by our client, over the same session."""
    with tunedmodels.Client(
        target.base_url,
        credentials=target.caller,
        session=target.session,
        polling=Polling(target.pause, 1, target.pause),
        sleep=target.clock.sleep,
        clock=target.clock.now,
    ) as client:
        yield client


# -- What a clause makes, and what is deleted after it -----------------------------------------------------------


@pytest.fixture
def new_id(api: Api, target: Target) -> Iterator[Callable[[], str]]:
    """Make ids that no model has; the models that got them are deleted in the end."""
    created: list[str] = []

    def make() -> str:
        created.append(target.scopes.new_id())
        return created[-1]

    yield make
    for model_id in created:
        api.delete(f"v1beta/tunedModels/{model_id}")


@pytest.fixture
def create(api: Api, target: Target) -> Iterator[Callable[..., Answer]]:
    """Start a run of a model of its own; keywords are members of the model, or replace those of the tutorial.

    *by* is who asks, *model_id* the id of the model, empty where the service is to make one.
    """
    models: list[tuple[Api, str]] = []

    def start(
        by: Api = api,
        *,
        model_id: str | None = None,
        version: str = "v1beta",
        examples: Sequence[tuple[str, str]] = EXAMPLES,
        **members: Any,
    ) -> Answer:
        model_id = target.scopes.new_id() if model_id is None else model_id
        model = body(target.base_model, examples, **members)
        created = by.post(f"{version}/tunedModels", model, {"tunedModelId": model_id} if model_id else None)
        if created.status == 200:
            models.append((by, created.json["metadata"]["tunedModel"]))
        return created

    yield start
    for by, name in models:
        by.delete(f"v1beta/{name}")


@pytest.fixture
def in_creation(api: Api, create: Callable[..., Answer]) -> str:
    """The name of a model in creation; where its run was too quick to be seen there, the clause is left out."""
    name = str(create().ok()["metadata"]["tunedModel"])
    if api.get(f"v1beta/{name}").ok()["state"] != "CREATING":
        pytest.skip("the run was too quick to be seen before its end")
    return name


@pytest.fixture
def grant(api: Api, scratch: ObservedRun) -> Iterator[Callable[..., Answer]]:
    """Give somebody a role on the model that clauses may change; it is taken back in the end."""
    created: list[str] = []

    def give(role: str, email: str, grantee_type: str = "USER") -> Answer:
        permission = {"granteeType": grantee_type, "emailAddress": email, "role": role}
        answer = api.post(f"v1beta/{scratch.name}/permissions", permission)
        if answer.status == 200:
            created.append(answer.json["name"])
        return answer

    yield give
    for name in created:
        api.delete(f"v1beta/{name}")


@pytest.fixture
def address(target: Target) -> str:
    """An address that nobody has."""
    return f"{target.scopes.new_id()}@example.com"


# -- Runs that clauses share -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def observed_run(api: Api, target: Target) -> Iterator[ObservedRun]:
    """The tutorial's run, watched from its beginning to its end, or to the target's bound."""
    with _run(api, target, displayName="contracts number generator") as created:
        yield observe(api, created, target.clock, target.pause, target.bound)


@pytest.fixture(scope="session")
def finished(observed_run: ObservedRun) -> ObservedRun:
    """The tutorial's run, which has ended; clauses only look at its model."""
    return observed_run.ended


@pytest.fixture(scope="session")
def scratch(api: Api, target: Target) -> Iterator[ObservedRun]:
    """A run that has ended; clauses may change what they like of its model, and expect nothing of it."""
    with _run(api, target, displayName="contracts scratch") as created:
        yield observe(api, created, target.clock, target.pause, target.bound).ended


@pytest.fixture(scope="session")
def cancelled(api: Api, target: Target) -> Iterator[tuple[ObservedRun, Answer]]:
    """A run that was cancelled, and the answer to that; where it had ended before, its clauses are left out."""
    with _run(api, target, displayName="contracts cancelled") as created:
        target.clock.sleep(target.pause)
        if api.get(f"v1beta/{created.ok()['name']}").ok().get("done"):
            pytest.skip("the run ended before it could be cancelled")
        stopped = api.post(f"v1/{created.ok()['name']}:cancel", {})
        yield observe(api, created, target.clock, target.pause, target.bound).ended, stopped


@pytest.fixture(scope="session")
def failed(api: Api, target: Target) -> Iterator[ObservedRun]:
    """A run that failed after some of its steps; clauses only look at its model."""
    with _failed_run(api, target) as run:
        yield run


@pytest.fixture
def own_failed_run(api: Api, target: Target) -> Iterator[ObservedRun]:
    """A run of the clause's own that failed; it may do with the model what it likes."""
    with _failed_run(api, target) as run:
        yield run


@pytest.fixture(scope="session")
def foreign(api: Api, target: Target) -> Iterator[str]:
    """The name of a model of somebody else, which is shared with nobody."""
    _require(target, Need.SECOND_CALLER)
    with _run(api.by(target.other), target, displayName="contracts foreign") as created:
        yield created.ok()["metadata"]["tunedModel"]


@pytest.fixture(scope="session")
def eleven(api: Api, target: Target) -> Iterator[list[str]]:
    """The names of eleven models, one more than a page has by default, in the order in which they were made."""
    _require(target, Need.TUNABLE_MODEL)
    small = {"epochCount": 1, "batchSize": len(EXAMPLES), "learningRate": 0.001}
    ids = [target.scopes.new_id() for _ in range(11)]
    try:
        answers = [
            api.post("v1beta/tunedModels", body(target.base_model, hyperparameters=small), {"tunedModelId": model_id})
            for model_id in ids
        ]
        yield [answer.ok()["metadata"]["tunedModel"] for answer in answers]
    finally:
        for model_id in ids:
            api.delete(f"v1beta/tunedModels/{model_id}")


@pytest.fixture(scope="session")
def other_email(other: Api, foreign: str) -> str:
    """The address of somebody else."""
    return _owner_email(other, foreign)


def _owner_email(api: Api, model: str) -> str:
    owners = [held for held in api.get(f"v1beta/{model}/permissions").ok()["permissions"] if held["role"] == "OWNER"]
    return str(owners[0]["emailAddress"])


@contextmanager
def _failed_run(api: Api, target: Target) -> Iterator[ObservedRun]:
    _require(target, Need.FAILING_RUN)
    with _run(api, target, fails=True, displayName="contracts failed") as created:
        yield observe(api, created, target.clock, target.pause, target.bound)


@contextmanager
def _run(api: Api, target: Target, *, fails: bool = False, **members: Any) -> Iterator[Answer]:
    _require(target, Need.TUNABLE_MODEL)
    model_id = target.scopes.new_id()
    if fails:
        target.fail_next_run(model_id)
    try:
        yield api.post("v1beta/tunedModels", body(target.base_model, **members), {"tunedModelId": model_id})
    finally:
        api.delete(f"v1beta/tunedModels/{model_id}")


def _require(target: Target, *needs: Need) -> None:
    lacking = [need for need in Need if need in needs and need not in target.capabilities]
    if lacking:
        pytest.skip("; ".join(target.reason(need) for need in lacking))
