"""Tests the target live with a stand-in for the service: options, budget, ledger, recordings and signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tunedmodels_contracts.clauses.clause import Need
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import body
from tunedmodels_contracts.recordings import check, load
from tunedmodels_contracts.recordings.held_clauses import held_clauses
from tunedmodels_contracts.targets import probe
from tunedmodels_contracts.targets.credentials import find_credentials
from tunedmodels_contracts.targets.live import ledger
from tunedmodels_contracts.targets.live.budget import Budget, BudgetExceeded, refuse
from tunedmodels_contracts.targets.live.ledger import LedgerError
from tunedmodels_contracts.targets.live.loopback import VARIABLE, stand_in_url
from tunedmodels_contracts.targets.live.target import LiveOptions, live, sweep
from tunedmodels_contracts.targets.target import Target, TargetError
from tunedmodels_mockserver.testing import API_KEY

from ..stand_in import StandIn, run_stand_in

pytest_plugins = ["pytester"]

_OWN = (VARIABLE, "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_API_KEY", "GEMINI_API_KEY", "REQUESTS_CA_BUNDLE")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
PLUGIN = ("-p", "tunedmodels_contracts.session.plugin")
PLENTY = "tunings=500,requests=9000,seconds=300"

# A plugin that blocks the network: nothing connects, and no name is looked up.
NO_NETWORK = """
import socket

def refuse(*_arguments, **_keywords):
    raise AssertionError("a replay has used the network")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
"""

CONFTEST = """
import pytest
from google.auth.credentials import AnonymousCredentials
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import body, observe
from tunedmodels_contracts.targets.select import skip_and_sort, open_target
from tunedmodels_contracts.targets.pytest_hooks import open_scope_of_test as open_scope_of_test
from tunedmodels_contracts.targets.pytest_hooks import register

def pytest_configure(config):
    register(config)

def pytest_collection_modifyitems(config, items):
    skip_and_sort(config, items)

@pytest.fixture(scope="session")
def target(pytestconfig):
    with open_target(pytestconfig) as target:
        yield target

@pytest.fixture(scope="session")
def api(target):
    return Api(target.session, target.base_url, target.caller)

@pytest.fixture(scope="session")
def finished(api, target):
    name = target.scopes.new_id()
    created = api.post("v1beta/tunedModels", body(target.base_model), {"tunedModelId": name})
    yield observe(api, created, target.clock, target.pause, target.bound)
    api.delete(f"v1beta/tunedModels/{name}")
"""

CLAUSES = """
import pytest
from tunedmodels_contracts.clauses.clause import Cost, clause

@clause("small/looks-only", "tunedModels.get", cost=Cost.TUNING)
def test_looks_only(finished):
    assert finished.model["state"] == "ACTIVE"

@clause("small/listed", "tunedModels.list", cost=Cost.TUNING)
@pytest.mark.parametrize("size", [1, 1000])
def test_listed(api, finished, size):
    assert finished.name in [model["name"] for model in api.list_all("v1beta/tunedModels", {"pageSize": size})]

@clause("small/missing", "tunedModels.get", outcome="404 NOT_FOUND", cost=Cost.FREE)
def test_missing(api, target):
    name = f"tunedModels/{target.scopes.new_id()}"
    assert name in api.get(f"v1beta/{name}").assert_error(404, "NOT_FOUND").message

@clause("small/breaks", "tunedModels.list")
def test_breaks(api):
    assert api.get("v1beta/tunedModels").status == 500
"""


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """One stand-in for all of these tests. A test ignores the models of the others."""
    with run_stand_in(tmp_path_factory.mktemp("stand-in")) as started:
        yield started


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without credentials, and without a way to find any."""
    for name in (*_OWN, *_PROXIES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    return monkeypatch


@pytest.fixture
def stand_in_server(clean_environment: pytest.MonkeyPatch, stand_in: StandIn) -> StandIn:
    """The stand-in, selected by the environment."""
    for name, value in stand_in.environment.items():
        clean_environment.setenv(name, value)
    return stand_in


def options(folder: Path, **more: object) -> LiveOptions:
    defaults: dict[str, object] = {
        "budget": Budget(3, 100, 60),
        "ledger": folder / "ledger.jsonl",
        "pause": 0.1,
    }
    return LiveOptions(**{**defaults, **more})  # type: ignore[arg-type]


def api_of(target: Target) -> Api:
    return Api(target.session, target.base_url, target.caller)


def make(target: Target) -> str:
    created = api_of(target).post(
        "v1beta/tunedModels", body(target.base_model), {"tunedModelId": target.scopes.new_id()}
    )
    return str(created.ok()["metadata"]["tunedModel"])


NO_BUDGET = (
    "The target live needs a budget: give --tunedmodels-spend tunings=1,requests=200,seconds=1800 "
    "(tunings=0 for no tuning), or use --tunedmodels-anonymous to check only what needs no credentials"
)
NO_CREDENTIALS = (
    "The target live has no credentials: run gcloud auth application-default login, or set "
    "GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_API_KEY or GEMINI_API_KEY"
)


# -- What it needs ------------------------------------------------------------------------------------------------


def test_budget_is_required(clean_environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a budget, the error says how to give one."""
    del clean_environment
    with pytest.raises(TargetError) as refusal, live(options(tmp_path, budget=None), refuse):
        pass

    assert str(refusal.value).splitlines() == [NO_BUDGET, NO_CREDENTIALS]


def test_credentials_are_required(clean_environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without credentials and without a key, the error says what to set."""
    del clean_environment
    with pytest.raises(TargetError) as refusal, live(options(tmp_path), refuse):
        pass

    assert str(refusal.value) == NO_CREDENTIALS


def test_key_alone_is_enough(clean_environment: pytest.MonkeyPatch) -> None:
    """Without other credentials, the API key of the environment is the caller."""
    clean_environment.setenv("GEMINI_API_KEY", "a-key-that-is-made-up")
    credentials = find_credentials("", stand_in=False)

    assert credentials.caller is credentials.key
    assert credentials.key.token == "a-key-that-is-made-up"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tunedmodels-spend", PLENTY], "--tunedmodels-spend works only with the target live, not with fake"),
        (["--tunedmodels-anonymous"], "--tunedmodels-anonymous works only with the target live, not with fake"),
        (["--tunedmodels-record", "x"], "--tunedmodels-record works only with the target live, not with fake"),
        (
            ["--tunedmodels-target", "url", "--tunedmodels-url", "http://127.0.0.1:1", "--tunedmodels-record", "x"],
            "--tunedmodels-record works only with the target live, not with url",
        ),
        (["--tunedmodels-target", "live", "--tunedmodels-spend", "money=1"], "'money=1' is not a limit"),
        (["--tunedmodels-target", "url"], "the target url needs --tunedmodels-url, such as http://127.0.0.1:9480"),
        (["--tunedmodels-target", "live"], "The target live needs a budget"),
        (["--tunedmodels-bound", "0"], "--tunedmodels-bound works only with the target url or live, not with fake"),
        (["--tunedmodels-report", "conftest.py"], "--tunedmodels-report: conftest.py cannot be created: File exists"),
    ],
)
def test_incompatible_options_are_refused(
    pytester: pytest.Pytester, clean_environment: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    """An option that the target does not have is an error of usage."""
    del clean_environment
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(CLAUSES)
    run = pytester.runpytest_subprocess(*PLUGIN, *options)

    assert run.ret == pytest.ExitCode.USAGE_ERROR
    assert message in run.stdout.str() + run.stderr.str()


@pytest.mark.parametrize("url", ["https://service.test", "http://127.0.0.1:1", "https://127.0.0.1.service.test:1"])
def test_stand_in_must_be_on_this_machine(clean_environment: pytest.MonkeyPatch, url: str) -> None:
    """The URL of the stand-in must be on this machine and use TLS."""
    clean_environment.setenv(VARIABLE, url)

    with pytest.raises(TargetError, match="it must be an https:// URL on this machine; it is only for tests"):
        stand_in_url()


@pytest.mark.parametrize("name", ["GOOGLE_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS"])
def test_stand_in_refuses_real_credentials(
    stand_in_server: StandIn, clean_environment: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """A stand-in gets no key that looks like Google's and no file whose tokens come from another machine."""
    del stand_in_server
    real = tmp_path / "real.json"
    real.write_text('{"type": "service_account", "token_uri": "https://oauth2.service.test/token"}', encoding="utf-8")
    clean_environment.setenv(name, "AIza" + "x" * 35 if name == "GOOGLE_API_KEY" else str(real))

    with pytest.raises(TargetError, match="A stand-in refuses real credentials"):
        find_credentials("", stand_in=True)


@pytest.mark.usefixtures("stand_in_server")
def test_stand_in_accepts_a_made_up_key_alone(clean_environment: pytest.MonkeyPatch) -> None:
    """Without a file, a stand-in gets the key, and google-auth is not asked for credentials."""
    clean_environment.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    clean_environment.setenv("GOOGLE_API_KEY", "a-made-up-key")
    clean_environment.setattr("google.auth.default", lambda **_: pytest.fail("google-auth was asked"))
    credentials = find_credentials("", stand_in=True)

    assert credentials.caller is credentials.key
    assert credentials.key.token == "a-made-up-key"


# -- The open target -----------------------------------------------------------------------------------------------


def test_kind_of_a_stand_in(stand_in_server: StandIn, tmp_path: Path) -> None:
    """A stand-in has its own kind and a note, and the capabilities that the probe found."""
    with live(options(tmp_path, second_token=stand_in_server.second_token), refuse) as target:
        assert (target.kind, target.base_url) == ("stand-in", stand_in_server.url)
        assert target.capabilities == {Need.CREDENTIALS_JUDGED, Need.SECOND_CALLER, Need.TUNABLE_MODEL}
        assert target.base_model == "models/gemini-1.0-pro-001"
        assert "this run is not evidence" in target.notes[0]


def test_clauses_without_a_tunable_model_are_no_longer_verifiable(
    stand_in_server: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the service lists no base model that can be tuned, the reason says so."""
    del stand_in_server
    monkeypatch.setattr(probe, "_METHODS", ("createNothing",))
    with live(options(tmp_path), refuse) as target:
        assert Need.TUNABLE_MODEL not in target.capabilities
        assert target.reason(Need.TUNABLE_MODEL).startswith("no longer verifiable: ")
        assert "--tunedmodels-second-token" in target.reason(Need.SECOND_CALLER)


def test_stand_in_session_sends_to_no_other_host(stand_in_server: StandIn, tmp_path: Path) -> None:
    """A request to another host raises an error and is not sent."""
    del stand_in_server
    with live(options(tmp_path), refuse) as target, pytest.raises(TargetError, match="a request would go to service"):
        target.session.get("https://service.test/v1beta/models")


# -- Clean-up ---------------------------------------------------------------------------------------------


def test_created_models_are_deleted(stand_in_server: StandIn, tmp_path: Path) -> None:
    """At the end each model is deleted and confirmed as gone, and the budget was kept."""
    del stand_in_server
    with live(options(tmp_path, budget=Budget(1, 50, 60)), refuse) as target:
        name = make(target)
        with pytest.raises(BudgetExceeded, match="used up: 1 of 1 tunings"):
            make(target)

    (entry,) = ledger.read(tmp_path / "ledger.jsonl")
    assert (entry.name, entry.caller, entry.created, entry.confirmed_gone) == (name, "caller", True, True)


def test_remaining_model_fails_the_run(stand_in_server: StandIn, tmp_path: Path) -> None:
    """A model that was transferred to an unknown user remains, and the error names it."""
    del stand_in_server

    def run() -> None:
        with live(options(tmp_path), refuse) as target:
            name = make(target)
            new_owner = {"emailAddress": "carol@example.com"}
            api_of(target).post(f"v1beta/{name}:transferOwnership", new_owner).ok()

    with pytest.raises(LedgerError, match="the delete call got status 403"):
        run()
    with pytest.raises(TargetError, match="lists 1 model that may still exist, such as tunedModels/contracts-"):
        run()


CRASH = """
import os, signal, sys
from pathlib import Path
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import body
from tunedmodels_contracts.targets.live.budget import Budget, refuse
from tunedmodels_contracts.targets.live.target import LiveOptions, live

with live(LiveOptions(budget=Budget(3, 100, 60), ledger=Path(sys.argv[1])), refuse) as target:
    api = Api(target.session, target.base_url, target.caller)
    for _ in range(2):
        api.post("v1beta/tunedModels", body(target.base_model), {"tunedModelId": target.scopes.new_id()}).ok()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no process can be killed so here")
def test_sweep_after_a_crash(stand_in_server: StandIn, tmp_path: Path) -> None:
    """If a run was killed before its clean-up, the ledger lists its models, and a sweep deletes them."""
    path = tmp_path / "ledger.jsonl"
    credentials = find_credentials("", stand_in=True)
    killed = subprocess.run([sys.executable, "-c", CRASH, str(path)], env=os.environ, check=False)
    names = [entry.name for entry in ledger.read(path) if entry.is_open]
    assert (killed.returncode, len(names)) == (-signal.SIGKILL, 2)
    with pytest.raises(TargetError, match="run tunedmodels-contracts sweep"), live(options(tmp_path), refuse):
        pass
    other = {"tunedModelId": "contracts-of-somebody"}
    with live(options(tmp_path, ledger=tmp_path / "another.jsonl"), refuse) as target:
        direct = Api(target.session, stand_in_server.url, credentials.caller)
        direct.post("v1beta/tunedModels", body(target.base_model), other).ok()
        (tmp_path / "another.jsonl").unlink()  # no ledger lists this model

    result = sweep(path)

    assert (sorted(result.deleted), result.remaining) == (sorted(names), [])
    assert "tunedModels/contracts-of-somebody" in result.unknown_models
    assert sweep(path).deleted == []
    with live(options(tmp_path), refuse) as target:
        assert api_of(target).delete("v1beta/tunedModels/contracts-of-somebody").ok() == {}


# -- Recording and replay ------------------------------------------------------------------------------------


def test_recorded_and_replayed(pytester: pytest.Pytester, stand_in_server: StandIn) -> None:
    """Each clause that held has a recording, which is no evidence, and holds again in a replay without a network."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_small=CLAUSES, no_network=NO_NETWORK)
    recordings = pytester.path / "recordings"
    how = ["--tunedmodels-target", "live", "--tunedmodels-spend", PLENTY, "--tunedmodels-pause", "0.1"]
    recorded = pytester.runpytest_subprocess(*PLUGIN, *how, "--tunedmodels-record", str(recordings))

    recorded.assert_outcomes(passed=4, failed=1)
    assert sorted(path.name for path in recordings.iterdir()) == [
        "runs.finished.yaml",
        "runs.target.yaml",
        "small.listed.1.yaml",
        "small.listed.1000.yaml",
        "small.missing.yaml",
    ]
    assert check(recordings) == []
    for path in recordings.iterdir():
        provenance = load(path).provenance
        assert (provenance.kind, provenance.stand_in) == ("hand-written", True)
    finished = load(recordings / "runs.finished.yaml").provenance
    assert sorted(held_clauses(finished)) == ["small/listed", "small/looks-only"]
    assert stand_in_server.second_token not in "".join(
        path.read_text(encoding="utf-8") for path in recordings.iterdir()
    )

    how = ["-p", "no_network", "--tunedmodels-target", "replay", "--tunedmodels-recordings", str(recordings)]
    replayed = pytester.runpytest_subprocess(*PLUGIN, *how, "-rs")
    replayed.assert_outcomes(passed=4, skipped=1)
    replayed.stdout.fnmatch_lines(["*there is no recording of small/breaks"])
    some = pytester.runpytest_subprocess(*PLUGIN, *how, "-k", "listed and 1000")
    some.assert_outcomes(passed=1, deselected=4)


def test_clauses_beyond_the_budget_are_skipped(pytester: pytest.Pytester, stand_in_server: StandIn) -> None:
    """Clauses that cost more than the budget are skipped with a reason."""
    del stand_in_server
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_small=CLAUSES)
    how = ["--tunedmodels-target", "live", "-k", "not breaks", "-rs"]
    run = pytester.runpytest_subprocess(*PLUGIN, *how, "--tunedmodels-spend", "requests=20")

    run.assert_outcomes(passed=1, skipped=3, deselected=1)
    run.stdout.fnmatch_lines(["*it costs a tuning, and --tunedmodels-spend allows none"])
    less = pytester.runpytest_subprocess(*PLUGIN, *how, "--tunedmodels-spend", "requests=2")
    less.assert_outcomes(skipped=4, deselected=1)
    less.stdout.fnmatch_lines(["*the budget --tunedmodels-spend is used up: 2 of 2 requests"])


def test_whole_suite_is_recorded_and_replayed(
    tmp_path: Path, stand_in_server: StandIn, clean_environment: pytest.MonkeyPatch
) -> None:
    """By the command, every clause holds on a stand-in, and again in a replay without a network."""
    clean_environment.setenv("GOOGLE_API_KEY", API_KEY)
    clean_environment.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "no_network.py").write_text(NO_NETWORK, encoding="utf-8")
    recordings = tmp_path / "recordings"
    second = ("--second-token", stand_in_server.second_token)

    recorded = command(tmp_path, "record", "--to", "recordings", "--spend", PLENTY, "--pause", "0.1", *second)
    assert recorded.returncode == 0, recorded.stdout[-4000:] + recorded.stderr[-2000:]
    assert recorded.stdout.splitlines()[-1].startswith(f"contracts: stand-in {stand_in_server.url}: ")
    assert "none is verified against the real API" in recorded.stdout.splitlines()[-1]
    assert f"{VARIABLE} is set: the server is a stand-in, so this run is not evidence" in recorded.stdout
    assert len(list(recordings.iterdir())) > 500
    assert {(one.kind, one.stand_in) for one in (load(path).provenance for path in recordings.iterdir())} == {
        ("hand-written", True)
    }
    assert command(tmp_path, "check", "--recordings", "recordings").returncode == 0

    for name in stand_in_server.environment:
        clean_environment.delenv(name)
    # A recording does not keep the compression of an answer, nor long numbers, which may be secret.
    selection = ("-p", "no_network", "-k", "not test_compressed and not test_reader_projects")
    replayed = command(tmp_path, "run", "--target", "replay", "--recordings", "recordings", "--", *selection)
    assert replayed.returncode == 0, replayed.stdout[-4000:] + replayed.stderr[-2000:]
    last = replayed.stdout.splitlines()[-1]
    assert last.startswith("contracts: replay: ")
    assert "none is verified against the real API" in last


# -- By the command --------------------------------------------------------------------------------------------

SPEND = ("--spend", "tunings=2,requests=100,seconds=60", "--pause", "0.1")
LOOKS = ("--clause", "get/missing-model", "--clause", "operations/progress-never-falls")

# A plugin that ends the process by a signal after a model was created.
ENDS = """
import os, signal

def pytest_fixture_setup(fixturedef):
    if fixturedef.argname == "finished_run":
        os.kill(os.getpid(), getattr(signal, os.environ["SIGNAL"]))
"""

# A plugin that sends a signal during the clean-up.
AGAIN = """
import os, signal
from tunedmodels_contracts.targets.live import target

def interrupt(*arguments, clean_up=target._clean_up):
    os.kill(os.getpid(), getattr(signal, os.environ["SIGNAL"]))
    clean_up(*arguments)

target._clean_up = interrupt
"""

# After a worker of the command has created a model, the command gets a signal.
PARENT = """
import os, signal, sys

if "--multiprocessing-fork" in sys.argv:
    from tunedmodels_contracts.targets.live.ledger import Ledger

    def record(self, event, *rest, original=Ledger.record, **fields):
        original(self, event, *rest, **fields)
        if event == "made":
            os.kill(os.getppid(), signal.SIGTERM)

    Ledger.record = record
"""


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``tunedmodels-contracts`` in *folder*, in the current environment."""
    program = [sys.executable, "-m", "tunedmodels_contracts", *arguments]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("how", [("record", "--to", "recordings"), ("run", "--target", "live")])
def test_command_names_everything_that_is_missing(
    clean_environment: pytest.MonkeyPatch, tmp_path: Path, how: tuple[str, ...]
) -> None:
    """The budget and the credentials have one sentence each if they are missing, and the status is not 0."""
    del clean_environment
    ended = command(tmp_path, *how)

    assert ended.returncode != 0
    assert ended.stderr.split("\n")[:2] == [f"ERROR: {NO_BUDGET}", NO_CREDENTIALS]
    assert list(tmp_path.iterdir()) == []


def test_command_without_credentials(clean_environment: pytest.MonkeyPatch, stand_in: StandIn, tmp_path: Path) -> None:
    """Only clauses that need no credentials run, and the differences of the discovery document are shown."""
    for name in (VARIABLE, "REQUESTS_CA_BUNDLE"):
        clean_environment.setenv(name, stand_in.environment[name])
    open_target = ("--clause", "credentials/*", "--clause", "get/missing-model")
    ended = command(tmp_path, "run", "--target", "live", "--anonymous", *open_target, "--report", "report")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    (account,) = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))["runs"]
    assert account["notes"][1].startswith("drift: ")
    assert set(account["notes"]) <= set(ended.stdout.splitlines())
    verdicts = {one["clause"]: one["verdict"] for one in account["clauses"]}
    assert verdicts["get/missing-model"] == "not run"
    assert "held" in verdicts.values()
    assert {"tunedModels.create 200 OK"} & {" ".join(outcome) for outcome in account["seen"]["outcomes"]} == set()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no process can be killed so here")
def test_command_sweeps_after_a_crash(
    stand_in_server: StandIn, tmp_path: Path, clean_environment: pytest.MonkeyPatch
) -> None:
    """After a crash the ledger lists the model, no other run starts, and a sweep deletes it."""
    del stand_in_server
    (tmp_path / "ends.py").write_text(ENDS, encoding="utf-8")
    clean_environment.setenv("PYTHONPATH", str(tmp_path))
    clean_environment.setenv("SIGNAL", "SIGKILL")
    path = tmp_path / ledger.DEFAULT

    crashed = command(tmp_path, "record", "--to", "recordings", *SPEND, *LOOKS, "--", "-p", "ends")
    (left,) = [entry for entry in ledger.read(path) if entry.is_open]
    again = command(tmp_path, "record", "--to", "recordings", *SPEND, *LOOKS)
    swept = command(tmp_path, "sweep", "--ledger", str(ledger.DEFAULT))

    assert crashed.returncode == -signal.SIGKILL
    assert again.returncode != 0
    assert f"run tunedmodels-contracts sweep --ledger {ledger.DEFAULT}" in again.stderr
    assert swept.returncode == 0, swept.stderr
    lines = swept.stdout.splitlines()  # other tests may have left models of which this ledger does not know
    assert (lines[0], lines[-1]) == (f"deleted: {left.name}", f"{ledger.DEFAULT}: 1 deleted, 0 remaining")
    assert [entry.confirmed_gone for entry in ledger.read(path)] == [True]


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to oneself so there")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_command_cleans_up_after_a_signal(
    stand_in_server: StandIn, tmp_path: Path, clean_environment: pytest.MonkeyPatch, name: str
) -> None:
    """A live run ends by the signal after its clean-up, also if a second signal comes during that."""
    del stand_in_server
    (tmp_path / "ends.py").write_text(ENDS + AGAIN, encoding="utf-8")
    clean_environment.setenv("PYTHONPATH", str(tmp_path))
    clean_environment.setenv("SIGNAL", name)

    ended = command(tmp_path, "run", "--target", "live", *SPEND, *LOOKS, "--", "-p", "ends")

    assert ended.returncode == -signal.Signals[name]
    assert "Traceback" not in ended.stdout + ended.stderr
    assert [(entry.created, entry.confirmed_gone) for entry in ledger.read(tmp_path / ledger.DEFAULT)] == [(True, True)]


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to oneself so there")
@pytest.mark.usefixtures("interruptible")
def test_signal_during_the_clean_up_waits(
    stand_in_server: StandIn, tmp_path: Path, clean_environment: pytest.MonkeyPatch
) -> None:
    """A signal after the last clause does not interrupt the clean-up."""
    del stand_in_server
    (tmp_path / "ends.py").write_text(AGAIN, encoding="utf-8")
    clean_environment.setenv("PYTHONPATH", str(tmp_path))
    clean_environment.setenv("SIGNAL", "SIGINT")

    ended = command(tmp_path, "run", "--target", "live", *SPEND, *LOOKS, "--", "-p", "ends")

    assert ended.returncode == -signal.SIGINT
    assert "Traceback" not in ended.stdout + ended.stderr
    assert [(entry.created, entry.confirmed_gone) for entry in ledger.read(tmp_path / ledger.DEFAULT)] == [(True, True)]


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to oneself so there")
def test_signal_to_a_comparison_with_live(
    stand_in_server: StandIn, tmp_path: Path, clean_environment: pytest.MonkeyPatch
) -> None:
    """A signal to the command ends its workers, too, after the clean-up of the live one."""
    del stand_in_server
    (tmp_path / "sitecustomize.py").write_text(PARENT, encoding="utf-8")
    clean_environment.setenv("PYTHONPATH", str(tmp_path))

    ended = command(tmp_path, "diff", "--right", "live", *SPEND, "--clause", "operations/done-is-absorbing")

    assert ended.returncode == -signal.SIGTERM
    assert (ended.stdout, ended.stderr) == ("", "")
    assert [(entry.created, entry.confirmed_gone) for entry in ledger.read(tmp_path / ledger.DEFAULT)] == [(True, True)]


def test_sweep_fails_if_a_model_remains(stand_in_server: StandIn, tmp_path: Path) -> None:
    """A model that another user owns now is named, and the status is 1."""
    path = tmp_path / "book.jsonl"
    names: list[str] = []

    def run() -> None:
        with live(options(tmp_path, ledger=path), refuse) as target:
            names.append(make(target))
            new_owner = {"emailAddress": "bob@example.com"}
            api_of(target).post(f"v1beta/{names[0]}:transferOwnership", new_owner).ok()

    with pytest.raises(LedgerError):
        run()
    stays = command(tmp_path, "sweep", "--ledger", "book.jsonl")
    goes = command(tmp_path, "sweep", "--ledger", "book.jsonl", "--second-token", stand_in_server.second_token)

    assert (stays.returncode, goes.returncode) == (1, 0)
    assert stays.stdout.startswith(f"remains: {names[0]}, of ")
    assert stays.stdout.endswith("book.jsonl: 0 deleted, 1 remaining\n")


def test_command_compares_with_live(stand_in_server: StandIn, tmp_path: Path) -> None:
    """Clauses beyond the budget are left out of the comparison, and the ledger lists every model."""
    del stand_in_server
    how = (
        "diff",
        "--right",
        "live",
        "--pause",
        "0.1",
        "--clause",
        "get/missing-model",
        "--clause",
        "get/visible-at-once",
    )
    free = command(tmp_path, *how, "--spend", "tunings=0")
    paid = command(tmp_path, *how, "--spend", "tunings=1")

    assert free.stdout.splitlines()[-1].startswith("fake and live: 1 clauses compared, 1 left out; "), free.stderr
    assert paid.stdout.splitlines()[-1].startswith("fake and live: 2 clauses compared, 0 left out; "), paid.stderr
    assert [entry.confirmed_gone for entry in ledger.read(tmp_path / ledger.DEFAULT)] == [True]
