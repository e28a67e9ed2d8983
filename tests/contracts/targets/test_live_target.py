"""The target live: three keys, a spend, a ledger; recorded from a stand-in, and replayed without a network."""

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

from ..standing import KEY, Standing, standing

pytest_plugins = ["pytester"]

_OWN = (VARIABLE, "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_API_KEY", "GEMINI_API_KEY", "REQUESTS_CA_BUNDLE")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
PLUGIN = ("-p", "tunedmodels_contracts.session.plugin")
PLENTY = "tunings=500,requests=9000,seconds=300"

# What pytest runs without a network: nothing connects, and no name is looked up.
NO_NETWORK = """
import socket

def refused(*_how, **_more):
    raise AssertionError("a replay has asked the network")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refused
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
def stands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """One stand-in for all of these tests; the runs of one do not see those of another."""
    with standing(tmp_path_factory.mktemp("standing")) as started:
        yield started


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No credentials of this machine, and no way to find any."""
    for name in (*_OWN, *_PROXIES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    return monkeypatch


@pytest.fixture
def there(alone: pytest.MonkeyPatch, stands: Standing) -> Standing:
    """The stand-in, to which the environment leads."""
    for name, value in stands.environment.items():
        alone.setenv(name, value)
    return stands


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


# -- Three keys ------------------------------------------------------------------------------------------------


def test_without_a_spend_it_is_refused(alone: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who does not say what it may cost gets one sentence that says how to."""
    del alone
    with pytest.raises(TargetError) as refusal, live(options(tmp_path, budget=None), refuse):
        pass

    assert str(refusal.value).splitlines() == [NO_BUDGET, NO_CREDENTIALS]


def test_without_credentials_it_is_refused(alone: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where google-auth finds none and no key is set, one sentence says what to set."""
    del alone
    with pytest.raises(TargetError) as refusal, live(options(tmp_path), refuse):
        pass

    assert str(refusal.value) == NO_CREDENTIALS


def test_a_key_is_a_credential(alone: pytest.MonkeyPatch) -> None:
    """A key of the environment asks where there is nobody else."""
    alone.setenv("GEMINI_API_KEY", "a-key-that-is-made-up")
    credentials = find_credentials("", stand_in=False)

    assert credentials.caller is credentials.key
    assert credentials.key.token == "a-key-that-is-made-up"


@pytest.mark.parametrize(
    ("options", "sentence"),
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
def test_options_that_do_not_go_together(
    pytester: pytest.Pytester, alone: pytest.MonkeyPatch, options: list[str], sentence: str
) -> None:
    """No option is passed over in silence: nothing but the service itself is recorded, for one."""
    del alone
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(CLAUSES)
    run = pytester.runpytest_subprocess(*PLUGIN, *options)

    assert run.ret == pytest.ExitCode.USAGE_ERROR
    assert sentence in run.stdout.str() + run.stderr.str()


@pytest.mark.parametrize("url", ["https://service.test", "http://127.0.0.1:1", "https://127.0.0.1.service.test:1"])
def test_a_stand_in_is_on_this_machine(alone: pytest.MonkeyPatch, url: str) -> None:
    """The override for tests leads nowhere else, and not without TLS."""
    alone.setenv(VARIABLE, url)

    with pytest.raises(TargetError, match="it must be an https:// URL on this machine; it is only for tests"):
        stand_in_url()


@pytest.mark.parametrize("name", ["GOOGLE_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS"])
def test_a_stand_in_gets_nothing_real(there: Standing, alone: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """A key that looks like Google's is not shown to it, and no file whose tokens come from elsewhere is read."""
    del there
    real = tmp_path / "real.json"
    real.write_text('{"type": "service_account", "token_uri": "https://oauth2.service.test/token"}', encoding="utf-8")
    alone.setenv(name, "AIza" + "x" * 35 if name == "GOOGLE_API_KEY" else str(real))

    with pytest.raises(TargetError, match="A stand-in refuses real credentials"):
        find_credentials("", stand_in=True)


@pytest.mark.usefixtures("there")
def test_a_stand_in_accepts_a_made_up_key_alone(alone: pytest.MonkeyPatch) -> None:
    """Without a file, a stand-in gets the key, and google-auth is not asked for credentials."""
    alone.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    alone.setenv("GOOGLE_API_KEY", "a-made-up-key")
    alone.setattr("google.auth.default", lambda **_: pytest.fail("google-auth was asked"))
    credentials = find_credentials("", stand_in=True)

    assert credentials.caller is credentials.key
    assert credentials.key.token == "a-made-up-key"


# -- What it has -----------------------------------------------------------------------------------------------


def test_what_a_stand_in_is_called(there: Standing, tmp_path: Path) -> None:
    """It is no live target by its kind, says so, and has what it was found to have."""
    with live(options(tmp_path, second_token=there.second_token), refuse) as target:
        assert (target.kind, target.base_url) == ("stand-in", there.url)
        assert target.capabilities == {Need.CREDENTIALS_JUDGED, Need.SECOND_CALLER, Need.TUNABLE_MODEL}
        assert target.base_model == "models/gemini-1.0-pro-001"
        assert "this run is not evidence" in target.notes[0]


def test_no_longer_verifiable(there: Standing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the service lists no base model that can be tuned, the reason says that nobody can check it any more."""
    del there
    monkeypatch.setattr(probe, "_METHODS", ("createNothing",))
    with live(options(tmp_path), refuse) as target:
        assert Need.TUNABLE_MODEL not in target.capabilities
        assert target.reason(Need.TUNABLE_MODEL).startswith("no longer verifiable: ")
        assert "--tunedmodels-second-token" in target.reason(Need.SECOND_CALLER)


def test_nothing_but_this_machine_is_asked(there: Standing, tmp_path: Path) -> None:
    """A session of a stand-in sends to no other host."""
    del there
    with live(options(tmp_path), refuse) as target, pytest.raises(TargetError, match="a request would go to service"):
        target.session.get("https://service.test/v1beta/models")


# -- What it makes ---------------------------------------------------------------------------------------------


def test_what_was_made_is_gone(there: Standing, tmp_path: Path) -> None:
    """In the end each model is deleted and proved gone, and no more was tuned than allowed."""
    del there
    with live(options(tmp_path, budget=Budget(1, 50, 60)), refuse) as target:
        name = make(target)
        with pytest.raises(BudgetExceeded, match="used up: 1 of 1 tunings"):
            make(target)

    (entry,) = ledger.read(tmp_path / "ledger.jsonl")
    assert (entry.name, entry.caller, entry.created, entry.confirmed_gone) == (name, "caller", True, True)


def test_what_stays_fails_the_run(there: Standing, tmp_path: Path) -> None:
    """A model that was handed to somebody who is not here stays, and is no secret."""
    del there

    def run() -> None:
        with live(options(tmp_path), refuse) as target:
            name = make(target)
            heir = {"emailAddress": "carol@example.com"}
            api_of(target).post(f"v1beta/{name}:transferOwnership", heir).ok()

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
def test_a_crash_is_swept_up(there: Standing, tmp_path: Path) -> None:
    """A run that was killed between creating and deleting leaves its models in the ledger, and a sweep deletes them."""
    path = tmp_path / "ledger.jsonl"
    credentials = find_credentials("", stand_in=True)
    killed = subprocess.run([sys.executable, "-c", CRASH, str(path)], env=os.environ, check=False)
    names = [entry.name for entry in ledger.read(path) if entry.is_open]
    assert (killed.returncode, len(names)) == (-signal.SIGKILL, 2)
    with pytest.raises(TargetError, match="run tunedmodels-contracts sweep"), live(options(tmp_path), refuse):
        pass
    other = {"tunedModelId": "contracts-of-somebody"}
    with live(options(tmp_path, ledger=tmp_path / "another.jsonl"), refuse) as target:
        direct = Api(target.session, there.url, credentials.caller)
        direct.post("v1beta/tunedModels", body(target.base_model), other).ok()
        (tmp_path / "another.jsonl").unlink()  # nobody has noted that one

    result = sweep(path)

    assert (sorted(result.deleted), result.remaining) == (sorted(names), [])
    assert "tunedModels/contracts-of-somebody" in result.unknown_models
    assert sweep(path).deleted == []
    with live(options(tmp_path), refuse) as target:
        assert api_of(target).delete("v1beta/tunedModels/contracts-of-somebody").ok() == {}


# -- Recorded, and replayed ------------------------------------------------------------------------------------


def test_recorded_and_replayed(pytester: pytest.Pytester, there: Standing) -> None:
    """What held is a file that says it is no evidence; without a network, in any order, it holds again."""
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
    assert there.second_token not in "".join(path.read_text(encoding="utf-8") for path in recordings.iterdir())

    how = ["-p", "no_network", "--tunedmodels-target", "replay", "--tunedmodels-recordings", str(recordings)]
    replayed = pytester.runpytest_subprocess(*PLUGIN, *how, "-rs")
    replayed.assert_outcomes(passed=4, skipped=1)
    replayed.stdout.fnmatch_lines(["*there is no recording of small/breaks"])
    some = pytester.runpytest_subprocess(*PLUGIN, *how, "-k", "listed and 1000")
    some.assert_outcomes(passed=1, deselected=4)


def test_little_spend_leaves_out_what_it_does_not_pay_for(pytester: pytest.Pytester, there: Standing) -> None:
    """Clauses that cost more than is allowed are left out with the reason, and do not fail."""
    del there
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_small=CLAUSES)
    how = ["--tunedmodels-target", "live", "-k", "not breaks", "-rs"]
    run = pytester.runpytest_subprocess(*PLUGIN, *how, "--tunedmodels-spend", "requests=20")

    run.assert_outcomes(passed=1, skipped=3, deselected=1)
    run.stdout.fnmatch_lines(["*it costs a tuning, and --tunedmodels-spend allows none"])
    less = pytester.runpytest_subprocess(*PLUGIN, *how, "--tunedmodels-spend", "requests=2")
    less.assert_outcomes(skipped=4, deselected=1)
    less.stdout.fnmatch_lines(["*the budget --tunedmodels-spend is used up: 2 of 2 requests"])


def test_the_whole_suite_is_recorded_and_replayed(tmp_path: Path, there: Standing, alone: pytest.MonkeyPatch) -> None:
    """By the command every clause holds on a stand-in in the way of live, and again without a network."""
    alone.setenv("GOOGLE_API_KEY", KEY)
    alone.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "no_network.py").write_text(NO_NETWORK, encoding="utf-8")
    recordings = tmp_path / "recordings"
    second = ("--second-token", there.second_token)

    recorded = command(tmp_path, "record", "--to", "recordings", "--spend", PLENTY, "--pause", "0.1", *second)
    assert recorded.returncode == 0, recorded.stdout[-4000:] + recorded.stderr[-2000:]
    assert recorded.stdout.splitlines()[-1].startswith(f"contracts: stand-in {there.url}: ")
    assert "none is verified against the real API" in recorded.stdout.splitlines()[-1]
    assert f"{VARIABLE} is set: the server is a stand-in, so this run is not evidence" in recorded.stdout
    assert len(list(recordings.iterdir())) > 500
    assert {(one.kind, one.stand_in) for one in (load(path).provenance for path in recordings.iterdir())} == {
        ("hand-written", True)
    }
    assert command(tmp_path, "check", "--recordings", "recordings").returncode == 0

    for name in there.environment:
        alone.delenv(name)
    # What a recording does not keep: how an answer was compressed, and long numbers, which may be secret.
    kept = ("-p", "no_network", "-k", "not test_compressed and not test_reader_projects")
    replayed = command(tmp_path, "run", "--target", "replay", "--recordings", "recordings", "--", *kept)
    assert replayed.returncode == 0, replayed.stdout[-4000:] + replayed.stderr[-2000:]
    last = replayed.stdout.splitlines()[-1]
    assert last.startswith("contracts: replay: ")
    assert "none is verified against the real API" in last


# -- By the command --------------------------------------------------------------------------------------------

SPEND = ("--spend", "tunings=2,requests=100,seconds=60", "--pause", "0.1")
LOOKS = ("--clause", "get/missing-model", "--clause", "operations/progress-never-falls")

# What pytest runs to end the process by a signal once a model has been made.
ENDS = """
import os, signal

def pytest_fixture_setup(fixturedef):
    if fixturedef.argname == "finished":
        os.kill(os.getpid(), getattr(signal, os.environ["SIGNAL"]))
"""

# The plugin that sends a signal while the models are deleted.
AGAIN = """
import os, signal
from tunedmodels_contracts.targets.live import target

def interrupt(*arguments, clean_up=target._clean_up):
    os.kill(os.getpid(), getattr(signal, os.environ["SIGNAL"]))
    clean_up(*arguments)

target._clean_up = interrupt
"""

# Where a worker of the command has made a model, the command gets a signal.
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
    """Run ``tunedmodels-contracts`` in *folder*, in the environment that there is."""
    program = [sys.executable, "-m", "tunedmodels_contracts", *arguments]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("how", [("record", "--to", "recordings"), ("run", "--target", "live")])
def test_missing_keys_are_named(alone: pytest.MonkeyPatch, tmp_path: Path, how: tuple[str, ...]) -> None:
    """Each key that is missing has a sentence, and the status is not 0."""
    del alone
    ended = command(tmp_path, *how)

    assert ended.returncode != 0
    assert ended.stderr.split("\n")[:2] == [f"ERROR: {NO_BUDGET}", NO_CREDENTIALS]
    assert list(tmp_path.iterdir()) == []


def test_anonymously(alone: pytest.MonkeyPatch, stands: Standing, tmp_path: Path) -> None:
    """Without credentials only what needs none is asked, and what has changed of the published document is told."""
    for name in (VARIABLE, "REQUESTS_CA_BUNDLE"):
        alone.setenv(name, stands.environment[name])
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
def test_the_command_crashes_and_sweeps(there: Standing, tmp_path: Path, alone: pytest.MonkeyPatch) -> None:
    """After a crash the ledger knows what was made, no other run begins, and a sweep deletes it."""
    del there
    (tmp_path / "ends.py").write_text(ENDS, encoding="utf-8")
    alone.setenv("PYTHONPATH", str(tmp_path))
    alone.setenv("SIGNAL", "SIGKILL")
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
def test_the_command_is_interrupted(there: Standing, tmp_path: Path, alone: pytest.MonkeyPatch, name: str) -> None:
    """A live run dies of the signal, and what it made is gone all the same; a second signal does not keep it."""
    del there
    (tmp_path / "ends.py").write_text(ENDS + AGAIN, encoding="utf-8")
    alone.setenv("PYTHONPATH", str(tmp_path))
    alone.setenv("SIGNAL", name)

    ended = command(tmp_path, "run", "--target", "live", *SPEND, *LOOKS, "--", "-p", "ends")

    assert ended.returncode == -signal.Signals[name]
    assert "Traceback" not in ended.stdout + ended.stderr
    assert [(entry.created, entry.confirmed_gone) for entry in ledger.read(tmp_path / ledger.DEFAULT)] == [(True, True)]


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to oneself so there")
@pytest.mark.usefixtures("interruptible")
def test_a_signal_while_it_deletes_waits(there: Standing, tmp_path: Path, alone: pytest.MonkeyPatch) -> None:
    """A signal that comes when all clauses have run does not keep a live run from deleting what it made."""
    del there
    (tmp_path / "ends.py").write_text(AGAIN, encoding="utf-8")
    alone.setenv("PYTHONPATH", str(tmp_path))
    alone.setenv("SIGNAL", "SIGINT")

    ended = command(tmp_path, "run", "--target", "live", *SPEND, *LOOKS, "--", "-p", "ends")

    assert ended.returncode == -signal.SIGINT
    assert "Traceback" not in ended.stdout + ended.stderr
    assert [(entry.created, entry.confirmed_gone) for entry in ledger.read(tmp_path / ledger.DEFAULT)] == [(True, True)]


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to oneself so there")
def test_a_comparison_with_live_is_interrupted(there: Standing, tmp_path: Path, alone: pytest.MonkeyPatch) -> None:
    """A signal to the command alone ends its workers, too, after the live one has deleted what it made."""
    del there
    (tmp_path / "sitecustomize.py").write_text(PARENT, encoding="utf-8")
    alone.setenv("PYTHONPATH", str(tmp_path))

    ended = command(tmp_path, "diff", "--right", "live", *SPEND, "--clause", "operations/done-is-absorbing")

    assert ended.returncode == -signal.SIGTERM
    assert (ended.stdout, ended.stderr) == ("", "")
    assert [(entry.created, entry.confirmed_gone) for entry in ledger.read(tmp_path / ledger.DEFAULT)] == [(True, True)]


def test_what_cannot_be_swept_fails(there: Standing, tmp_path: Path) -> None:
    """A model that somebody else owns by now stays, is named, and fails."""
    path = tmp_path / "book.jsonl"
    names: list[str] = []

    def run() -> None:
        with live(options(tmp_path, ledger=path), refuse) as target:
            names.append(make(target))
            heir = {"emailAddress": "bob@example.com"}
            api_of(target).post(f"v1beta/{names[0]}:transferOwnership", heir).ok()

    with pytest.raises(LedgerError):
        run()
    stays = command(tmp_path, "sweep", "--ledger", "book.jsonl")
    goes = command(tmp_path, "sweep", "--ledger", "book.jsonl", "--second-token", there.second_token)

    assert (stays.returncode, goes.returncode) == (1, 0)
    assert stays.stdout.startswith(f"remains: {names[0]}, of ")
    assert stays.stdout.endswith("book.jsonl: 0 deleted, 1 remaining\n")


def test_the_command_compares_with_live(there: Standing, tmp_path: Path) -> None:
    """What the spend does not pay for is left out of the comparison, and the ledger knows all."""
    del there
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
