"""Defines the command ``faults``, which lists and changes the armed faults of a world."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from . import remote


@click.group()
def faults() -> None:
    """List, arm and disarm the faults of a world."""


@faults.command("list")
@remote.url
@remote.world
def list_faults(url: str, world: str) -> None:
    """Print the armed faults, and how often each fault fired."""
    remote.show(remote.call_admin("GET", url, "faults", world))


@faults.command()
@click.argument("what", metavar="FILE|PRESET")
@remote.url
@remote.world
def arm(what: str, url: str, world: str) -> None:
    """Arm the faults of a YAML or JSON file, or of a preset. `faults presets` prints the presets."""
    if Path(what).is_file():
        remote.show(remote.call_admin("POST", url, "faults", world, data=remote.read(Path(what))))
        return
    known = remote.call_admin("GET", url, "presets").json()["presets"]
    if what not in known:
        from ..core.strict_input import nearest

        near = nearest(what, known) or f"; the presets are {', '.join(known)}"
        remote.fail(f"There is no file {what!r}, and no such preset{near}.", remote.BAD_USAGE)
    remote.show(remote.call_admin("POST", url, "faults", world, json={"preset": what}))


@faults.command()
@click.argument("fault", required=False)
@remote.url
@remote.world
def clear(fault: str | None, url: str, world: str) -> None:
    """Disarm the fault with this id, or all faults."""
    remote.call_admin("DELETE", url, f"faults/{quote(fault, safe='')}" if fault else "faults", world)


@faults.command()
@remote.url
def presets(url: str) -> None:
    """Print the presets with their faults."""
    remote.show(remote.call_admin("GET", url, "presets"))
