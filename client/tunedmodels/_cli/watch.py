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
@click.option("--timeout", type=Seconds(), metavar="SECONDS", help="Stop watching after this time; the run continues.")
@connection_options
def watch(connection: Connection, as_json: bool, operation: str, timeout: float | None) -> None:
    """Show the progress of a run until it ends, then print the model's name.

    Name the run by its operation or by its model.

    With --json, every line of stdout is a JSON object: the operation's metadata when there are new steps, with only
    the new snapshots; the last line is the whole model.

    The exit status is 1 if the run fails, is cancelled, or does not end in time. Ctrl-C stops watching; the run
    continues.
    """
    with connection.client() as client:
        run = find_operation(client, operation)
        with progress.explain_interrupt_of_run(run, connection):
            model = progress.write_progress(run, timeout) if as_json else progress.show_progress(run, timeout)
    if as_json:
        json_output.write_line(model.to_json())
    else:
        click.echo(escape(model.name))
