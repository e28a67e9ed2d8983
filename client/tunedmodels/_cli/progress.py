"""Shows the progress of a run until it ends."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from . import json_output
from .command_errors import explain_interrupt
from .connection import Connection
from .text import escape, one_line

if TYPE_CHECKING:
    from .._messages.metadata import CreateTunedModelMetadata
    from .._messages.tuned_model import TunedModel
    from .._resources.operation import Operation

_TENTH = 10  # percent


def show_progress(operation: Operation, timeout: float | None) -> TunedModel:
    """Show the progress of *operation* on stderr until it ends, and return the tuned model.

    On a terminal, show a bar. Elsewhere, such as in the log of a build, print a line at most once for each tenth of
    the run. Raise the errors of ``Operation.result``.
    """
    if sys.stderr.isatty():
        # With the name of the model as description, there would be no room for the bar.
        return operation.wait_bar(timeout, file=sys.stderr, desc="Tuning")
    last_tenth = -1
    for metadata in operation.progress(timeout):
        tenth = int(metadata.completed_percent // _TENTH)
        if tenth > last_tenth:
            last_tenth = tenth
            click.echo(_line(metadata), err=True)
    return operation.result(0)  # the operation has ended, so this does not wait


def write_progress(operation: Operation, timeout: float | None) -> TunedModel:
    """Write the progress of *operation* to stdout as JSON Lines until it ends, and return the tuned model.

    Each line contains only the new snapshots.
    """
    snapshot_count = 0
    for metadata in operation.progress(timeout):
        json_output.write_line(replace(metadata, snapshots=metadata.snapshots[snapshot_count:]).to_json())
        snapshot_count = len(metadata.snapshots)
    return operation.result(0)


def explain_interrupt_of_run(operation: Operation, connection: Connection) -> AbstractContextManager[None]:
    """Say, if Ctrl-C or SIGTERM ends the block, that the run of *operation* continues, and how to watch it."""
    return explain_interrupt(
        f"Stopped watching; the run continues. Watch it again with: {watch_command(operation, connection)}"
    )


def watch_command(operation: Operation, connection: Connection) -> str:
    """Return the command line that watches *operation*."""
    return one_line(connection.command("watch", operation.name))


def _line(metadata: CreateTunedModelMetadata) -> str:
    last = metadata.snapshots[-1]
    steps = f"step {metadata.completed_steps} of {metadata.total_steps} ({metadata.completed_percent:.0f} %)"
    return f"{escape(metadata.tuned_model)}: {steps}, epoch {last.epoch}, loss {last.mean_loss:.4g}"
