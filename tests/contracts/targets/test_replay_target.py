"""Tests the target replay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
import requests

from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.recordings import (
    Exchange,
    Provenance,
    ReceivedResponse,
    Recording,
    SentRequest,
    UnrecordedRequest,
    UnusedExchanges,
    load,
    save,
)
from tunedmodels_contracts.suite import test_tutorial
from tunedmodels_contracts.targets.replay import PUBLISHED, replay
from tunedmodels_contracts.targets.scopes import ScopeTracker
from tunedmodels_contracts.targets.target import Target, TargetError

pytest_plugins = ["pytester"]

HOST = "https://generativelanguage.googleapis.com"


class SkipError(BaseException):
    """A scope was skipped."""


def skip(reason: str) -> NoReturn:
    raise SkipError(reason)


def exchange(path: str, body: str = "{}", status: int = 200, host: str = HOST) -> Exchange:
    headers = (("Content-Type", "application/json; charset=UTF-8"),)
    return Exchange(SentRequest("GET", f"{host}/{path}"), ReceivedResponse(status, "", headers, body.encode()))


Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that writes the recording of a scope."""

    def recording(name: str, *exchanges: Exchange, **variables: str) -> None:
        provenance = Provenance("hand-written", "this test")
        save(Recording(name, provenance, exchanges, variables), tmp_path / f"{name}.yaml")

    return recording


def api(target: Target) -> Api:
    return Api(target.session, target.base_url, target.caller)


def test_each_scope_has_its_own_recording(tmp_path: Path, write: Write) -> None:
    """The same request has another answer in another scope. A shared run continues where it stopped."""
    write("a.one", exchange("v1beta/tunedModels", '{"a": 1}'))
    write("runs.finished", exchange("v1beta/tunedModels", '{"a": 2}'), exchange("v1beta/tunedModels", '{"a": 3}'))
    with replay(tmp_path, skip=skip) as target:
        answers = []
        for name in ("runs/finished", "a/one", "runs/finished"):
            with target.scopes.open_scope(name):
                answers.append(api(target).get("v1beta/tunedModels").ok()["a"])
                target.on_scope_end() if name == "a/one" else None

    assert answers == [2, 1, 3]
    assert (target.kind, target.base_url) == ("replay", HOST)


def test_waiting_takes_no_time(tmp_path: Path, write: Write) -> None:
    """A sleep of an hour returns at once and moves the clock by an hour."""
    write("a.one", exchange("v1beta/tunedModels"))
    with replay(tmp_path, skip=skip) as target:
        target.clock.sleep(3600)

        assert target.clock.now() == 3600
        assert target.bound > 10**9


def test_ids_are_the_recorded_ones(tmp_path: Path, write: Write) -> None:
    """An id follows from the recorded session and the scope, so a recorded list has it."""
    recorded_scopes = ScopeTracker("abc123")
    with recorded_scopes.open_scope("runs/finished"):
        model_id = recorded_scopes.new_id()
    name = f"tunedModels/{model_id}"
    write("runs.finished", exchange(f"v1beta/{name}", f'{{"name": "{name}"}}'), run="abc123", model=model_id)
    write("a.one", exchange("v1beta/tunedModels", f'{{"tunedModels": [{{"name": "{name}"}}]}}'))
    with replay(tmp_path, skip=skip) as target:
        with target.scopes.open_scope("a/one"):
            models = api(target).list_all("v1beta/tunedModels")
        with target.scopes.open_scope("runs/finished"):
            model = api(target).get(f"v1beta/tunedModels/{target.scopes.new_id()}").ok()

    assert models == [model] == [{"name": name}]


def test_ids_of_other_sessions_are_replaced(tmp_path: Path, write: Write) -> None:
    """In a recording of another session, the ids of this session replace the recorded ones."""
    for run in ("abc123", "def456"):
        recorded_scopes = ScopeTracker(run)
        scopes = ["a/one", "a/two"] if run == "abc123" else ["a/three"]
        for scope in scopes:
            with recorded_scopes.open_scope(scope):
                model_id = recorded_scopes.new_id()
            path = f"v1beta/tunedModels/{model_id}"
            write(
                scope.replace("/", "."), exchange(path, f'{{"name": "tunedModels/{model_id}"}}'), run=run, id=model_id
            )
    with replay(tmp_path, skip=skip) as target, target.scopes.open_scope("a/three"):
        model_id = target.scopes.new_id()
        model = api(target).get(f"v1beta/tunedModels/{model_id}").ok()

    assert model_id.startswith("contracts-abc123")
    assert model == {"name": f"tunedModels/{model_id}"}


def test_scope_without_a_recording_is_skipped(tmp_path: Path, write: Write) -> None:
    """Its first request skips it. Later delete calls get 404."""
    write("a.one", exchange("v1beta/tunedModels"))
    with replay(tmp_path, skip=skip) as target, target.scopes.open_scope("a/two"):
        with pytest.raises(SkipError, match="there is no recording of a/two"):
            api(target).get("v1beta/tunedModels")

        assert api(target).delete("v1beta/tunedModels/any").status == 404


def test_requests_that_differ_from_the_recording_fail(tmp_path: Path, write: Write) -> None:
    """A request without a recorded exchange fails, and so does a recorded request that was not sent."""
    write("a.one", exchange("v1beta/tunedModels"), exchange("v1beta/models"))
    with replay(tmp_path, skip=skip) as target:
        with pytest.raises(UnrecordedRequest, match="was sent outside of a test or shared fixture"):
            api(target).get("v1beta/tunedModels")
        with target.scopes.open_scope("a/one"):
            api(target).get("v1beta/tunedModels")
            with pytest.raises(UnrecordedRequest, match="is not recorded"):
                api(target).get("v1beta/tunedModels/any")
            with pytest.raises(UnusedExchanges, match=r"exchange 2 of a\.one: GET .*v1beta/models"):
                target.on_scope_end()


def test_unsent_request_of_a_shared_run_fails(tmp_path: Path, write: Write) -> None:
    """The requests that a shared run did not send fail at the end."""
    write("runs.finished", exchange("v1beta/tunedModels"), exchange("v1beta/models"))

    def run() -> None:
        with replay(tmp_path, skip=skip) as target, target.scopes.open_scope("runs/finished"):
            api(target).get("v1beta/tunedModels")

    with pytest.raises(UnusedExchanges, match=r"exchange 2 of runs\.finished"):
        run()


def test_replay_blocks_the_network(tmp_path: Path, write: Write) -> None:
    """Other sessions of requests cannot use the network, either."""
    write("a.one", exchange("v1beta/tunedModels"))

    def run() -> None:
        with replay(tmp_path, skip=skip):
            requests.get("https://service.test", timeout=1)

    with pytest.raises(UnrecordedRequest, match="was not sent to the replay"):
        run()


def test_recordings_of_two_servers_are_refused(tmp_path: Path, write: Write) -> None:
    """The recordings of a folder must be of one server."""
    write("a.one", exchange("v1beta/tunedModels"))
    write("a.two", exchange("v1beta/tunedModels", host="https://127.0.0.1:1"))

    with pytest.raises(TargetError, match=r"has recordings of https://127\.0\.0\.1:1 and https://generativelanguage"):
        replay(tmp_path, skip=skip).__enter__()


def test_delete_calls_after_a_published_recording_get_404(tmp_path: Path, write: Write) -> None:
    """A published recording has no delete calls, so they get 404. Other recordings must have them."""
    with replay(PUBLISHED, skip=skip) as target, target.scopes.open_scope("tutorial/create-by-curl"):
        api(target).delete("v1beta/tunedModels/any").assert_error(404, "NOT_FOUND")

    write("a.one", exchange("v1beta/tunedModels"))
    with replay(tmp_path, skip=skip) as target, target.scopes.open_scope("a/one"), pytest.raises(UnrecordedRequest):
        api(target).delete("v1beta/tunedModels/any")


def test_published_create_calls_are_prior_operations() -> None:
    """The target has the operations that the published recordings started."""
    with replay(PUBLISHED, skip=skip) as target:
        assert {
            name: operation.partition("/operations/")[0] for name, operation in target.prior_operations.items()
        } == {
            "tutorial/create-by-curl": "tunedModels/number-generator-model-dzlmi0gswwqb",
            "tutorial/create-by-python": "tunedModels/number-generator-wl1qr34x2py",
        }


def test_tutorial_is_replayed_by_default(pytester: pytest.Pytester) -> None:
    """Without a folder, the published recordings are replayed: the clauses of the tutorial hold, and no others run."""
    options = ("-p", "tunedmodels_contracts.session.plugin", "--tunedmodels-target", "replay")
    run = pytester.runpytest_inprocess(*options, "--pyargs", "tunedmodels_contracts.suite")

    outcomes = run.parseoutcomes()
    assert (run.ret, outcomes.pop("passed")) == (0, 5)
    assert set(outcomes) <= {"skipped", "warnings"}


@pytest.mark.parametrize("how", ["curl", "python"])
def test_tutorial_clauses_send_the_bytes_of_the_page(how: str) -> None:
    """The body of the clause is that of the page."""
    text = test_tutorial.TEXTS[f"tutorial/create-by-{how}"]("models/gemini-1.0-pro-001")
    (recorded,) = load(PUBLISHED / f"tutorial.create-by-{how}.yaml").exchanges

    assert text.encode() == recorded.request.body


def test_invalid_folder(tmp_path: Path) -> None:
    """An empty folder is refused, and so is a file that is not a recording."""
    with pytest.raises(TargetError, match=r" has no recordings; name another folder"):
        replay(tmp_path, skip=skip).__enter__()

    (tmp_path / "a.one.yaml").write_text("contract: 1", encoding="utf-8")
    with pytest.raises(TargetError, match=r"--tunedmodels-recordings: a\.one\.yaml: contract"):
        replay(tmp_path, skip=skip).__enter__()
