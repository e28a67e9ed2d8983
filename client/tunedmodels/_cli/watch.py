"""``watch``: the command that follows a run."""

from __future__ import annotations

import click

from . import documents, progress
from .connection import Connection, connected
from .operations import named
from .params import Seconds
from .text import plain


@click.command()
@click.argument("operation", metavar="OPERATION|NAME")
@click.option("--timeout", type=Seconds(), metavar="SECONDS", help="Stay no longer than this; the run goes on.")
@connected
def watch(connection: Connection, as_json: bool, operation: str, timeout: float | None) -> None:
    """Show how far a run is, until it ends.

    Prints the model's name then. The run is named by its operation, or by the model that it makes.

    With --json every line of stdout is a JSON object: the operation's metadata when there are new steps, with the
    snapshots of these alone, and at last the whole model.

    The status is 1 when the run fails, is cancelled, or has not ended in time. Ctrl-C ends the watching, and the run
    goes on at the service.
    """
    with connection.client() as client:
        found = named(client, operation)
        with progress.resumable(found, connection):
            model = progress.written(found, timeout) if as_json else progress.shown(found, timeout)
    if as_json:
        documents.write_line(model.to_json())
    else:
        click.echo(plain(model.name))
