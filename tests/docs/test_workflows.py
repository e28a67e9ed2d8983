"""The workflows, and the recipe for other projects, are safe and call commands that exist."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from tunedmodels_contracts.cli import main as contracts
from tunedmodels_mockserver.cli import main as mockserver

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PAGE = ROOT / "docs" / "contracts.md"
LIVE = ROOT / ".github" / "workflows" / "live.yml"

COMMANDS: dict[str, click.Command] = {"tunedmodels-contracts": contracts, "tunedmodels-mockserver": mockserver}

(RECIPE,) = [
    text
    for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    if "jobs:" in text
]
TEXTS = {**{path.name: path.read_text("utf-8") for path in WORKFLOWS}, "the recipe": RECIPE}


def steps(text: str) -> list[dict[str, Any]]:
    """The steps of all jobs of a workflow."""
    return [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command of ours in a workflow."""
    for step in steps(text):
        for line in str(step.get("run", "")).splitlines():
            words = shlex.split(line.rstrip(" &"))
            if words and words[0] in COMMANDS:
                yield words


def parse(words: list[str]) -> click.Context:
    """Read a command line as its command does, to its last option, and run nothing."""
    command, name, arguments = COMMANDS[words[0]], words[0], words[1:]
    context = click.Context(command, info_name=name)
    while isinstance(command, click.Group):
        resolved, inner, arguments = command.resolve_command(context, arguments)
        assert inner is not None
        command, context = inner, click.Context(inner, info_name=resolved, parent=context)
    command.parse_args(context, list(arguments))
    return context


@pytest.mark.parametrize("name", TEXTS)
def test_workflow(name: str) -> None:
    """A workflow has a name, may only read, has a time limit, pins its actions to a version, and keeps no token."""
    workflow = yaml.safe_load(TEXTS[name])

    assert workflow["name"]
    assert workflow["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] <= 120 for job in workflow["jobs"].values())
    used = [step for step in steps(TEXTS[name]) if "uses" in step]
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]) for step in used)
    checkouts = [step for step in used if step["uses"].startswith("actions/checkout@")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False]


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("live.yml", [["tunedmodels-contracts", "record"], ["tunedmodels-contracts", "sweep"]]),
        ("the recipe", [["tunedmodels-mockserver", "serve"], ["tunedmodels-contracts", "run"]]),
        ("selftest.yml", [["tunedmodels-contracts", "selftest"]]),
        ("test.yml", []),
    ],
)
def test_commands_exist(name: str, called: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command of this project exists, and accepts its options."""
    lines = [*commands(TEXTS[name])]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ledger.jsonl").touch()  # an earlier step writes it

    assert [words[:2] for words in lines] == called
    for words in lines:
        parse(words)


@pytest.mark.parametrize("line", ["tunedmodels-contracts run --no-such-option", "tunedmodels-contracts sing"])
def test_unknown_command_is_refused(line: str) -> None:
    """The parser of the check above refuses unknown commands and options."""
    with pytest.raises(click.UsageError):
        parse(shlex.split(line))


def test_every_workflow_is_in_the_table() -> None:
    """Add a new workflow to the table of commands."""
    assert [path.name for path in WORKFLOWS] == ["live.yml", "selftest.yml", "test.yml"]


def test_the_recipe_needs_no_secret() -> None:
    """The recipe sends requests only to a server on the same machine."""
    assert "secrets" not in RECIPE
    assert {*re.findall(r"https?://([^/\s:']+)", RECIPE)} == {"127.0.0.1"}


def test_live_is_started_by_hand() -> None:
    """Only a person starts the workflow, and only one step has the credential."""
    workflow = yaml.safe_load(LIVE.read_text("utf-8"))

    # YAML 1.1 reads the word on as true.
    assert [*workflow[True]] == ["workflow_dispatch"]
    assert [step.get("name") for step in steps(LIVE.read_text("utf-8")) if "secrets." in str(step)] == [
        "There is a credential"
    ]


needs_sh = pytest.mark.skipif(shutil.which("sh") is None, reason="sh is not installed here")


@needs_sh
@pytest.mark.parametrize(("credential", "status"), [("", 1), ('{"type": "service_account"}', 0)])
def test_live_fails_without_a_credential(tmp_path: Path, credential: str, status: int) -> None:
    """Without a credential the first step fails and says what to do; a skipped run would look like a good one."""
    first = steps(LIVE.read_text("utf-8"))[0]
    file = tmp_path / "credentials.json"
    environment = {"PATH": os.environ["PATH"], "CREDENTIALS": credential, "GOOGLE_APPLICATION_CREDENTIALS": str(file)}

    command = ["sh", "-e", "-c", first["run"]]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)

    assert "if" not in first
    assert "continue-on-error" not in first
    assert run.returncode == status
    if status:
        assert re.search(r"^::error::There is no credential.*TUNEDMODELS_LIVE_CREDENTIALS\.$", run.stdout, re.MULTILINE)
        assert not file.exists()
    else:
        assert file.read_text("utf-8") == credential
        assert file.stat().st_mode & 0o077 == 0
