"""The page about the command: it names what there is, and its lines run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tunedmodels_mockserver.cli import main
from tunedmodels_mockserver.cli.shell_formats import FORMATS

PAGE = (Path(__file__).parents[2] / "docs" / "command.md").read_text("utf-8")


def blocks(tag: str) -> list[str]:
    return re.findall(rf"^```{tag}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_command_is_named() -> None:
    """Commands, and those within a group, stand in the first table; every format of ``env`` in its own."""
    table = PAGE.partition("|---|---|\n")[2].partition("\n\n")[0]

    for name, command in main.commands.items():
        assert f"`{name}" in table
        if isinstance(command, click.Group) and name != "credentials":
            assert all(re.search(rf"`(?:{name} )?{inner}\b", table) for inner in command.commands)
    assert all(f"| `{form}` |" in PAGE for form in FORMATS)


@pytest.mark.parametrize("line", [line for line in "".join(blocks("sh")).splitlines() if " exec " in line])
def test_the_lines_of_exec_run(line: str, tmp_path: Path) -> None:
    """As they stand, in a folder without tests pytest ends with status 5, and so does ``exec``."""
    command = line.replace("tunedmodels-mockserver", f"{sys.executable} -m tunedmodels_mockserver")
    command = command.replace("-- pytest", f"-- {sys.executable} -m pytest -p no:cacheprovider")
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == (5 if "pytest" in line else 0), done.stderr


def test_the_lines_of_env_run() -> None:
    """What the first sets, the second takes away."""
    first, second = blocks("sh")[2].splitlines()
    script = f"{first}\necho $GOOGLE_API_KEY\n{second}\necho ${{GOOGLE_API_KEY-none}}"
    script = script.replace("tunedmodels-mockserver", f"{sys.executable} -m tunedmodels_mockserver")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "tunedmodels-api-key\nnone\n"


def test_the_file_is_one(tmp_path: Path) -> None:
    """The settings that are shown are taken; a bad store after them is what ends the command."""
    (text,) = blocks("toml")
    path = tmp_path / "fake.toml"
    path.write_text(text)
    taken = CliRunner().invoke(main, ["serve", "--config", str(path), "--store", "nonsense", "--port", "0"])

    assert taken.exit_code == 4
    assert "fake.toml" not in taken.stderr
