"""Writes results as tables, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

_MISSING = "-"  # a table with empty cells is hard to read


def write(headers: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> None:
    """Write *headers* and *rows* to stdout. If there are no rows, write the sentence *empty* to stderr."""
    if rows:
        click.echo(_align([[cell or _MISSING for cell in row] for row in rows], headers=headers))
    else:
        click.echo(empty, err=True)


def write_members(members: Sequence[tuple[str, str]]) -> None:
    """Write the members of one object to stdout, one on each line. Leave out members with an empty value."""
    click.echo(_align([member for member in members if member[1]]))


def _align(rows: Sequence[Sequence[str]], **options: Any) -> str:
    from tabulate import tabulate

    # tabulate would change a display name such as 1e5 to a number.
    table = tabulate(rows, tablefmt="plain", disable_numparse=True, **options)
    return "\n".join(line.rstrip() for line in table.splitlines())
