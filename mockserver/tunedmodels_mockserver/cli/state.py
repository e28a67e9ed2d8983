"""Defines the commands ``state`` and ``reset``, which save, load and reset the state of a world."""

from __future__ import annotations

from pathlib import Path

import click

from . import params, remote

BAD_STATE = 4

_all = click.option("--all-worlds", is_flag=True, help="Use all worlds instead of one.")


@click.group()
def state() -> None:
    """Save or replace the state of a world."""


@state.command()
@click.argument("file", required=False, type=params.OutputFile())
@_all
@remote.url
@remote.world
def get(file: Path | None, all_worlds: bool, url: str, world: str) -> None:
    """Write the state to FILE, or print it."""
    response = remote.call_admin("GET", url, "state", world, query=_worlds(all_worlds, world))
    if file is None:
        remote.show(response)
        return
    from ..files import atomic

    try:
        atomic.write(file, response.content)
    except OSError as error:
        remote.fail(f"Cannot write {file}: {error.strerror or error}.", remote.BAD_USAGE)


@state.command("put")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_all
@remote.url
@remote.world
def put_state(file: Path, all_worlds: bool, url: str, world: str) -> None:
    """Replace the current state with the state in FILE. Exit with status 4 if FILE is not a state."""
    try:
        data = file.read_bytes()
    except OSError as error:
        remote.fail(f"Cannot read {file}: {error.strerror or error}.", BAD_STATE)
    remote.show(
        remote.call_admin(
            "PUT", url, "state", world, data=data, query=_worlds(all_worlds, world), refusal_status=BAD_STATE
        )
    )


@click.command()
@click.option(
    "--scope",
    default="all",
    show_default=True,
    type=click.Choice(["all", "models", "faults", "canned", "clock"]),
    help="The part to reset.",
)
@remote.url
@remote.world
def reset(scope: str, url: str, world: str) -> None:
    """Reset a world to its initial state, preload included. With the scope all, also clear the journal."""
    remote.show(remote.call_admin("POST", url, "reset", world, json={"scope": scope}))


def _worlds(all_worlds: bool, world: str) -> dict[str, str]:
    if all_worlds and world:
        raise click.UsageError("--world and --all-worlds contradict each other; give one of them.")
    return {"world": "*"} if all_worlds else {}
