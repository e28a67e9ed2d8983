"""Defines the command ``verdict``, which judges the behavior of a client from the journal."""

from __future__ import annotations

import sys

import click

from . import remote


@click.command()
@remote.output_format
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Fail if fewer of the documented outcomes were met.",
)
@click.option("--all-worlds", is_flag=True, help="Judge the clients of all worlds.")
@remote.url
@remote.world
def verdict(form: str, fail_under: float | None, all_worlds: bool, url: str, world: str) -> None:
    """Print the mistakes of a world's client. Exit with status 1 for an error or a warning."""
    if all_worlds and world:
        raise click.UsageError("--world and --all-worlds contradict each other; give one of them.")
    query = {"world": "*"} if all_worlds else {}
    response = remote.call_admin("GET", url, "verdict", world, query=query)
    document = response.json()
    if form == "text":
        response = remote.call_admin("GET", url, "verdict", world, query={**query, "format": "text"})
    remote.show(response)
    percent = document["outcomes"]["percent"]
    if fail_under is not None and percent < fail_under:
        remote.fail(
            f"{percent:g}% of the documented outcomes were met, and --fail-under requires {fail_under:g}%.",
            remote.FAILED,
        )
    if not document["ok"]:
        sys.exit(remote.FAILED)
