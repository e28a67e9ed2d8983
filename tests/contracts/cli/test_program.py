"""Tests the command ``tunedmodels-contracts``."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tunedmodels_contracts import __main__, differential
from tunedmodels_contracts.clauses import results
from tunedmodels_contracts.clauses.clause import Clause
from tunedmodels_contracts.clauses.results import Check, CheckedServer, Verdict
from tunedmodels_contracts.cli import main
from tunedmodels_contracts.cli.options import arguments
from tunedmodels_contracts.mutation import selftest
from tunedmodels_contracts.options import PLUGIN
from tunedmodels_contracts.report import files
from tunedmodels_contracts.report.report import Report
from tunedmodels_contracts.report.run import SuiteRun
from tunedmodels_contracts.schema.observed import ApiCoverage

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """A function that runs the command in this process and in an empty folder, without the pytest around it."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        monkeypatch.delenv(name)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def run_command(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in *folder* as a process of its own, without the pytest around it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "tunedmodels_contracts", *arguments],
        cwd=folder,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


def run_of(report_folder: Path) -> dict[str, Any]:
    """Return the only run in the report in *report_folder*."""
    (run,) = json.loads((report_folder / "report.json").read_text(encoding="utf-8"))["runs"]
    return dict(run)


def write_report(folder: Path, kind: str, verdict: Verdict) -> Path:
    """Write the report of a run of one clause, and return the path of its JSON."""
    coverage = ApiCoverage()
    coverage.record("GET", "http://localhost/v1beta/tunedModels", 200, "{}")
    clause = Clause("list/whole-models", ("tunedModels.list",))
    result = results.Result(clause, "A sentence.", (Check("t", verdict),))
    files.write(Report("0.1.0", (SuiteRun(CheckedServer(kind), date(2026, 11, 22), (result,), coverage),), {}), folder)
    return folder / "report.json"


@pytest.mark.parametrize(
    ("options", "more", "end"),
    [
        ({}, (), []),
        ({"target": "replay", "url": None, "anonymous": False}, (), ["--tunedmodels-target=replay"]),
        ({"target": None, "url": "http://localhost:9000"}, (), ["--tunedmodels-url=http://localhost:9000"]),
        (
            {"anonymous": True, "second_token": "t", "bound": 2.5},
            ("-k", "get"),
            ["--tunedmodels-anonymous", "--tunedmodels-second-token=t", "--tunedmodels-bound=2.5", "-k", "get"],
        ),
    ],
)
def test_arguments(options: dict[str, object], more: tuple[str, ...], end: list[str]) -> None:
    """Options become pytest's, and later arguments go to pytest unchanged."""
    pytest_arguments = arguments(options, more)

    assert pytest_arguments[:2] == ["-p", PLUGIN]
    assert Path(pytest_arguments[2]).name == "suite"
    assert pytest_arguments[3:5] == ["-c", os.devnull]
    assert [one for one in pytest_arguments if one.startswith("--tunedmodels-")] + list(more) == end


COMMANDS = {
    "run": ("--target [fake|url|replay|live]", "--second-token TOKEN", "--clause NAME", "--jobs N"),
    "record": ("--to DIR", "--spend LIMITS", "--ledger FILE", "--anonymous"),
    "sweep": ("--ledger FILE", "--second-token TOKEN"),
    "diff": ("--left TARGET", "--right TARGET", "--clause NAME", "--spend LIMITS", "--json"),
    "selftest": ("--mutant NAME", "--clause NAME", "--jobs N", "--json"),
    "check": ("--recordings DIR", "--known FILE"),
    "coverage": ("--recordings DIR", "--missing"),
    "report": (),
}


def test_help() -> None:
    """The commands have the order in which they are used, and the help of each has its options."""
    runner = CliRunner()
    overview = runner.invoke(main, ["--help"]).output

    assert list(main.commands) == list(COMMANDS)
    for command, options in COMMANDS.items():
        text = runner.invoke(main, [command, "--help"])
        assert text.exit_code == 0
        assert [option for option in options if option not in text.output] == []
        assert f"  {command} " in overview


def test_help_imports_nothing_heavy() -> None:
    """A command imports its heavy modules when it runs, so its help is fast."""
    program = "import sys, tunedmodels_contracts.cli; print(*sys.modules)"
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    heavy = {"pytest", "_pytest", "requests", "google.auth", "flask", "responses", "yaml", "jinja2", "tqdm"}
    assert heavy & set(process.stdout.split()) == set()


@pytest.mark.parametrize(
    ("module", "options"), [("pytest", []), ("responses", []), ("yaml", []), ("xdist", ["--jobs", "2"])]
)
def test_missing_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: str, options: list[str]
) -> None:
    """If a module of the extra is missing, the command says what to install."""
    monkeypatch.setattr("tunedmodels_mockserver.interrupts.install_handlers", lambda: None)
    monkeypatch.setattr(sys, "argv", ["tunedmodels-contracts", "run", *options])
    monkeypatch.setitem(sys.modules, module, None)  # such a module cannot be imported
    with pytest.raises(SystemExit) as end:
        __main__.main()

    assert end.value.code == 2
    assert capsys.readouterr().err == (
        f"tunedmodels-contracts needs {module}, which is not installed: pip install 'tunedmodels[contracts]'\n"
    )


def test_extra_has_the_module_for_jobs() -> None:
    """The extra ``contracts`` installs pytest-xdist, which ``--jobs`` needs."""
    extra = [one for one in requires("tunedmodels") or [] if re.search(r"""extra == ["']contracts["']""", one)]

    assert any(re.match(r"pytest-xdist\b", one) for one in extra)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rum"], "No such command 'rum'. Did you mean 'run'?"),
        (["selftest", "--mutant", "percent-fall"], "There is no mutant 'percent-fall'; did you mean percent-falls?"),
        (["selftest", "--clause", "get/mising-model"], "no clause 'get/mising-model'; did you mean get/missing-model?"),
        (["diff", "--right", "fake", "--clause", "zzz"], "There is no clause 'zzz'."),
        (["diff", "--right", "feka"], "--right: There is no target 'feka'; did you mean fake? There are fake, mutant,"),
        (["diff", "--right", "mutant=other-word"], "There is no mutant 'other-word'; did you mean other-words?"),
        (["diff", "--left", "url", "--right", "fake"], "--left: url needs a URL: url=..."),
        (["diff", "--right", "fake=1"], "--right: fake takes no value, got '1'."),
        (["diff", "--right", "fake", "--spend", "tunings=1"], "--spend is for live, but the targets are fake and"),
        (["sweep", "--ledger", "none.jsonl"], "File 'none.jsonl' does not exist."),
        (["run", "--url", "http://localhost", "--target", "live"], "--url is for the target url, but --target is live"),
        (
            ["record", "--to", "r", "--url", "http://127.0.0.1"],
            "No such option '--url'",
        ),  # only the service is recorded
        (["record"], "Missing option '--to'"),
    ],
)
def test_wrong_usage_is_refused(arguments: list[str], message: str) -> None:
    """The error names what is wrong, and the nearest name that exists."""
    result = CliRunner().invoke(main, arguments)

    assert result.exit_code == 2
    assert message in result.output


def test_run(tmp_path: Path) -> None:
    """A run passes on the fake, also in a folder with a configuration of its own. The last line sums it up."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", encoding="utf-8")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('of other tests')\n", encoding="utf-8")
    process = run_command(tmp_path, "run", "--report", "report", "--", "-k", "test_get.py")

    assert process.returncode == 0, process.stdout + process.stderr
    last = process.stdout.splitlines()[-1]
    assert last.startswith("contracts: fake: ")
    assert last.endswith("verified against the real API")
    run = run_of(tmp_path / "report")
    assert run["passed"] is True
    assert {one["clause"].partition("/")[0] for one in run["clauses"]} == {"get"}
    assert ["tunedModels.get", "200 OK"] in run["seen"]["outcomes"]
    assert {path.name for path in tmp_path.iterdir()} == {"pytest.ini", "conftest.py", "report"}


def test_several_processes(tmp_path: Path, invoke: Invoke) -> None:
    """``--clause`` selects clauses by name. Several processes report the same as one, in the same order."""
    options = ["--clause", "get/*", "--clause", "operations/progress-never-falls"]
    alone = invoke("run", "--tunedmodels-report", "alone", *options)
    shared = run_command(tmp_path, "run", "--report", "shared", *options, "--jobs", "2")

    assert (alone.exit_code, shared.returncode) == (0, 0), alone.output + shared.stdout
    clauses = run_of(tmp_path / "alone")["clauses"]
    assert clauses == run_of(tmp_path / "shared")["clauses"]
    names = [clause["clause"] for clause in clauses]
    assert names == sorted(names)
    assert {name.partition("/")[0] for name in names} == {"get", "operations"}
    assert clauses[-1]["checks"][0]["test"].startswith("test_operations.py::test_")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["http://u:hidden@localhost"],
            "A base URL has no query, no fragment and no password; the URL of localhost has one.",
        ),
        (["localhost:9000"], "--tunedmodels-url: A base URL begins with http:// or https:// and names a host"),
        (["http://localhost", "--bound", "0"], "--tunedmodels-bound: 0 is invalid; give a number of seconds above 0"),
        (["http://localhost", "--bound", "nan"], "--tunedmodels-bound: nan is invalid"),
        (["http://localhost", "--pause", "-1"], "--tunedmodels-pause: -1 is invalid; give a number of seconds of 0"),
    ],
)
def test_invalid_target_is_refused(tmp_path: Path, invoke: Invoke, options: list[str], message: str) -> None:
    """An invalid URL or time is refused before a clause runs, and the error does not repeat a password."""
    result = invoke("run", "--report", "report", "--url", *options)

    assert result.exit_code == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr
    assert "hidden" not in result.output
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_unreachable_server(invoke: Invoke, jobs: str) -> None:
    """If nothing answers, the run says so and fails. The last line sums it up."""
    result = invoke("run", "--url", "http://127.0.0.1:9", "--jobs", jobs, "--clause", "get/missing-model")

    assert result.exit_code != 0
    assert "Nothing answers at http://127.0.0.1:9: ConnectionError" in result.stdout
    assert "INTERNALERROR" not in result.stdout
    assert result.stdout.splitlines()[-1].startswith("contracts: url http://127.0.0.1:9: ")


INTERRUPT = """
import os, signal

def pytest_runtest_setup(item):
    if item.name == "test_missing_model":
        command = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
        os.kill(command, getattr(signal, os.environ["SIGNAL"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to oneself so there")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("name", "more"), [("SIGINT", ()), ("SIGTERM", ("--jobs", "2"))], ids=["SIGINT alone", "SIGTERM jobs"]
)
def test_interrupted_run(tmp_path: Path, name: str, more: tuple[str, ...]) -> None:
    """A run dies of the signal, without a traceback. Before that, it sums up the clauses that it has checked."""
    (tmp_path / "interrupt.py").write_text(INTERRUPT, encoding="utf-8")
    arguments = ["run", "--clause", "get/*", *more, "--", "-p", "interrupt"]
    process = run_command(tmp_path, *arguments, PYTHONPATH=str(tmp_path), SIGNAL=name)

    assert process.returncode == -signal.Signals[name]
    assert "Traceback" not in process.stdout + process.stderr
    assert process.stdout.splitlines()[-1].endswith("pytest ended with status 2")


# Each worker that starts sends a signal to all processes of the command, as a terminal does.
FROM_WORKER = """
import os, signal, sys

if "--multiprocessing-fork" in sys.argv:
    os.killpg(0, getattr(signal, os.environ["SIGNAL"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no group of processes can be sent a signal there")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("name", "words"), [("SIGINT", ["selftest", "--mutant", "percent-falls"]), ("SIGTERM", ["diff", "--right", "fake"])]
)
def test_interrupted_workers(tmp_path: Path, words: list[str], name: str) -> None:
    """A command and its workers die of the signal even while the workers start, and print nothing."""
    (tmp_path / "sitecustomize.py").write_text(FROM_WORKER, encoding="utf-8")
    process = run_command(tmp_path, *words, PYTHONPATH=str(tmp_path), SIGNAL=name)

    assert (process.returncode, process.stdout, process.stderr) == (-signal.Signals[name], "", "")


def test_error_at_import_is_no_signal(tmp_path: Path, invoke: Invoke) -> None:
    """If pytest stops by itself, the command fails with pytest's status for an interruption."""
    (tmp_path / "test_broken.py").write_text("raise RuntimeError('at import')\n", encoding="utf-8")

    assert invoke("run", "--", str(tmp_path / "test_broken.py")).exit_code == pytest.ExitCode.INTERRUPTED


def test_diff(monkeypatch: pytest.MonkeyPatch) -> None:
    """A visible difference fails the command, which prints the differences and their number, or all as JSON."""
    request = "GET /v1beta/tunedModels/<model:1>"
    wording = differential.ServerDifference("wording", "visible", "get/missing-model", request, "$.error", "a; b")
    clauses = ("get/missing-model", "get/visible-at-once")
    calls: list[tuple[object, ...]] = []

    def compare(*arguments: object) -> differential.Comparison:
        calls.append(arguments)
        return differential.Comparison((wording,) if calls[-1][1].mutant else (), clauses, ())  # type: ignore[attr-defined]

    monkeypatch.setattr(differential, "differential", compare)
    runner = CliRunner()
    options = ["--clause", "get/missing-model", "--clause", "get/visible-*"]
    same = runner.invoke(main, ["diff", "--right", "fake", *options])
    other = runner.invoke(main, ["diff", "--right", "mutant=other-words", *options])
    as_json = runner.invoke(main, ["diff", "--right", "mutant=other-words", *options, "--json"])

    fake, mutant = (differential.Side(("--tunedmodels-target=fake",), name) for name in ("", "other-words"))
    assert calls == [(fake, fake, [*clauses]), *[(fake, mutant, [*clauses])] * 2]
    assert (same.exit_code, other.exit_code, as_json.exit_code) == (0, 1, 1), same.output
    assert same.output == "fake and fake: 2 clauses compared, 0 left out; no difference\n"
    assert other.output.splitlines() == [
        f"visible: wording: {request} $.error: a; b [get/missing-model]",
        "fake and mutant=other-words: 2 clauses compared, 0 left out; 0 breaks-clients, 1 visible, 0 cosmetic",
    ]
    summary = json.loads(as_json.output)
    assert ([one["kind"] for one in summary["findings"]], summary["visible"]) == (["wording"], 1)


def test_selftest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command fails if a mutant survives, and prints which clause kills which mutant, or all as JSON."""
    clauses, mutants = ["operations/progress-never-falls"], ["percent-falls", "other-words"]
    both = selftest.selftest(clauses, mutants, jobs=1)
    calls: list[tuple[object, ...]] = []

    def run(clauses: list[str], mutants: list[str], jobs: int, **_options: object) -> selftest.MutationResult:
        calls.append((clauses, mutants, jobs))
        return replace(both, trials={name: both.trials[name] for name in mutants})

    monkeypatch.setattr(selftest, "selftest", run)
    options = ["selftest", "--clause", "operations/progress-*", "--jobs", "3", "--mutant", "percent-falls"]
    killed = CliRunner().invoke(main, options)
    survived = CliRunner().invoke(main, [*options, "--mutant", "other-words", "--json"])

    assert calls == [(clauses, mutants[:1], 3), (clauses, mutants, 3)]
    assert (killed.exit_code, survived.exit_code) == (0, 1), killed.output
    assert killed.stdout.splitlines() == [
        "percent-falls is killed by operations/progress-never-falls",
        "1 of 1 mutants are killed; 1 of 1 required clauses kill one: so far as it was tried, the suite has teeth",
    ]
    assert killed.stderr == ""  # no bar without a terminal
    summary = json.loads(survived.output)
    assert (summary["passed"], summary["survivors"]) == (False, ["other-words"])


def test_check_of_the_package() -> None:
    """The recordings and citations of the package have no problems."""
    result = CliRunner().invoke(main, ["check"])

    assert result.exit_code == 0, result.output
    assert result.output.endswith(": nothing wrong\n")


def test_check_names_problems(tmp_path: Path) -> None:
    """Each problem is named, and the command fails."""
    (tmp_path / "known.yaml").write_text(
        "known-differences:\n- {clause: get/nothing, reason: r, since: '2026-11-22'}\n", encoding="utf-8"
    )
    result = CliRunner().invoke(main, ["check", "--recordings", str(tmp_path), "--known", str(tmp_path / "known.yaml")])

    assert result.exit_code == 1
    assert "there is no clause get/nothing" in result.output
    assert "contract is missing" in result.output
    assert result.output.endswith("wrong\n")


def test_coverage(tmp_path: Path) -> None:
    """The command shows the coverage of the recordings, or of the runs in the reports that it gets."""
    runner = CliRunner()
    path = write_report(tmp_path, "fake", Verdict.HELD)

    assert runner.invoke(main, ["coverage"]).output.startswith("recordings in published\n  methods:        3 of 27\n")
    output = runner.invoke(main, ["coverage", "--missing", str(path)]).output
    assert output.startswith("fake on 2026-11-22\n  methods:        1 of 27\n    not seen: ")
    assert "not seen: TunedModel.State FAILED\n" in output


@pytest.mark.parametrize(("verdict", "status"), [(Verdict.HELD, 0), (Verdict.BROKEN, 1)])
def test_report(tmp_path: Path, verdict: Verdict, status: int) -> None:
    """Reports of several runs become one. The command fails if a run failed."""
    paths = [str(write_report(tmp_path / kind, kind, verdict)) for kind in ("fake", "replay")]
    runner = CliRunner()

    printed = runner.invoke(main, ["report", *paths])
    written = runner.invoke(main, ["report", *paths, "--to", str(tmp_path / "both")])

    assert printed.exit_code == written.exit_code == status
    assert "| clause | level | methods | outcome | evidence | fake | replay |" in printed.output
    assert len(files.read(tmp_path / "both" / "report.json").runs) == 2


@pytest.mark.parametrize("command", ["report", "coverage"])
def test_other_file_is_refused(tmp_path: Path, command: str) -> None:
    """The error names a file that is missing or is not a report."""
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")

    for name in ("other.json", "none.json"):
        result = CliRunner().invoke(main, [command, str(tmp_path / name)])
        assert result.exit_code == 1
        assert name in result.output
