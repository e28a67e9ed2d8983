"""Tests the Dockerfile without building an image."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from tunedmodels_mockserver.cli import main

ROOT = Path(__file__).parents[3]
# There is no folder for temporary files, as in a container whose files are all read-only.
READ_ONLY = """
import tempfile
tempfile.tempdir = "/no/such/folder"
from tunedmodels_mockserver.__main__ import main
main()
"""


def last_stage() -> dict[str, str]:
    """Return the instructions of the final image by their names, with continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text("utf-8"))
    stage = text.rpartition("\nFROM ")[2]
    return dict(line.split(" ", 1) for line in stage.splitlines()[1:] if line and not line.startswith("#"))


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in last_stage()["ENV"].split())


def command(instruction: str) -> list[str]:
    """Return a command of the image in its list form."""
    return list(json.loads(last_stage()[instruction].partition("[")[1] + last_stage()[instruction].partition("[")[2]))


def test_hadolint_accepts_the_dockerfile() -> None:
    """Hadolint finds nothing, not even advice."""
    hadolint = Path(sys.executable).with_name("hadolint")
    line: list[str | Path] = [hadolint, "--no-color", "--failure-threshold", "style", ROOT / "Dockerfile"]
    result = subprocess.run(line, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_the_image_does_not_run_as_root() -> None:
    """The user is a number, and not 0."""
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", last_stage()["USER"])


def test_the_image_runs_existing_commands() -> None:
    """Its command and its health check exist, and run without a shell."""
    assert command("ENTRYPOINT") == ["tunedmodels-mockserver"]
    assert command("CMD") == ["serve"]
    assert command("HEALTHCHECK") == ["tunedmodels-mockserver", "healthcheck"]
    for name in ("serve", "healthcheck"):
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_the_build_context_has_every_copied_file() -> None:
    """Each file that the build copies is in the repository, and .dockerignore does not exclude it."""
    exceptions = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    text = (ROOT / "Dockerfile").read_text("utf-8")
    copied = [name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE) for name in line.split()]

    assert set(copied) == exceptions
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
def test_the_image_needs_no_writable_folder(tmp_path: Path) -> None:
    """It accepts a large body without a folder for temporary files, and SIGTERM gives status 0."""
    variables = {**os.environ, **environment(), "PATH": os.environ["PATH"], "TUNEDMODELS_MOCKSERVER_PORT": "0"}
    rows = [{"textInput": f"{number} {'x' * 2000}", "output": "y"} for number in range(2000)]
    body = {
        "displayName": "large",
        "baseModel": "models/gemini-1.0-pro-001",
        "tuningTask": {"trainingData": {"examples": {"examples": rows}}},
    }
    with subprocess.Popen(
        [sys.executable, "-c", READ_ONLY, *command("CMD")],
        env=variables,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[1].removeprefix("url=")
            answer = requests.post(f"{url}/v1beta/tunedModels", json=body, timeout=30)
            state = requests.get(f"{url}/_emulator/state", timeout=30)
            check = subprocess.run(
                [sys.executable, "-c", READ_ONLY, *command("HEALTHCHECK")[1:]],
                env={**variables, "TUNEDMODELS_MOCKSERVER_PORT": url.rpartition(":")[2]},
                check=False,
            )
        finally:
            process.terminate()
            _, err = process.communicate(timeout=15)

    assert answer.status_code == 200
    assert len(state.content) > 4_000_000
    assert (check.returncode, process.returncode, err) == (0, 0, "")
    assert list(tmp_path.iterdir()) == []
