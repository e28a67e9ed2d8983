"""What is invented, as a report lists it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tunedmodels_contracts.report.inventions import Invention, group_by_part, inventions, read

PAGE = Path(__file__).parents[3] / "docs" / "invented.md"


def test_all_of_the_page() -> None:
    """Every row of every table of the page is there, under the heading that it has."""
    text = PAGE.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| case |")]

    assert len(inventions()) == len(rows) > 50
    assert [*group_by_part(inventions())] == re.findall(r"^## (.*)$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("# Page\n\nText.\n", ()),
        (
            "## A\n\n| case | does | why |\n|---|:--|---|\n| a | `x \\| y` | |\n\n| b |\n",
            (Invention("A", "a", "`x | y`", ""),),
        ),
    ],
)
def test_read(page: str, found: tuple[Invention, ...]) -> None:
    """Rows below a rule are taken; what stands elsewhere is not."""
    assert read(page) == found


def test_read_refuses_another_table() -> None:
    """A row of another width would be shown in the wrong columns."""
    with pytest.raises(ValueError, match="three cells"):
        read("| a | b |\n|---|---|\n| 1 | 2 |\n")
