"""The examples of the page of faults work, and its lists are those of the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.effects import WORDINGS
from tunedmodels_mockserver.core.faults.instructions import WORDS
from tunedmodels_mockserver.core.faults.presets import PRESETS
from tunedmodels_mockserver.files import faults
from tunedmodels_mockserver.wire.status import Code
from tunedmodels_mockserver.wire.surface import methods

from .pages import blocks, read_page

PAGE = read_page("faults.md")


@pytest.mark.parametrize("text", blocks(PAGE, "json"))
def test_json_of_the_page_can_be_armed(text: str) -> None:
    """The admin surface arms each fault of the page."""
    answer = create_app(Settings()).test_client().post("/_emulator/faults", data=text)

    assert answer.status_code == 200, answer.text


def test_file_of_the_page_is_valid(tmp_path: Path) -> None:
    """``--faults`` can read the file of the page."""
    (text,) = blocks(PAGE, "yaml")
    path = tmp_path / "faults.yaml"
    path.write_text(text)

    assert faults.read(path)[-1].method == "tunedModels.create"


def test_program_of_the_page_runs(tmp_path: Path) -> None:
    """The program of the page ends without an error."""
    (text,) = blocks(PAGE, "python")
    program = tmp_path / "program.py"
    program.write_text(text)
    run = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=False)

    assert run.returncode == 0, run.stderr


def test_lists_of_the_page_are_complete() -> None:
    """The page lists every method, code, word of the header and preset, in order."""
    ids, words = blocks(PAGE, "text")
    presets = PAGE.partition("## Presets")[2].partition("\n## ")[0]
    codes = re.findall(r"^\| `([A-Z_]+)` \| (\d+) \|$", PAGE, re.MULTILINE)
    usual = re.findall(r"(\d{3}) (?:stands )?for `(\w+)`", PAGE)

    assert ids.split() == [method.id for method in methods()]
    assert {code: int(status) for code, status in codes} == {code: Code[code].http for code in WORDINGS}
    statuses = [status for _, status in codes]
    assert {status for status, _ in usual} == {status for status in statuses if statuses.count(status) > 1}
    assert all(Code.of_http(int(status)) is Code[code] for status, code in usual)
    assert tuple(words.split()) == WORDS
    assert re.findall(r"^\| `([\w-]+)` \|", presets, re.MULTILINE) == list(PRESETS)
