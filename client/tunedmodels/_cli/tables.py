"""Tables: results for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from .text import NONE


def write(headers: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> None:
    """Write *rows* beneath *headers* to stdout; without rows say *empty* on stderr."""
    if rows:
        click.echo(_align([[cell or NONE for cell in row] for row in rows], headers=headers))
    else:
        click.echo(empty, err=True)


def write_members(members: Sequence[tuple[str, str]]) -> None:
    """Write the members of one thing to stdout, a line each, without those that say nothing."""
    click.echo(_align([member for member in members if member[1] not in ("", NONE)]))


def _align(rows: Sequence[Sequence[str]], **options: Any) -> str:
    from tabulate import tabulate

    # A display name such as 1e5 is no number.
    table = tabulate(rows, tablefmt="plain", disable_numparse=True, **options)
    return "\n".join(line.rstrip() for line in table.splitlines())
