"""Every program on the page about testing runs as a reader would run it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
INI = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS, ids=["a world", "what fails a test", "without a server"])
def test_program_of_the_page_runs(tmp_path: Path, program: str) -> None:
    """A block with tests passes in pytest under the settings of the page, another as a program."""
    (settings,) = INI
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    path = tmp_path / "test_page.py"
    path.write_text(program, encoding="utf-8")
    tests = ["-m", "pytest", "-q"] if "def test_" in program else []
    run = subprocess.run(
        [sys.executable, "-W", "error", *tests, str(path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr
