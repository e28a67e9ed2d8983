"""What the page of faults shows can be armed and run, and its lists are those of the code."""

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

PAGE = (Path(__file__).parents[2] / "docs" / "faults.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def blocks(tag: str) -> list[str]:
    """The page's blocks with this tag; there is one at least."""
    found = [text for name, text in BLOCKS if name == tag]
    assert found
    return found


@pytest.mark.parametrize("text", blocks("json"))
def test_what_the_page_arms_can_be_armed(text: str) -> None:
    """As it stands there, over the admin surface."""
    answer = create_app(Settings()).test_client().post("/_emulator/faults", data=text)

    assert answer.status_code == 200, answer.text


def test_the_pages_file_is_one(tmp_path: Path) -> None:
    """As ``--faults`` reads it."""
    (text,) = blocks("yaml")
    path = tmp_path / "faults.yaml"
    path.write_text(text)

    assert faults.read(path)[-1].method == "tunedModels.create"


def test_the_pages_program_runs(tmp_path: Path) -> None:
    """To its end, with every assertion in it."""
    (text,) = blocks("python")
    program = tmp_path / "program.py"
    program.write_text(text)
    ended = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 0, ended.stderr


def test_the_pages_lists_are_whole() -> None:
    """Every method, code and word of the header, and every preset, in order."""
    ids, words = blocks("text")
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
