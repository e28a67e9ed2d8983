"""Tests the target live with a stand-in for the service: options, budget, ledger, recordings and signals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tunedmodels_contracts.clauses.clause import Need
from tunedmodels_contracts.cli import main
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import body
from tunedmodels_contracts.recordings import check, load
from tunedmodels_contracts.recordings.held_clauses import held_clauses
from tunedmodels_contracts.session import pytest_session as pytest_session  # else each run below imports it anew
from tunedmodels_contracts.targets import probe
from tunedmodels_contracts.targets.credentials import find_credentials
from tunedmodels_contracts.targets.live import ledger
from tunedmodels_contracts.targets.live.budget import Budget, BudgetExceeded, refuse
from tunedmodels_contracts.targets.live.ledger import LedgerError
from tunedmodels_contracts.targets.live.loopback import VARIABLE, stand_in_url
from tunedmodels_contracts.targets.live.target import LiveOptions, live
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
    with run_stand_in(tmp_path_factory.mktemp("stand-in")) as server:
        yield server


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


Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path, clean_environment: pytest.MonkeyPatch) -> Invoke:
    """A function that runs ``tunedmodels-contracts`` in this process, with *tmp_path* as the current folder."""
    clean_environment.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``tunedmodels-contracts`` as a process in *folder*, in the current environment."""
    program = [sys.executable, "-m", "tunedmodels_contracts", *arguments]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def options(folder: Path, **more: object) -> LiveOptions:
    defaults: dict[str, object] = {"budget": Budget(3, 100, 60), "ledger": folder / "ledger.jsonl", "pause": 0.1}
    return LiveOptions(**{**defaults, **more})  # type: ignore[arg-type]


def api_of(target: Target) -> Api:
    return Api(target.session, target.base_url, target.caller)


def make(target: Target) -> str:
    parameters = {"tunedModelId": target.scopes.new_id()}
    created = api_of(target).post("v1beta/tunedModels", body(target.base_model), parameters)
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


def test_budget_and_credentials_are_required(clean_environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a budget, or without credentials and a key, the error says how to give them."""
    del clean_environment
    for budget, problems in ((None, [NO_BUDGET, NO_CREDENTIALS]), (Budget(3, 100, 60), [NO_CREDENTIALS])):
        with pytest.raises(TargetError) as refusal, live(options(tmp_path, budget=budget), refuse):
            pass

        assert str(refusal.value).splitlines() == problems


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
        (["--tunedmodels-target", "live", "--tunedmodels-spend", "money=1"], "'money=1' is not a limit"),
        (["--tunedmodels-target", "url"], "the target url needs --tunedmodels-url, such as http://127.0.0.1:9480"),
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
    run = pytester.runpytest_inprocess(*PLUGIN, *options)

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


# -- Recording and replay ------------------------------------------------------------------------------------


def test_recording_and_replay(pytester: pytest.Pytester, stand_in_server: StandIn) -> None:
    """Each clause that held has a recording, which is no evidence, and holds again in a replay without a network."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_small=CLAUSES, no_network=NO_NETWORK)
    folder = pytester.path / "recordings"
    how = ["--tunedmodels-target", "live", "--tunedmodels-spend", PLENTY, "--tunedmodels-pause", "0.1"]
    run = pytester.runpytest_inprocess(*PLUGIN, *how, "--tunedmodels-record", str(folder))

    run.assert_outcomes(passed=4, failed=1)
    assert sorted(path.name for path in folder.iterdir()) == [
        "runs.finished.yaml",
        "runs.target.yaml",
        "small.listed.1.yaml",
        "small.listed.1000.yaml",
        "small.missing.yaml",
    ]
    assert check(folder) == []
    for path in folder.iterdir():
        provenance = load(path).provenance
        assert (provenance.kind, provenance.stand_in) == ("hand-written", True)
        assert stand_in_server.second_token not in path.read_text(encoding="utf-8")
    finished = load(folder / "runs.finished.yaml").provenance
    assert sorted(held_clauses(finished)) == ["small/listed", "small/looks-only"]

    how = ["--tunedmodels-target", "replay", "--tunedmodels-recordings", str(folder)]
    replay = pytester.runpytest_subprocess(*PLUGIN, "-p", "no_network", *how, "-rs")
    replay.assert_outcomes(passed=4, skipped=1)
    replay.stdout.fnmatch_lines(["*there is no recording of small/breaks"])
    selection = pytester.runpytest_inprocess(*PLUGIN, *how, "-k", "listed and 1000")
    selection.assert_outcomes(passed=1, deselected=4)


def test_clauses_beyond_the_budget_are_skipped(pytester: pytest.Pytester, stand_in_server: StandIn) -> None:
    """Clauses that cost more than the budget are skipped with a reason."""
    del stand_in_server
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_small=CLAUSES)
    how = ["--tunedmodels-target", "live", "-k", "not breaks", "-rs"]
    run = pytester.runpytest_inprocess(*PLUGIN, *how, "--tunedmodels-spend", "requests=20")

    run.assert_outcomes(passed=1, skipped=3, deselected=1)
    run.stdout.fnmatch_lines(["*it costs a tuning, and --tunedmodels-spend allows none"])
    less = pytester.runpytest_inprocess(*PLUGIN, *how, "--tunedmodels-spend", "requests=2")
    less.assert_outcomes(skipped=4, deselected=1)
    less.stdout.fnmatch_lines(["*the budget --tunedmodels-spend is used up: 2 of 2 requests"])


def test_whole_suite_is_recorded_and_replayed(
    tmp_path: Path, stand_in_server: StandIn, clean_environment: pytest.MonkeyPatch
) -> None:
    """By the command, every clause holds on a stand-in, and again in a replay without a network."""
    clean_environment.setenv("GOOGLE_API_KEY", API_KEY)
    clean_environment.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "no_network.py").write_text(NO_NETWORK, encoding="utf-8")
    folder = tmp_path / "recordings"
    second = ("--second-token", stand_in_server.second_token)

    run = command(tmp_path, "record", "--to", "recordings", "--spend", PLENTY, "--pause", "0.1", *second)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    last = run.stdout.splitlines()[-1]
    assert last.startswith(f"contracts: stand-in {stand_in_server.url}: ")
    assert "none is verified against the real API" in last
    assert f"{VARIABLE} is set: the server is a stand-in, so this run is not evidence" in run.stdout
    provenances = [load(path).provenance for path in folder.iterdir()]
    assert len(provenances) > 500
    assert {(one.kind, one.stand_in) for one in provenances} == {("hand-written", True)}
    assert check(folder) == []

    for name in stand_in_server.environment:
        clean_environment.delenv(name)
    # A recording does not keep the compression of an answer, nor long numbers, which may be secret.
    selection = ("-p", "no_network", "-k", "not test_compressed and not test_reader_projects")
    replay = command(tmp_path, "run", "--target", "replay", "--recordings", "recordings", "--", *selection)
    assert replay.returncode == 0, replay.stdout[-4000:] + replay.stderr[-2000:]
    last = replay.stdout.splitlines()[-1]
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


@pytest.mark.parametrize("how", [("record", "--to", "recordings"), ("run", "--target", "live")])
def test_command_names_everything_that_is_missing(invoke: Invoke, tmp_path: Path, how: tuple[str, ...]) -> None:
    """The budget and the credentials have one sentence each if they are missing, and the status is not 0."""
    result = invoke(*how)

    assert result.exit_code != 0
    assert result.stderr.split("\n")[:2] == [f"ERROR: {NO_BUDGET}", NO_CREDENTIALS]
    assert list(tmp_path.iterdir()) == []


def test_command_without_credentials(
    invoke: Invoke, clean_environment: pytest.MonkeyPatch, stand_in: StandIn, tmp_path: Path
) -> None:
    """Only clauses that need no credentials run, and the differences of the discovery document are shown."""
    for name in (VARIABLE, "REQUESTS_CA_BUNDLE"):
        clean_environment.setenv(name, stand_in.environment[name])
    clauses = ("--clause", "credentials/*", "--clause", "get/missing-model")
    result = invoke("run", "--target", "live", "--anonymous", *clauses, "--report", "report")

    assert result.exit_code == 0, result.output
    (account,) = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))["runs"]
    assert account["notes"][1].startswith("drift: ")
    assert set(account["notes"]) <= set(result.stdout.splitlines())
    verdicts = {one["clause"]: one["verdict"] for one in account["clauses"]}
    assert verdicts["get/missing-model"] == "not run"
    assert "held" in verdicts.values()
    assert {"tunedModels.create 200 OK"} & {" ".join(outcome) for outcome in account["seen"]["outcomes"]} == set()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no process can be killed so here")
def test_sweep_after_a_crash(
    invoke: Invoke, stand_in_server: StandIn, tmp_path: Path, clean_environment: pytest.MonkeyPatch
) -> None:
    """After a crash the ledger lists the models, no other run starts, and a sweep deletes them, but no other model."""
    (tmp_path / "ends.py").write_text(ENDS, encoding="utf-8")
    clean_environment.setenv("PYTHONPATH", str(tmp_path))
    clean_environment.setenv("SIGNAL", "SIGKILL")
    path = tmp_path / ledger.DEFAULT

    crash = command(tmp_path, "record", "--to", "recordings", *SPEND, *LOOKS, "--", "-p", "ends")
    (entry,) = [entry for entry in ledger.read(path) if entry.is_open]
    next_run = invoke("record", "--to", "recordings", *SPEND, *LOOKS)
    unknown = "contracts-of-somebody"
    with live(options(tmp_path, ledger=tmp_path / "another.jsonl"), refuse) as target:
        direct = Api(target.session, stand_in_server.url, find_credentials("", stand_in=True).caller)
        direct.post("v1beta/tunedModels", body(target.base_model), {"tunedModelId": unknown}).ok()
        (tmp_path / "another.jsonl").unlink()  # no ledger lists this model
    sweep = invoke("sweep", "--ledger", str(ledger.DEFAULT))

    assert crash.returncode == -signal.SIGKILL
    assert next_run.exit_code != 0
    assert f"run tunedmodels-contracts sweep --ledger {ledger.DEFAULT}" in next_run.stderr
    assert sweep.exit_code == 0, sweep.output
    lines = sweep.stdout.splitlines()
    assert (lines[0], lines[-1]) == (f"deleted: {entry.name}", f"{ledger.DEFAULT}: 1 deleted, 0 remaining")
    assert f"not in the ledger, not deleted: tunedModels/{unknown}" in lines
    assert [entry.confirmed_gone for entry in ledger.read(path)] == [True]
    assert invoke("sweep").stdout.endswith(": 0 deleted, 0 remaining\n")
    with live(options(tmp_path), refuse) as target:
        assert api_of(target).delete(f"v1beta/tunedModels/{unknown}").ok() == {}


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to oneself so there")
@pytest.mark.usefixtures("interruptible", "stand_in_server")
@pytest.mark.parametrize(
    ("name", "plugin"),
    [("SIGTERM", ENDS + AGAIN), ("SIGINT", AGAIN)],
    ids=["SIGTERM in a run and in its clean-up", "SIGINT in the clean-up"],
)
def test_signal_waits_for_the_clean_up(
    tmp_path: Path, clean_environment: pytest.MonkeyPatch, name: str, plugin: str
) -> None:
    """A live run ends by the signal after its clean-up, also if a signal comes during that."""
    (tmp_path / "ends.py").write_text(plugin, encoding="utf-8")
    clean_environment.setenv("PYTHONPATH", str(tmp_path))
    clean_environment.setenv("SIGNAL", name)

    process = command(tmp_path, "run", "--target", "live", *SPEND, *LOOKS, "--", "-p", "ends")

    assert process.returncode == -signal.Signals[name]
    assert "Traceback" not in process.stdout + process.stderr
    assert [(entry.created, entry.confirmed_gone) for entry in ledger.read(tmp_path / ledger.DEFAULT)] == [(True, True)]


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to oneself so there")
@pytest.mark.usefixtures("stand_in_server")
def test_signal_to_a_comparison_with_live(tmp_path: Path, clean_environment: pytest.MonkeyPatch) -> None:
    """A signal to the command ends its workers, too, after the clean-up of the live one."""
    (tmp_path / "sitecustomize.py").write_text(PARENT, encoding="utf-8")
    clean_environment.setenv("PYTHONPATH", str(tmp_path))

    process = command(tmp_path, "diff", "--right", "live", *SPEND, "--clause", "operations/done-is-absorbing")

    assert process.returncode == -signal.SIGTERM
    assert (process.stdout, process.stderr) == ("", "")
    assert [(entry.created, entry.confirmed_gone) for entry in ledger.read(tmp_path / ledger.DEFAULT)] == [(True, True)]


def test_sweep_fails_if_a_model_remains(invoke: Invoke, stand_in_server: StandIn, tmp_path: Path) -> None:
    """A model that another user owns now is named, and the status is 1. The second token can delete it."""
    path = tmp_path / "book.jsonl"
    names: list[str] = []

    def run() -> None:
        with live(options(tmp_path, ledger=path), refuse) as target:
            names.append(make(target))
            new_owner = {"emailAddress": "bob@example.com"}
            api_of(target).post(f"v1beta/{names[0]}:transferOwnership", new_owner).ok()

    with pytest.raises(LedgerError):
        run()
    failure = invoke("sweep", "--ledger", "book.jsonl")
    success = invoke("sweep", "--ledger", "book.jsonl", "--second-token", stand_in_server.second_token)

    assert (failure.exit_code, success.exit_code) == (1, 0)
    assert failure.stdout.startswith(f"remains: {names[0]}, of ")
    assert failure.stdout.endswith("book.jsonl: 0 deleted, 1 remaining\n")


@pytest.mark.usefixtures("stand_in_server")
def test_command_compares_with_live(invoke: Invoke, tmp_path: Path) -> None:
    """A clause beyond the budget is left out of the comparison, and the ledger lists every model."""
    names = ("get/missing-model", "get/visible-at-once", "create/id-as-given")
    clauses = [argument for name in names for argument in ("--clause", name)]
    result = invoke("diff", "--right", "live", "--pause", "0.1", *clauses, "--spend", "tunings=1")

    last = result.stdout.splitlines()[-1]
    assert last.startswith("fake and live: 2 clauses compared, 1 left out; "), result.output
    assert [entry.confirmed_gone for entry in ledger.read(tmp_path / ledger.DEFAULT)] == [True]
