"""Every program on the page about testing runs, as a reader runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .pages import blocks, read_page

PAGE = read_page("testing.md")


@pytest.mark.parametrize("program", blocks(PAGE, "python"), ids=["a world", "what fails a test", "without a server"])
def test_program_of_the_page_runs(tmp_path: Path, program: str) -> None:
    """A block with tests passes in pytest with the settings of the page; another block runs as a program."""
    (settings,) = blocks(PAGE, "toml")
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    path = tmp_path / "test_page.py"
    path.write_text(program, encoding="utf-8")
    tests = ["-m", "pytest", "-q"] if "def test_" in program else []
    run = subprocess.run(
        [sys.executable, "-W", "error", *tests, str(path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr
