"""Defines the command ``clock``, which reads and moves the clock of a world."""

from __future__ import annotations

from typing import Any

import click

from . import remote


def _advance(value: str | None) -> float | str | None:
    if value is None or value in ("next", "end"):
        return value
    try:
        return float(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a number of seconds, next or end.") from None


@click.command()
@click.option("--advance", type=_advance, metavar="SECONDS|next|end", help="Move the clock forward.")
@click.option("--set", "moment", metavar="TIME", help="Set the clock to a moment such as 2026-01-01T00:00:00Z.")
@click.option("--freeze", is_flag=True, help="Stop the clock.")
@click.option("--resume", is_flag=True, help="Let time pass again.")
@click.option("--mode", type=click.Choice(["real", "manual", "polling"]), help="What moves the clock.")
@click.option("--rate", type=float, metavar="FACTOR", help="How many seconds pass in one real second.")
@remote.url
@remote.world
def clock(url: str, world: str, moment: str | None, **moves: Any) -> None:
    """Read the clock of a world, or move it and print what changes."""
    changes = {name: value for name, value in {**moves, "set": moment}.items() if value not in (None, False)}
    if changes:
        remote.show(remote.call_admin("POST", url, "clock", world, json=changes))
    else:
        remote.show(remote.call_admin("GET", url, "clock", world))
