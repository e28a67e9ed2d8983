"""The command ``tunedmodels-contracts``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from tunedmodels_contracts.clause import Clause
from tunedmodels_contracts.cli import main
from tunedmodels_contracts.cli.run import arguments
from tunedmodels_contracts.report import files
from tunedmodels_contracts.report.account import Account
from tunedmodels_contracts.report.content import Report
from tunedmodels_contracts.results import Check, Result, Subject, Verdict
from tunedmodels_contracts.seen import Seen


def report(folder: Path, kind: str, verdict: Verdict) -> Path:
    """Write the report of a run of one clause, and return where its JSON is."""
    seen = Seen()
    seen.note("GET", "http://localhost/v1beta/tunedModels", 200, "{}")
    result = Result(Clause("list/whole-models", ("tunedModels.list",)), "A sentence.", (Check("t", verdict),))
    files.write(Report("0.1.0", (Account(Subject(kind), date(2026, 11, 22), (result,), seen),), {}), folder)
    return folder / "report.json"


@pytest.mark.parametrize(
    ("options", "more", "end"),
    [
        ({}, (), []),
        ({"target": "replay", "url": None, "anonymous": False}, (), ["--tunedmodels-target=replay"]),
        (
            {"target": None, "url": "http://localhost:9000"},
            (),
            ["--tunedmodels-target=url", "--tunedmodels-url=http://localhost:9000"],
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

    assert Path(found[0]).name == "suite"
    assert found[1:3] == ["-c", os.devnull]
    assert [one for one in found if one.startswith("--tunedmodels-")] + list(more) == end


def test_help() -> None:
    """The command names its commands, and ``run`` has an option for each of the suite's."""
    runner = CliRunner()

    assert "run" in runner.invoke(main, ["--help"]).output
    shown = runner.invoke(main, ["run", "--help"]).output
    assert "--target [fake|url|replay|live]" in shown
    assert "--second-token TOKEN" in shown
    assert "--mutant" not in shown


def test_url_is_for_its_target() -> None:
    """An address with another target is a mistake."""
    result = CliRunner().invoke(main, ["run", "--url", "http://localhost:9000", "--target", "live"])

    assert result.exit_code == 2
    assert "--url is for the target url, and --target says live." in result.output


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
    assert len(files.read(tmp_path / "both" / "report.json").accounts) == 2


@pytest.mark.parametrize("command", ["report", "coverage"])
def test_what_is_no_report(tmp_path: Path, command: str) -> None:
    """A file that is no report, or is not there, is refused by its name."""
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    runner = CliRunner()

    for name in ("other.json", "none.json"):
        result = runner.invoke(main, [command, str(tmp_path / name)])
        assert result.exit_code == 1
        assert name in result.output
