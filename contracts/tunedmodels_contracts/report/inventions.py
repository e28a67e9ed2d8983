"""Reads the list of the mock server's invented answers from the page docs/invented.md.

No source shows these answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# A wheel has the page beside this module; a checkout has it in docs/.
_SHIPPED = Path(__file__).with_name("invented.md")
_SOURCE = Path(__file__).parents[3] / "docs" / "invented.md"

_CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Invention:
    """A *case* with unknown behavior of the service, what the mock server *does*, and *why*. In Markdown."""

    part: str
    case: str
    does: str
    why: str


@cache
def inventions() -> tuple[Invention, ...]:
    """Return all inventions, in the order of the page."""
    return read((_SHIPPED if _SHIPPED.is_file() else _SOURCE).read_text(encoding="utf-8"))


def read(page: str) -> tuple[Invention, ...]:
    """Return the rows of the tables in *page*, each with the heading above it.

    Raises ValueError for a row that does not have three cells.
    """
    rows: list[Invention] = []
    part = ""
    is_below_rule = False
    for line in page.splitlines():
        if line.startswith("#"):
            part = line.lstrip("#").strip()
        if not line.startswith("|"):
            is_below_rule = False
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in _CELLS.split(line.strip())[1:-1]]
        if is_below_rule:
            if len(cells) != 3:
                raise ValueError(f"a row of the page has to have three cells: {line}")
            rows.append(Invention(part, *cells))
        is_below_rule = is_below_rule or set("".join(cells)) <= {"-", ":"}
    return tuple(rows)


def group_by_part(rows: Iterable[Invention]) -> dict[str, list[Invention]]:
    """Return the inventions grouped by part, in their order."""
    parts: dict[str, list[Invention]] = {}
    for one in rows:
        parts.setdefault(one.part, []).append(one)
    return parts
