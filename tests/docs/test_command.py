"""The page about the command names every subcommand, and its lines run."""

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

from .pages import blocks, read_page

PAGE = read_page("command.md")


def test_every_command_is_named() -> None:
    """The first table has every command and every command of a group; another table has every format of ``env``."""
    table = PAGE.partition("|---|---|\n")[2].partition("\n\n")[0]

    for name, command in main.commands.items():
        assert f"`{name}" in table
        if isinstance(command, click.Group) and name != "credentials":
            assert all(re.search(rf"`(?:{name} )?{inner}\b", table) for inner in command.commands)
    assert all(f"| `{form}` |" in PAGE for form in FORMATS)


@pytest.mark.parametrize("line", [line for line in "".join(blocks(PAGE, "sh")).splitlines() if " exec " in line])
def test_lines_of_exec_run(line: str, tmp_path: Path) -> None:
    """The lines run as the page has them. pytest ends with status 5 in a folder without tests, and so does ``exec``."""
    command = line.replace("tunedmodels-mockserver", f"{sys.executable} -m tunedmodels_mockserver")
    command = command.replace("-- pytest", f"-- {sys.executable} -m pytest -p no:cacheprovider")
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == (5 if "pytest" in line else 0), done.stderr


def test_lines_of_env_run() -> None:
    """The first line sets the variables, and the second unsets them."""
    first, second = blocks(PAGE, "sh")[2].splitlines()
    script = f"{first}\necho $GOOGLE_API_KEY\n{second}\necho ${{GOOGLE_API_KEY-none}}"
    script = script.replace("tunedmodels-mockserver", f"{sys.executable} -m tunedmodels_mockserver")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "tunedmodels-api-key\nnone\n"


def test_configuration_of_the_page_is_valid(tmp_path: Path) -> None:
    """The command accepts the settings of the page; only the invalid store of the command line ends it."""
    (text,) = blocks(PAGE, "toml")
    path = tmp_path / "fake.toml"
    path.write_text(text)
    result = CliRunner().invoke(main, ["serve", "--config", str(path), "--store", "nonsense", "--port", "0"])

    assert result.exit_code == 4
    assert "fake.toml" not in result.stderr
