"""Tests the list of inventions in a report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tunedmodels_contracts.report.inventions import Invention, group_by_part, inventions, read

PAGE = Path(__file__).parents[3] / "docs" / "invented.md"


def test_list_has_all_rows_of_the_page() -> None:
    """The list has each row of each table of the page, under the heading of the table."""
    text = PAGE.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| case |")]

    assert len(inventions()) == len(rows) > 50
    assert [*group_by_part(inventions())] == re.findall(r"^## (.*)$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "rows"),
    [
        ("# Page\n\nText.\n", ()),
        (
            "## A\n\n| case | does | why |\n|---|:--|---|\n| a | `x \\| y` | |\n\n| b |\n",
            (Invention("A", "a", "`x | y`", ""),),
        ),
    ],
)
def test_read(page: str, rows: tuple[Invention, ...]) -> None:
    """Only the rows of a table are read, without the head."""
    assert read(page) == rows


def test_row_of_two_cells_is_refused() -> None:
    """The report would show its cells in the wrong columns."""
    with pytest.raises(ValueError, match="three cells"):
        read("| a | b |\n|---|---|\n| 1 | 2 |\n")
