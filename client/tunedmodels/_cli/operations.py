"""Contains the commands ``operations``, for the runs that create tuned models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import json_output, tables
from .command_errors import CommandError
from .connection import Connection, connection_options
from .text import escape, one_line, styled_state

if TYPE_CHECKING:
    from .._client import Client
    from .._resources.operation import Operation

_operation = click.argument("operation")

_CANCELLED = 1  # google/rpc/code.proto


@click.group()
def operations() -> None:
    """Show and cancel the runs that create tuned models.

    Name an OPERATION by its full name, tunedModels/{id}/operations/{id}, as the list shows it, or by its model.
    """


@operations.command("list")
@click.argument("name", required=False)
@connection_options
def list_(connection: Connection, as_json: bool, name: str | None) -> None:
    """List the operations of the tuned model NAME, or of all models of the caller."""
    with connection.client() as client:
        found_operations = list(client.operations.list(name))
        if as_json:
            json_output.write([operation.to_json() for operation in found_operations])
            return
        rows = [_row(operation) for operation in found_operations]
    tables.write(("OPERATION", "STATE", "STEPS", "LOSS"), rows, "There are no operations.")


@operations.command()
@_operation
@connection_options
def get(connection: Connection, as_json: bool, operation: str) -> None:
    """Show one operation as it is now."""
    with connection.client() as client:
        _write(find_operation(client, operation), as_json=as_json)


@operations.command()
@_operation
@connection_options
def cancel(connection: Connection, as_json: bool, operation: str) -> None:
    """Ask the service to stop a run.

    This takes a moment. The model is kept. The exit status is 1 if the run has already ended.
    """
    with connection.client() as client:
        run = find_operation(client, operation)
        if not run.cancel():
            raise CommandError(f"{run.name} has already ended; there is nothing to cancel.")
        if as_json:
            json_output.write(run.to_json())
        else:
            click.echo(f"Asked the service to stop {escape(run.name)}.", err=True)


def find_operation(client: Client, name: str) -> Operation:
    """Return the operation *name*, or the operation that creates the model *name*."""
    if "/operations/" in name:
        return client.operations.get(name)
    operation = next(iter(client.operations.list(name)), None)  # a model has one operation
    if operation is None:
        raise CommandError(f"{name} has no operation; `tunedmodels show {name}` shows the model.")
    return operation


def _state(operation: Operation) -> str:
    value = operation.to_json()
    if value.get("done") is not True:
        return "running"
    error = value.get("error")
    return "done" if error is None else "cancelled" if error.get("code") == _CANCELLED else "failed"


def _row(operation: Operation) -> tuple[str, str, str, str]:
    metadata = operation.metadata
    loss = f"{metadata.snapshots[-1].mean_loss:.4g}" if metadata.snapshots else ""
    return (
        escape(operation.name),
        styled_state(_state(operation)),
        f"{metadata.completed_steps} of {metadata.total_steps}",
        loss,
    )


def _write(operation: Operation, *, as_json: bool) -> None:
    if as_json:
        json_output.write(operation.to_json())
        return
    name, state, steps, loss = _row(operation)
    error = operation.exception(0) if operation.done() else None
    members = [
        ("operation", name),
        ("model", escape(operation.metadata.tuned_model)),
        ("state", state),
        ("steps", steps),
        ("mean loss", loss),
        ("error", one_line(error.message) if error else ""),
    ]
    tables.write_members(members)
