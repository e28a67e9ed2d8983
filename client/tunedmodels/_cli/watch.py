"""Contains the command ``watch``, which shows a run until it ends."""

from __future__ import annotations

import click

from . import json_output, progress
from .connection import Connection, connection_options
from .operations import find_operation
from .params import Seconds
from .text import escape


@click.command()
@click.argument("operation", metavar="OPERATION|NAME")
@click.option("--timeout", type=Seconds(), metavar="SECONDS", help="Stay no longer than this; the run goes on.")
@connection_options
def watch(connection: Connection, as_json: bool, operation: str, timeout: float | None) -> None:
    """Show how far a run is, until it ends.

    Prints the model's name then. The run is named by its operation, or by the model that it makes.

    With --json every line of stdout is a JSON object: the operation's metadata when there are new steps, with the
    snapshots of these alone, and at last the whole model.

    The status is 1 when the run fails, is cancelled, or has not ended in time. Ctrl-C ends the watching, and the run
    goes on at the service.
    """
    with connection.client() as client:
        run = find_operation(client, operation)
        with progress.explain_interrupt_of_run(run, connection):
            model = progress.write_progress(run, timeout) if as_json else progress.show_progress(run, timeout)
    if as_json:
        json_output.write_line(model.to_json())
    else:
        click.echo(escape(model.name))
