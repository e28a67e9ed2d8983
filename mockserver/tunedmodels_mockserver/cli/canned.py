"""Defines the command ``canned``, which lists and changes the canned rules of a world."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from . import remote

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def canned() -> None:
    """List, add and remove the canned rules of a world."""


@canned.command("list")
@remote.url
@remote.world
def list_rules(url: str, world: str) -> None:
    """Print the rules, and how often each rule answered."""
    remote.show(remote.call_admin("GET", url, "canned", world))


@canned.command()
@click.argument("file", type=_FILE)
@click.option("--first", is_flag=True, help="Add the rules before the existing ones, not after them.")
@remote.url
@remote.world
def add(file: Path, first: bool, url: str, world: str) -> None:
    """Add the rules in a YAML or JSON file: one rule, or a list."""
    query = {"at": "first" if first else "last"}
    remote.show(remote.call_admin("POST", url, "canned", world, data=remote.read(file), query=query))


@canned.command("set")
@click.argument("file", type=_FILE)
@remote.url
@remote.world
def set_rules(file: Path, url: str, world: str) -> None:
    """Replace all rules with the rules in a YAML or JSON file."""
    remote.show(remote.call_admin("PUT", url, "canned", world, data=remote.read(file)))


@canned.command()
@click.argument("rule", required=False)
@remote.url
@remote.world
def clear(rule: str | None, url: str, world: str) -> None:
    """Remove the rule with this id, or all rules."""
    remote.call_admin("DELETE", url, f"canned/{quote(rule, safe='')}" if rule else "canned", world)


@canned.command()
@remote.url
@remote.world
def misses(url: str, world: str) -> None:
    """Print the calls that no rule answered, with the nearest rules and why they did not match."""
    remote.show(remote.call_admin("GET", url, "canned/misses", world))
