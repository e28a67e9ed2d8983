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
@click.argument("source", metavar="FILE|PRESET")
@remote.url
@remote.world
def arm(source: str, url: str, world: str) -> None:
    """Arm the faults of a YAML or JSON file, or of a preset. `faults presets` prints the presets."""
    if Path(source).is_file():
        remote.show(remote.call_admin("POST", url, "faults", world, data=remote.read(Path(source))))
        return
    preset_names = remote.call_admin("GET", url, "presets").json()["presets"]
    if source not in preset_names:
        from ..core.strict_input import nearest

        near = nearest(source, preset_names) or f"; the presets are {', '.join(preset_names)}"
        remote.fail(f"There is no file and no preset {source!r}{near}.", remote.BAD_USAGE)
    remote.show(remote.call_admin("POST", url, "faults", world, json={"preset": source}))


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
