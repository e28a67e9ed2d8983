"""Progress: how far a run is, until it ends."""

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

    A terminal has a bar; where there is none, as in the log of a build, a line tells of each tenth of the way.
    Raises what ``Operation.result`` raises.
    """
    if sys.stderr.isatty():
        # The name of the model would leave no room for the bar.
        return operation.wait_bar(timeout, file=sys.stderr, desc="Tuning")
    last_tenth = -1
    for metadata in operation.progress(timeout):
        tenth = int(metadata.completed_percent // _TENTH)
        if tenth > last_tenth:
            last_tenth = tenth
            click.echo(_line(metadata), err=True)
    return operation.result(0)  # it has ended, so this waits for nothing


def write_progress(operation: Operation, timeout: float | None) -> TunedModel:
    """Write the progress of *operation* to stdout as JSON Lines, each with the snapshots that are new."""
    written = 0
    for metadata in operation.progress(timeout):
        json_output.write_line(replace(metadata, snapshots=metadata.snapshots[written:]).to_json())
        written = len(metadata.snapshots)
    return operation.result(0)


def explain_stop(operation: Operation, connection: Connection) -> AbstractContextManager[None]:
    """Watch *operation* inside the block; Ctrl-C and SIGTERM say there that the run goes on, and how to watch it."""
    return explain_interrupt(
        f"Stopped watching; the run goes on. Watch it again with: {watch_command(operation, connection)}"
    )


def watch_command(operation: Operation, connection: Connection) -> str:
    """Return the command line that watches *operation*."""
    return one_line(connection.command("watch", operation.name))


def _line(metadata: CreateTunedModelMetadata) -> str:
    last = metadata.snapshots[-1]
    steps = f"step {metadata.completed_steps} of {metadata.total_steps} ({metadata.completed_percent:.0f} %)"
    return f"{escape(metadata.tuned_model)}: {steps}, epoch {last.epoch}, loss {last.mean_loss:.4g}"
