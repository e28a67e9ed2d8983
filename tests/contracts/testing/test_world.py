"""Tests ``World``, and the fixture of a world in runs of pytest like those of its users."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
import requests
from requests.adapters import HTTPAdapter

from tunedmodels import Client
from tunedmodels_contracts.plugin import Server
from tunedmodels_contracts.testing.faults import Members
from tunedmodels_contracts.testing.world import World, WorldError
from tunedmodels_mockserver.core.faults.fault import Fault

pytest_plugins = ["pytester"]

BASE = "gemini-1.0-pro-001"


@pytest.fixture
def fresh(tunedmodels_server: Server) -> World:
    """A new world of the server of this session."""
    return World(tunedmodels_server.url)


def create(client: Client, model_id: str = "mine") -> str:
    """Start a run and return its operation's name."""
    return client.tuned_models.create(base_model=BASE, tuned_model_id=model_id, training_data=[("1", "2")]).name


def test_frozen_clock(fresh: World) -> None:
    """A frozen clock moves only on request. The answer names the runs that the move changed."""
    fresh.clock.freeze()
    before = fresh.clock.now
    name = create(fresh.client)
    move = fresh.advance(0.3)

    assert fresh.clock.mode == "manual"
    assert (move.now - before).total_seconds() == 0.3
    assert [run["operation"] for run in move.caused] == [name]
    assert not fresh.client.operations.get(name).done()

    assert [run["state"] for run in fresh.run_to_end().caused] == ["ACTIVE"]
    assert fresh.client.operations.get(name).done()


def test_modes_of_the_clock(fresh: World) -> None:
    """The clock can be set, move to the next event, move with each poll, and run at a rate."""
    fresh.clock.freeze()
    assert fresh.clock.set("2026-01-01T00:00:00Z").now.isoformat().startswith("2026-01-01T00:00:00")
    create(fresh.client)
    assert fresh.clock.next().caused

    fresh.clock.poll()
    assert fresh.clock.mode == "polling"
    fresh.clock.resume(rate=2)
    assert fresh.clock.mode == "real"


def test_faults_by_keyword(fresh: World) -> None:
    """Faults are armed by keywords, listed, and removed by id or all together. A preset is a set of faults."""
    error = fresh.faults.arm(method="tunedModels.list", error="PERMISSION_DENIED")
    fresh.faults.arm({"method": "tunedModels.get", "id": "late"}, latency=0.01)
    answer = requests.get(f"{fresh.url}/v1beta/tunedModels", headers=fresh.headers, timeout=30)

    assert answer.status_code == 403
    assert {fault["id"]: fault["fired"] for fault in fresh.faults.list()} == {error: True, "late": False}
    fresh.faults.clear(error)
    assert [fault["id"] for fault in fresh.faults.list()] == ["late"]
    fresh.faults.clear()
    assert fresh.faults.preset("diverges") == ["diverges"]


def test_unknown_method_of_a_fault_is_refused(fresh: World) -> None:
    """The error is the server's, with the nearest name."""
    with pytest.raises(WorldError, match=r"tunedModels\.creat'.*tunedModels\.create") as error:
        fresh.faults.arm(method="tunedModels.creat", error="INTERNAL")

    assert error.value.status == 400


@pytest.mark.parametrize("fault", ["UNAVAILABLE", 503, [{"error": "UNAVAILABLE"}]])
def test_fault_that_is_no_mapping_is_refused(fresh: World, fault: Any) -> None:
    """The error says what to write."""
    with pytest.raises(TypeError, match=r'Pass the fault as keywords, arm\(error="UNAVAILABLE"\), or a mapping'):
        fresh.faults.arm(fault)


def test_keywords_of_a_fault_are_the_members_of_the_server() -> None:
    """Each keyword that type checkers accept is a member of the server's faults, with the same type."""
    ours = {name.removesuffix("_"): _alternatives(kind) for name, kind in get_type_hints(Members).items()}
    theirs = {field.encode_name: _alternatives(field.type) for field in msgspec.structs.fields(Fault)}
    optional = {name for name, kinds in theirs.items() if type(None) in kinds}

    assert optional >= {"error", "method", "until"}
    for name in optional - {"times"}:  # there None has a meaning: always
        theirs[name].remove(type(None))
    assert ours == theirs


def _alternatives(kind: Any) -> set[Any]:
    if get_origin(kind) is Annotated:
        return _alternatives(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return {one for inner in get_args(kind) for one in _alternatives(inner)} - {msgspec.UnsetType}
    return {_plain(kind)}


def _plain(kind: Any) -> Any:
    """Return Mapping for a structure, and the value of a literal."""
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    return (
        Mapping
        if get_origin(kind) is Mapping or (isinstance(kind, type) and issubclass(kind, msgspec.Struct))
        else kind
    )


def test_canned_answers(fresh: World) -> None:
    """Rules answer in order, have a number of hits, and can be replaced and removed. Other prompts are misses."""

    def ask(text: str) -> str:
        return fresh.client.tuned_models.generate_content("mine", text).text

    create(fresh.client)
    fresh.run_to_end()
    sunny = fresh.canned.add("Sunny.", contains="weather")
    fresh.canned.add("First.", first=True, id="once", times=1, contains="weather")

    assert [ask("the weather"), ask("the weather")] == ["First.", "Sunny."]
    assert {rule["id"]: rule["hits"] for rule in fresh.canned.list()} == {"once": 1, sunny: 1}
    ask("whether")
    assert [miss["text"] for miss in fresh.canned.misses()] == ["whether"]
    fresh.canned.replace([{"answer": "Whatever."}])
    assert ask("whether") == "Whatever."
    fresh.canned.clear(fresh.canned.list()[0]["id"])
    assert fresh.canned.list() == []


def test_two_users_in_one_world(fresh: World) -> None:
    """Another user of the same world sees a model only if it is shared."""
    bob = fresh.as_user("bob@example.com")
    create(fresh.client)
    assert list(bob.client.tuned_models.list()) == []
    fresh.client.tuned_models.permissions("mine").create("READER", "bob@example.com")

    assert bob.client.tuned_models.get("mine").name == "tunedModels/mine"
    for headers in (bob.headers, {"x-goog-api-key": bob.api_key}):
        assert requests.get(f"{fresh.url}/v1beta/tunedModels/mine", headers=headers, timeout=30).ok


@pytest.mark.parametrize("email", ["", "bob", "bob@", "bob@example.com, eve@example.com"])
def test_invalid_address_of_a_user_is_refused(fresh: World, email: str) -> None:
    """A user needs an e-mail address."""
    with pytest.raises(ValueError, match=r"is not an e-mail address. The form is alice@example\.com\."):
        fresh.as_user(email)


def test_case_of_an_address_is_ignored(fresh: World) -> None:
    """An address in another case is the same user."""
    assert fresh.as_user("Bob@Example.com") is fresh.as_user("bob@example.com")


def test_journal_and_verdict(fresh: World) -> None:
    """The journal has the requests, and the verdict has findings about them."""
    create(fresh.client)

    (entry,) = fresh.journal(method="tunedModels.create")
    assert (entry["status"], fresh.newest()) == (200, 1)
    assert [finding["id"] for finding in fresh.verdict()["findings"]] == ["models-leaked"]


def test_drop_returns_the_content(fresh: World) -> None:
    """``drop`` returns what was in the world."""
    create(fresh.client)
    fresh.faults.arm(method="tunedModels.list", error="INTERNAL")
    content = fresh.drop()

    assert (content["models"], len(content["faults"]), content["missed"]) == (["tunedModels/mine"], 1, 0)


def test_reset_keeps_snapshots(fresh: World) -> None:
    """After a reset the world has no models, no faults and an empty journal. Its snapshots stay."""
    create(fresh.client)
    fresh.faults.arm(method="tunedModels.list", error="INTERNAL")
    root = f"{fresh.url}/_emulator/snapshots"
    requests.post(f"{root}/mine", headers=fresh.headers, timeout=30).raise_for_status()
    fresh.reset()

    assert fresh.journal() == []
    assert list(fresh.client.tuned_models.list()) == []
    assert requests.get(root, headers=fresh.headers, timeout=30).json()["snapshots"]


def test_world_is_dropped_after_its_block(tunedmodels_server: Server) -> None:
    """As a context manager, a world is dropped at the end of the block."""
    with World(tunedmodels_server.url, "of-a-block") as world:
        create(world.client)

    with World(tunedmodels_server.url, "of-a-block") as again:
        assert list(again.client.tuned_models.list()) == []


def test_no_server() -> None:
    """If nothing answers, the error has the URL."""
    with pytest.raises(WorldError, match=r"No mock server answers at http://127\.0\.0\.1:1/_emulator"):
        World("http://127.0.0.1:1").clock.freeze()


def test_another_server_is_refused(tunedmodels_server: Server) -> None:
    """An answer that is not from an admin surface is an error with its status."""
    with pytest.raises(WorldError, match="with 404") as error:
        World(f"{tunedmodels_server.url}/elsewhere").clock.freeze()

    assert error.value.status == 404


def test_fixture_costs_one_request(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixture sends no request to set up a world, and one to drop it."""
    sent: list[str] = []
    send = HTTPAdapter.send

    def record(self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        sent.append(f"{request.method} {request.path_url}")
        return send(self, request, *args, **kwargs)

    monkeypatch.setattr(HTTPAdapter, "send", record)
    pytester.makepyfile("def test_it(tunedmodels_world):\n    assert tunedmodels_world.headers\n")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)

    assert sent == ["DELETE /_emulator/world?tell=left"]


def test_environment_of_a_test(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the test, the environment names the test's world and no real credentials. Afterwards it is as before."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "real.json")
    monkeypatch.setenv("GEMINI_API_KEY", "mine")
    pytester.makepyfile(
        """
        import os
        import pytest
        from tunedmodels import Client

        @pytest.mark.parametrize("variable", ["TUNEDMODELS_EMULATOR_HOST", "GOOGLE_GEMINI_BASE_URL"])
        def test_within(tunedmodels_world, monkeypatch, variable):
            monkeypatch.delenv(variable)
            assert "GOOGLE_APPLICATION_CREDENTIALS" not in os.environ
            assert "GEMINI_API_KEY" not in os.environ
            tunedmodels_world.client.tuned_models.create(
                base_model="gemini-1.0-pro-001", tuned_model_id="mine", training_data=[("1", "2")]
            )
            with Client() as client:
                assert [model.name for model in client.tuned_models.list()] == ["tunedModels/mine"]

        def test_afterwards():
            assert os.environ["GOOGLE_APPLICATION_CREDENTIALS"] == "real.json"
            assert os.environ["GEMINI_API_KEY"] == "mine"
            assert "TUNEDMODELS_EMULATOR_HOST" not in os.environ
        """
    )
    monkeypatch.delenv("TUNEDMODELS_EMULATOR_HOST", raising=False)

    pytester.runpytest_inprocess().assert_outcomes(passed=3)


UNFINISHED = """
import pytest
import requests

CREATE = dict(base_model="gemini-1.0-pro-001", tuned_model_id="mine", training_data=[("1", "2")])

def ask(world, text):
    body = {"contents": [{"parts": [{"text": text}]}]}
    url = f"{world.url}/v1beta/models/gemini-1.5-flash:generateContent"
    return requests.post(url, json=body, headers=world.headers, timeout=30)

def test_unfired(tunedmodels_world):
    tunedmodels_world.faults.arm(method="tunedModels.create", error="UNAVAILABLE")

def test_unfired_and_not_required(tunedmodels_world):
    tunedmodels_world.faults.arm(method="tunedModels.create", error="UNAVAILABLE", required=False)

def test_missed(tunedmodels_world):
    tunedmodels_world.canned.add("Sunny.", text="the weather")
    assert ask(tunedmodels_world, "the whether").ok

def test_leaked_and_allowed(tunedmodels_world):
    tunedmodels_world.client.tuned_models.create(**CREATE)

@pytest.mark.tunedmodels(leaks=True)
def test_leaked(tunedmodels_world):
    tunedmodels_world.client.tuned_models.create(**CREATE)

@pytest.mark.tunedmodels(verdict="advice")
def test_judged(tunedmodels_world):
    tunedmodels_world.client.tuned_models.create(**CREATE)

@pytest.mark.tunedmodels(verdict="warning")
def test_judged_less_strictly(tunedmodels_world):
    tunedmodels_world.client.tuned_models.create(**CREATE)

def test_failed(tunedmodels_world):
    tunedmodels_world.faults.arm(method="tunedModels.create", error="UNAVAILABLE")
    requests.get(f"{tunedmodels_world.url}/v1beta/tunedModels/nope", headers=tunedmodels_world.headers, timeout=30)
    assert False, "of its own"

def test_skipped(tunedmodels_world):
    tunedmodels_world.faults.arm(method="tunedModels.create", error="UNAVAILABLE")
    pytest.skip("for a reason")
"""


def test_unmet_expectations_fail_the_test(pytester: pytest.Pytester) -> None:
    """Faults that never fired and prompts without a rule fail a test, and on request models and findings."""
    pytester.makepyfile(UNFINISHED)
    result = pytester.runpytest_inprocess("-rA")

    result.assert_outcomes(passed=7, failed=1, skipped=1, errors=4)
    output = result.stdout.str()
    assert "The fault fault-1 (error; method tunedModels.create) never fired: no call was in its scope." in output
    assert "No canned rule answered 'the whether' (generateContent of models/gemini-1.5-flash)." in output
    assert "text does not hold: the [-weather-]{+whether+}" in output
    assert "These models were not deleted: tunedModels/mine." in output
    assert "advice: Did not delete models [models-leaked]." in output
    result.stdout.fnmatch_lines(["*last requests of the world test-failed-*"])
    result.stdout.fnmatch_lines(['1: GET /v1beta/tunedModels/nope → 404 · "Tuned model*'])
    for name in ("unfired", "missed", "leaked", "judged"):
        result.stdout.fnmatch_lines([f"ERROR *::test_{name} *"])


def test_ini_file_is_for_all_tests(pytester: pytest.Pytester) -> None:
    """The ini-file sets the options of all tests. A mark sets those of one test."""
    pytester.makeini("[pytest]\ntunedmodels_leaks = true\ntunedmodels_serve_args = --clock manual\n")
    pytester.makepyfile(
        """
        import pytest

        CREATE = dict(base_model="gemini-1.0-pro-001", display_name="n", training_data=[("1", "2")])

        def test_leaked(tunedmodels_world):
            tunedmodels_world.client.tuned_models.create(**CREATE)
            assert tunedmodels_world.clock.mode == "manual"

        @pytest.mark.tunedmodels(leaks=False, serve_args="--step-time 1")
        def test_mark(tunedmodels_world, tunedmodels_server):
            tunedmodels_world.client.tuned_models.create(**CREATE)
            assert tunedmodels_world.clock.mode == "real"
            assert tunedmodels_world.url != tunedmodels_server.url
        """
    )

    pytester.runpytest_inprocess().assert_outcomes(passed=2, errors=1)


@pytest.mark.parametrize(
    ("mark", "sentence"),
    [
        ("leak=True", "There is no argument 'leak'; did you mean leaks?"),
        ("verdict='bad'", "verdict must be error, warning, advice or off, got 'bad'."),
        ("'leaks'", "takes leaks, verdict, serve_args by name"),
    ],
)
def test_invalid_mark_is_refused(pytester: pytest.Pytester, mark: str, sentence: str) -> None:
    """The error names the valid arguments or values."""
    pytester.makepyfile(f"import pytest\n@pytest.mark.tunedmodels({mark})\ndef test_it(tunedmodels_world):\n    pass\n")
    result = pytester.runpytest_inprocess()

    result.assert_outcomes(errors=1)
    assert sentence in result.stdout.str()
