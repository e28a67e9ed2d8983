"""Defines the fixtures of the suite, such as the callers, new models, and the runs that clauses share."""

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
from tunedmodels_contracts.targets.pytest_hooks import open_scope_of_test as open_scope_of_test
from tunedmodels_contracts.targets.pytest_hooks import register
from tunedmodels_contracts.targets.scopes import Scope
from tunedmodels_contracts.targets.select import open_target, skip_and_sort
from tunedmodels_contracts.targets.target import Target

_HERE = Path(__file__).parent

Violations = dict[Scope | None, list[str]]


def pytest_configure(config: pytest.Config) -> None:
    """Register the hooks that tell the target which clause sends a request."""
    register(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip and sort the clauses by the options. Raise UsageError for a test without a clause, or for two tests of one
    clause.
    """
    skip_and_sort(config, items)
    test_by_clause: dict[str, str] = {}
    for item in items:
        if not item.path.is_relative_to(_HERE):
            continue
        item_clause = clause_of(item)
        if item_clause is None:
            raise pytest.UsageError(f"{item.nodeid} has no clause mark; add @clause(...)")
        test = item.nodeid.partition("[")[0]
        first_test = test_by_clause.setdefault(item_clause.name, test)
        if first_test != test:
            raise pytest.UsageError(f"{first_test} and {test} have the same clause name {item_clause.name}; rename one")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Fail a clause if an answer to one of its own requests violates the schema.

    A failed assertion of the clause goes first. The answers about a shared run are not checked here: the clauses in
    ``test_facts.py`` check them, so a violation there does not fail every clause that uses the run.
    """
    other_error: Exception | None = None
    value: Any = None
    try:
        value = yield
    except AssertionError:
        raise
    except Exception as error:  # a violation explains more than any other exception
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


# -- The target and its callers --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def target(pytestconfig: pytest.Config) -> Iterator[Target]:
    """The target of the session."""
    with open_target(pytestconfig) as target:
        yield target


@pytest.fixture(autouse=True)
def _skip_unsupported(request: pytest.FixtureRequest, target: Target) -> None:
    """Skip the clause if the target does not meet its needs."""
    clause: Clause | None = clause_of(request.node)
    _require(target, *(clause.needs if clause else ()))


@pytest.fixture(scope="session")
def violations() -> Violations:
    """The schema violations in answers to bare requests, by the scope that sent the request."""
    return defaultdict(list)


@pytest.fixture(scope="session")
def api(target: Target, violations: Violations) -> Api:
    """Bare requests of the caller. Each answer is checked against the schema as it arrives."""
    return Api(
        target.session,
        target.base_url,
        target.caller,
        lambda finding: violations[target.scopes.current].append(finding),
    )


@pytest.fixture(scope="session")
def other_api(api: Api, target: Target) -> Api:
    """Bare requests of the second user."""
    return api.by(target.other)


@pytest.fixture(scope="session")
def anonymous_api(api: Api) -> Api:
    """Bare requests without credentials."""
    return api.by(AnonymousCredentials())


@pytest.fixture(scope="session")
def key_api(api: Api, target: Target) -> Api:
    """Bare requests with an API key, which names a project and no user. Skip the test if the target has no key."""
    if isinstance(target.key, AnonymousCredentials):
        pytest.skip("the target has no API key")
    return api.by(target.key)


@pytest.fixture
def client(target: Target) -> Iterator[tunedmodels.Client]:
    """The project's client with the credentials of the caller, over the session of the bare requests."""
    with tunedmodels.Client(
        target.base_url,
        credentials=target.caller,
        session=target.session,
        polling=Polling(target.pause, 1, target.pause),
        sleep=target.clock.sleep,
        clock=target.clock.now,
    ) as client:
        yield client


# -- What a clause creates, and the fixture deletes afterwards -------------------------------------------------


@pytest.fixture
def new_id(api: Api, target: Target) -> Iterator[Callable[[], str]]:
    """A function that returns ids that no model has. Afterwards the fixture deletes the models that got them."""
    created: list[str] = []

    def make() -> str:
        created.append(target.scopes.new_id())
        return created[-1]

    yield make
    for model_id in created:
        api.delete(f"v1beta/tunedModels/{model_id}")


@pytest.fixture
def create(api: Api, target: Target) -> Iterator[Callable[..., Answer]]:
    """A function that starts a run of a new model and returns the answer. Afterwards the fixture deletes the model.

    Keywords are members of the model, or replace those of the tutorial. *by* is the caller. *model_id* is the id of the
    model, or an empty text if the service chooses it.
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
    """The name of a model in creation. Skip the test if the run has already ended."""
    name = str(create().ok()["metadata"]["tunedModel"])
    if api.get(f"v1beta/{name}").ok()["state"] != "CREATING":
        pytest.skip("the run was too quick to be seen before its end")
    return name


@pytest.fixture
def grant_role(api: Api, scratch_run: ObservedRun) -> Iterator[Callable[..., Answer]]:
    """A function that grants a role on the scratch model and returns the answer. Afterwards the fixture deletes the
    permission.
    """
    created: list[str] = []

    def give(role: str, email: str, grantee_type: str = "USER") -> Answer:
        permission = {"granteeType": grantee_type, "emailAddress": email, "role": role}
        answer = api.post(f"v1beta/{scratch_run.name}/permissions", permission)
        if answer.status == 200:
            created.append(answer.json["name"])
        return answer

    yield give
    for name in created:
        api.delete(f"v1beta/{name}")


@pytest.fixture
def unused_email(target: Target) -> str:
    """An email address that belongs to nobody."""
    return f"{target.scopes.new_id()}@example.com"


# -- Runs that clauses share -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def observed_run(api: Api, target: Target) -> Iterator[ObservedRun]:
    """The tutorial's run, observed from its start until it ends or reaches the target's bound."""
    with _run(api, target, displayName="contracts number generator") as created:
        yield observe(api, created, target.clock, target.pause, target.bound)


@pytest.fixture(scope="session")
def finished_run(observed_run: ObservedRun) -> ObservedRun:
    """The tutorial's run after its end. Clauses only read its model."""
    return observed_run.assert_ended()


@pytest.fixture(scope="session")
def scratch_run(api: Api, target: Target) -> Iterator[ObservedRun]:
    """A run after its end. Clauses may change its model in any way, so they rely on nothing in it."""
    with _run(api, target, displayName="contracts scratch") as created:
        yield observe(api, created, target.clock, target.pause, target.bound).assert_ended()


@pytest.fixture(scope="session")
def cancelled_run(api: Api, target: Target) -> Iterator[tuple[ObservedRun, Answer]]:
    """A run that was cancelled, and the answer to the cancel call. Skip the test if the run ended before that."""
    with _run(api, target, displayName="contracts cancelled") as created:
        target.clock.sleep(target.pause)
        if api.get(f"v1beta/{created.ok()['name']}").ok().get("done"):
            pytest.skip("the run ended before it could be cancelled")
        cancel_answer = api.post(f"v1/{created.ok()['name']}:cancel", {})
        yield observe(api, created, target.clock, target.pause, target.bound).assert_ended(), cancel_answer


@pytest.fixture(scope="session")
def failed_run(api: Api, target: Target) -> Iterator[ObservedRun]:
    """A run that failed after some of its steps. Clauses only read its model."""
    with _failed_run(api, target) as run:
        yield run


@pytest.fixture
def own_failed_run(api: Api, target: Target) -> Iterator[ObservedRun]:
    """A failed run for one clause alone, which may change or delete the model."""
    with _failed_run(api, target) as run:
        yield run


@pytest.fixture(scope="session")
def foreign_model(api: Api, target: Target) -> Iterator[str]:
    """The name of a model of the second user that is not shared."""
    _require(target, Need.SECOND_CALLER)
    with _run(api.by(target.other), target, displayName="contracts foreign") as created:
        yield created.ok()["metadata"]["tunedModel"]


@pytest.fixture(scope="session")
def eleven_models(api: Api, target: Target) -> Iterator[list[str]]:
    """The names of eleven models in the order of their creation: one more than a page has by default."""
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
def other_email(other_api: Api, foreign_model: str) -> str:
    """The email address of the second user."""
    return _owner_email(other_api, foreign_model)


def _owner_email(api: Api, model: str) -> str:
    owners = [
        permission
        for permission in api.get(f"v1beta/{model}/permissions").ok()["permissions"]
        if permission["role"] == "OWNER"
    ]
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
    missing = [need for need in Need if need in needs and need not in target.capabilities]
    if missing:
        pytest.skip("; ".join(target.reason(need) for need in missing))
