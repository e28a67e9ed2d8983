"""``operations``: the commands for the runs that make tuned models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import documents, tables
from .connection import Connection, connected
from .failures import Failed
from .text import folded, plain, state

if TYPE_CHECKING:
    from .._client import Client
    from .._resources.operation import Operation

_operation = click.argument("operation")

_CANCELLED = 1  # google/rpc/code.proto


@click.group()
def operations() -> None:
    """Look at the runs that make tuned models, and stop them.

    An OPERATION is named tunedModels/{id}/operations/{id}, as its list shows it, or by the model that it makes.
    """


@operations.command("list")
@click.argument("name", required=False)
@connected
def list_(connection: Connection, as_json: bool, name: str | None) -> None:
    """List the operations of the tuned model NAME, or of all models of the caller."""
    with connection.client() as client:
        found = list(client.operations.list(name))
        if as_json:
            documents.write([operation.to_json() for operation in found])
            return
        rows = [_row(operation) for operation in found]
    tables.write(("OPERATION", "STATE", "STEPS", "LOSS"), rows, "There are no operations.")


@operations.command()
@_operation
@connected
def get(connection: Connection, as_json: bool, operation: str) -> None:
    """Show one operation as it is now."""
    with connection.client() as client:
        _write(named(client, operation), as_json=as_json)


@operations.command()
@_operation
@connected
def cancel(connection: Connection, as_json: bool, operation: str) -> None:
    """Ask the service to stop a run, which takes a moment; the model stays.

    The status is 1 when the run has ended already.
    """
    with connection.client() as client:
        found = named(client, operation)
        if not found.cancel():
            raise Failed(f"{found.name} has ended already, so there is nothing to cancel.")
        if as_json:
            documents.write(found.to_json())
        else:
            click.echo(f"{plain(found.name)} was asked to stop.", err=True)


def named(client: Client, name: str) -> Operation:
    """Return the operation called *name*, or that of the model called so."""
    if "/operations/" in name:
        return client.operations.get(name)
    found = next(iter(client.operations.list(name)), None)  # one run makes a model
    if found is None:
        raise Failed(f"{name} has no operation; `tunedmodels show {name}` tells what is known of it.")
    return found


def _state(operation: Operation) -> str:
    value = operation.to_json()
    if value.get("done") is not True:
        return "running"
    error = value.get("error")
    return "done" if error is None else "cancelled" if error.get("code") == _CANCELLED else "failed"


def _row(operation: Operation) -> tuple[str, str, str, str]:
    found = _state(operation)
    metadata = operation.metadata
    loss = f"{metadata.snapshots[-1].mean_loss:.4g}" if metadata.snapshots else ""
    return plain(operation.name), state(found), f"{metadata.completed_steps} of {metadata.total_steps}", loss


def _write(operation: Operation, *, as_json: bool) -> None:
    if as_json:
        documents.write(operation.to_json())
        return
    name, found, steps, loss = _row(operation)
    error = operation.exception(0) if operation.done() else None
    members = [
        ("operation", name),
        ("model", plain(operation.metadata.tuned_model)),
        ("state", found),
        ("steps", steps),
        ("mean loss", loss),
        ("error", folded(error.message) if error else ""),
    ]
    tables.write_members(members)
