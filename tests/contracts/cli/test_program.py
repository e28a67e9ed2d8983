"""The command ``tunedmodels-contracts``."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from datetime import date
from importlib.metadata import requires
from pathlib import Path

import pytest
from click.testing import CliRunner

from tunedmodels_contracts.clauses.clause import Clause
from tunedmodels_contracts.clauses.results import Check, CheckedServer, Result, Verdict
from tunedmodels_contracts.cli import main
from tunedmodels_contracts.cli.options import arguments
from tunedmodels_contracts.options import PLUGIN
from tunedmodels_contracts.report import files
from tunedmodels_contracts.report.report import Report
from tunedmodels_contracts.report.run import SuiteRun
from tunedmodels_contracts.schema.observed import ApiCoverage


def report(folder: Path, kind: str, verdict: Verdict) -> Path:
    """Write the report of a run of one clause, and return where its JSON is."""
    seen = ApiCoverage()
    seen.record("GET", "http://localhost/v1beta/tunedModels", 200, "{}")
    result = Result(Clause("list/whole-models", ("tunedModels.list",)), "A sentence.", (Check("t", verdict),))
    files.write(Report("0.1.0", (SuiteRun(CheckedServer(kind), date(2026, 11, 22), (result,), seen),), {}), folder)
    return folder / "report.json"


@pytest.mark.parametrize(
    ("options", "more", "end"),
    [
        ({}, (), []),
        ({"target": "replay", "url": None, "anonymous": False}, (), ["--tunedmodels-target=replay"]),
        (
            {"target": None, "url": "http://localhost:9000"},
            (),
            ["--tunedmodels-url=http://localhost:9000"],
        ),
        (
            {"anonymous": True, "second_token": "t", "bound": 2.5},
            ("-k", "get", "-n", "2"),
            [
                "--tunedmodels-anonymous",
                "--tunedmodels-second-token=t",
                "--tunedmodels-bound=2.5",
                "-k",
                "get",
                "-n",
                "2",
            ],
        ),
    ],
)
def test_arguments(options: dict[str, object], more: tuple[str, ...], end: list[str]) -> None:
    """Options become pytest's, an address chooses its target, and what follows is said to pytest as it is."""
    found = arguments(options, more)

    assert found[:2] == ["-p", PLUGIN]
    assert Path(found[2]).name == "suite"
    assert found[3:5] == ["-c", os.devnull]
    assert [one for one in found if one.startswith("--tunedmodels-")] + list(more) == end


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


@pytest.mark.parametrize(("command", "options"), COMMANDS.items())
def test_help(command: str, options: tuple[str, ...]) -> None:
    """Each command says what it is for, and has its options."""
    shown = CliRunner().invoke(main, [command, "--help"])

    assert shown.exit_code == 0
    assert [option for option in options if option not in shown.output] == []
    assert f"  {command} " in CliRunner().invoke(main, ["--help"]).output


def test_all_commands_are_known_here() -> None:
    """There is no command beside those, and they stand in the order in which they are used."""
    assert list(main.commands) == list(COMMANDS)


def test_no_other_server_is_recorded() -> None:
    """Recording has no option that leads to another server, and needs a folder."""
    runner = CliRunner()

    assert "No such option '--url'" in runner.invoke(main, ["record", "--to", "r", "--url", "http://127.0.0.1"]).output
    assert "Missing option '--to'" in runner.invoke(main, ["record"]).output


def test_nothing_heavy_is_imported_for_help() -> None:
    """Help comes at once: what a command needs is imported when it runs."""
    program = "import sys, tunedmodels_contracts.cli; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    heavy = {"pytest", "_pytest", "requests", "google.auth", "flask", "responses", "yaml", "jinja2", "tqdm"}
    assert heavy & set(ran.stdout.split()) == set()


@pytest.mark.parametrize(
    ("module", "missing", "options"),
    [
        ("pytest", "pytest", []),
        ("responses", "responses", []),
        ("yaml", "yaml", []),
        ("xdist", "xdist", ["--jobs", "2"]),
    ],
)
def test_extra_that_is_not_installed(module: str, missing: str, options: list[str]) -> None:
    """Who has the client alone is told what to install."""
    program = f"import sys; sys.modules['{module}'] = None; sys.argv[1:] = {['run', *options]}; " + (
        "import tunedmodels_contracts.__main__ as program; program.main()"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ran.returncode == 2
    assert ran.stderr == (
        f"tunedmodels-contracts needs {missing}, which is not installed: pip install 'tunedmodels[contracts]'\n"
    )


def test_the_extra_has_all_that_the_command_needs() -> None:
    """``--jobs`` is among what the extra ``contracts`` installs."""
    extra = [one for one in requires("tunedmodels") or [] if re.search(r"""extra == ["']contracts["']""", one)]

    assert any(re.match(r"pytest-xdist\b", one) for one in extra)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rum"], "No such command 'rum'. Did you mean 'run'?"),
        (["selftest", "--mutant", "percent-fall"], "There is no mutant 'percent-fall'; did you mean percent-falls?"),
        (["selftest", "--clause", "get/mising-model"], "no clause 'get/mising-model'; did you mean get/missing-model?"),
        (["diff", "--right", "fake", "--clause", "zzz"], "There is no clause 'zzz'."),
        (["diff", "--right", "feka"], "--right: There is no target 'feka'; did you mean fake? There are fake, mutant,"),
        (["diff", "--right", "mutant=other-word"], "There is no mutant 'other-word'; did you mean other-words?"),
        (["diff", "--left", "url", "--right", "fake"], "--left: url needs a URL: url=..."),
        (["diff", "--right", "fake=1"], "--right: fake takes no value, got '1'."),
        (
            ["diff", "--right", "fake", "--spend", "tunings=1"],
            "--spend is for live, but the targets are fake and fake.",
        ),
        (["sweep", "--ledger", "none.jsonl"], "File 'none.jsonl' does not exist."),
    ],
)
def test_refusals(arguments: list[str], said: str) -> None:
    """What there is not is refused, with the nearest that there is."""
    result = CliRunner().invoke(main, arguments)

    assert result.exit_code == 2
    assert said in result.output


def test_url_is_for_its_target() -> None:
    """An address with another target is a mistake."""
    result = CliRunner().invoke(main, ["run", "--url", "http://localhost:9000", "--target", "live"])

    assert result.exit_code == 2
    assert "--url is for the target url, but --target is live." in result.output


def test_run(tmp_path: Path) -> None:
    """A run of some clauses on the fake, from a folder with a configuration of its own, passes and says so last."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", encoding="utf-8")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('of other tests')\n", encoding="utf-8")
    command = [sys.executable, "-m", "tunedmodels_contracts", "run", "--report", "report", "--", "-k", "test_get.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    last = ran.stdout.splitlines()[-1]
    assert last.startswith("contracts: fake: ")
    assert last.endswith("verified against the real API")
    (account,) = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))["runs"]
    assert account["passed"] is True
    assert {one["clause"].partition("/")[0] for one in account["clauses"]} == {"get"}
    assert ["tunedModels.get", "200 OK"] in account["seen"]["outcomes"]
    assert {path.name for path in tmp_path.iterdir()} == {"pytest.ini", "conftest.py", "report"}


def test_run_of_nothing(tmp_path: Path) -> None:
    """A run in which nothing ran does not pass."""
    command = [sys.executable, "-m", "tunedmodels_contracts", "run", "--", "-k", "no_such_clause"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ran.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert ran.stdout.splitlines()[-1].startswith("contracts: fake: nothing ran, so nothing is proved")


def ran(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in *folder* as a process of its own, which does not know of the pytest around it."""
    command = [sys.executable, "-m", "tunedmodels_contracts", *arguments]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        command,
        cwd=folder,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


def test_clauses_by_name_and_by_several_processes(tmp_path: Path) -> None:
    """Clauses are chosen by their names; what several processes tell of them is what one tells, in the same order."""
    chosen = ["--clause", "get/*", "--clause", "operations/progress-never-falls"]
    accounts = []
    for jobs in ("1", "2"):
        result = ran(tmp_path, "run", "--tunedmodels-report", jobs, *chosen, "--jobs", jobs)
        assert result.returncode == 0, result.stdout + result.stderr
        (account,) = json.loads((tmp_path / jobs / "report.json").read_text(encoding="utf-8"))["runs"]
        accounts.append(account["clauses"])

    assert accounts[0] == accounts[1]
    names = [clause["clause"] for clause in accounts[0]]
    assert names == sorted(names)
    assert {name.partition("/")[0] for name in names} == {"get", "operations"}
    assert accounts[0][-1]["checks"][0]["test"].startswith("test_operations.py::test_")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["http://u:hidden@localhost"],
            "A base URL has no query, no fragment and no password; the URL of localhost has one.",
        ),
        (["localhost:9000"], "--tunedmodels-url: A base URL begins with http:// or https:// and names a host"),
        (["http://localhost", "--bound", "0"], "--tunedmodels-bound: 0 is invalid; give a number of seconds above 0"),
        (["http://localhost", "--bound", "nan"], "--tunedmodels-bound: nan is invalid"),
        (
            ["http://localhost", "--pause", "-1"],
            "--tunedmodels-pause: -1 is invalid; give a number of seconds of 0",
        ),
    ],
)
def test_a_server_that_cannot_be_asked(tmp_path: Path, options: list[str], sentence: str) -> None:
    """What cannot be is refused before anything runs, and no password is repeated."""
    result = ran(tmp_path, "run", "--report", "report", "--url", *options)

    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert sentence in result.stderr
    assert "hidden" not in result.stdout + result.stderr
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_server_that_is_not_there(tmp_path: Path, jobs: str) -> None:
    """Where nothing answers, the reason is said and the run has not passed; the last line sums it up."""
    result = ran(tmp_path, "run", "--url", "http://127.0.0.1:9", "--jobs", jobs, "--clause", "get/missing-model")

    assert result.returncode != 0
    assert "Nothing answers at http://127.0.0.1:9: ConnectionError" in result.stdout
    assert "INTERNALERROR" not in result.stdout
    assert result.stdout.splitlines()[-1].startswith("contracts: url http://127.0.0.1:9: ")


@pytest.mark.parametrize("more", [(), ("--jobs", "2")])
def test_clause_that_there_is_not(tmp_path: Path, more: tuple[str, ...]) -> None:
    """A name that fits no clause is refused before anything runs, with the nearest."""
    result = ran(tmp_path, "run", "--clause", "get/missing-modell", *more)

    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--tunedmodels-clause: There is no clause 'get/missing-modell'; did you mean get/missing-model?" in (
        result.stderr
    )


INTERRUPT = """
import os, signal

def pytest_runtest_setup(item):
    if item.name == "test_missing_model":
        command = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
        os.kill(command, getattr(signal, os.environ["SIGNAL"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to oneself so there")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("more", [(), ("--jobs", "2")], ids=["alone", "jobs"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_interrupted(tmp_path: Path, name: str, more: tuple[str, ...]) -> None:
    """A run dies of the signal, without a traceback, after it has summed up the clauses that it has checked."""
    (tmp_path / "interrupt.py").write_text(INTERRUPT, encoding="utf-8")
    arguments = ["run", "--clause", "get/*", *more, "--", "-p", "interrupt"]
    result = ran(tmp_path, *arguments, PYTHONPATH=str(tmp_path), SIGNAL=name)

    assert result.returncode == -signal.Signals[name]
    assert "Traceback" not in result.stdout + result.stderr
    assert result.stdout.splitlines()[-1].endswith("pytest ended with status 2")


# Each worker that starts sends a signal to all processes of the command, as a terminal does.
FROM_WORKER = """
import os, signal, sys

if "--multiprocessing-fork" in sys.argv:
    os.killpg(0, getattr(signal, os.environ["SIGNAL"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no group of processes can be sent a signal there")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("words", [["selftest", "--mutant", "percent-falls"], ["diff", "--right", "fake"]])
def test_workers_are_interrupted(tmp_path: Path, words: list[str], name: str) -> None:
    """A command and its workers die of the signal, even while they start, and say nothing."""
    (tmp_path / "sitecustomize.py").write_text(FROM_WORKER, encoding="utf-8")
    result = ran(tmp_path, *words, PYTHONPATH=str(tmp_path), SIGNAL=name)

    assert (result.returncode, result.stdout, result.stderr) == (-signal.Signals[name], "", "")


def test_giving_up_is_no_interruption(tmp_path: Path) -> None:
    """Where pytest gives up by itself, it ends with the status of an interruption, and the command fails."""
    (tmp_path / "test_broken.py").write_text("raise RuntimeError('at import')\n", encoding="utf-8")
    result = ran(tmp_path, "run", "--", str(tmp_path / "test_broken.py"))

    assert result.returncode == pytest.ExitCode.INTERRUPTED


def test_diff(tmp_path: Path) -> None:
    """A fake does not differ from itself; behind a mutant it does, in what the mutant spoils."""
    chosen = ["--clause", "get/missing-model", "--clause", "get/visible-at-once"]
    same = ran(tmp_path, "diff", "--right", "fake", *chosen)
    other = ran(tmp_path, "diff", "--right", "mutant=other-words", *chosen)
    as_json = ran(tmp_path, "diff", "--right", "mutant=other-words", *chosen, "--json")

    assert (same.returncode, other.returncode, as_json.returncode) == (0, 1, 1), same.stdout + same.stderr
    assert same.stdout == "fake and fake: 2 clauses compared, 0 left out; no difference\n"
    first, *_, last = other.stdout.splitlines()
    assert first.startswith("visible: wording: ")
    assert last.startswith("fake and mutant=other-words: 2 clauses compared, 0 left out; 0 breaks-clients, ")
    found = json.loads(as_json.stdout)
    assert {finding["kind"] for finding in found["findings"]} == {"wording"}
    assert found["visible"] == len(found["findings"])


def test_selftest(tmp_path: Path) -> None:
    """A mutant that a clause notices is killed; one that is not noticed by those that were asked fails."""
    bites = ran(tmp_path, "selftest", "--mutant", "percent-falls", "--clause", "operations/progress-*")
    sleeps = ran(tmp_path, "selftest", "--mutant", "percent-falls", "--clause", "get/missing-model", "--json")

    assert (bites.returncode, sleeps.returncode) == (0, 1), bites.stdout + bites.stderr
    assert bites.stdout.splitlines() == [
        "percent-falls is killed by operations/progress-never-falls",
        "1 of 1 mutants are killed; 1 of 1 required clauses kill one: so far as it was tried, the suite has teeth",
    ]
    assert bites.stderr == ""  # no bar where nobody looks
    summary = json.loads(sleeps.stdout)
    assert summary["passed"] is False
    assert summary["survivors"] == ["percent-falls"]


def test_check() -> None:
    """Nothing is wrong with what comes with the package."""
    result = CliRunner().invoke(main, ["check"])

    assert result.exit_code == 0, result.output
    assert result.output.endswith(": nothing wrong\n")


def test_check_finds(tmp_path: Path) -> None:
    """What is wrong is named, and fails."""
    (tmp_path / "known.yaml").write_text(
        "known-differences:\n- {clause: get/nothing, reason: r, since: '2026-11-22'}\n", encoding="utf-8"
    )
    result = CliRunner().invoke(main, ["check", "--recordings", str(tmp_path), "--known", str(tmp_path / "known.yaml")])

    assert result.exit_code == 1
    assert "there is no clause get/nothing" in result.output
    assert "contract is missing" in result.output
    assert result.output.endswith("wrong\n")


def test_coverage(tmp_path: Path) -> None:
    """Coverage is that of recordings, or of the runs whose reports are named."""
    runner = CliRunner()
    path = report(tmp_path, "fake", Verdict.HELD)

    assert runner.invoke(main, ["coverage"]).output.startswith("recordings in published\n  methods:        3 of 27\n")
    shown = runner.invoke(main, ["coverage", "--missing", str(path)]).output
    assert shown.startswith("fake on 2026-11-22\n  methods:        1 of 27\n    not seen: ")
    assert "not seen: TunedModel.State FAILED\n" in shown


@pytest.mark.parametrize(("verdict", "status"), [(Verdict.HELD, 0), (Verdict.BROKEN, 1)])
def test_report(tmp_path: Path, verdict: Verdict, status: int) -> None:
    """Reports of several runs become one; it fails where one of them does."""
    paths = [str(report(tmp_path / kind, kind, verdict)) for kind in ("fake", "replay")]
    runner = CliRunner()

    shown = runner.invoke(main, ["report", *paths])
    written = runner.invoke(main, ["report", *paths, "--to", str(tmp_path / "both")])

    assert shown.exit_code == written.exit_code == status
    assert "| clause | level | methods | outcome | evidence | fake | replay |" in shown.output
    assert len(files.read(tmp_path / "both" / "report.json").runs) == 2


@pytest.mark.parametrize("command", ["report", "coverage"])
def test_what_is_no_report(tmp_path: Path, command: str) -> None:
    """A file that is no report, or is not there, is refused by its name."""
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    runner = CliRunner()

    for name in ("other.json", "none.json"):
        result = runner.invoke(main, [command, str(tmp_path / name)])
        assert result.exit_code == 1
        assert name in result.output
