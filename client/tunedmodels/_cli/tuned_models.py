"""Contains the commands that list, show, update, transfer and delete tuned models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import json_output, loss_curve, tables
from .command_errors import CommandError
from .connection import Connection, connection_options
from .text import escape, is_encodable, local_time, styled_state

if TYPE_CHECKING:
    from .._client import Client
    from .._messages.tuned_model import TunedModel

PAGE_SIZE = 100
"""The number of models in one page. The service's default of 10 needs many requests, and the answer with 1000 models
and all their steps takes long."""


@click.command("list")
@click.option(
    "--filter",
    "filter_text",
    metavar="TEXT",
    help='List only matching models: words of the names, "owner:me", "readers:everyone".',
)
@connection_options
def list_(connection: Connection, as_json: bool, filter_text: str | None) -> None:
    """List the tuned models of the caller."""
    with connection.client() as client:
        models = list(client.tuned_models.list(page_size=PAGE_SIZE, filter=filter_text))
    if as_json:
        json_output.write([model.to_json() for model in models])
        return
    rows = [
        (
            escape(model.name),
            escape(model.display_name),
            styled_state(model.state),
            escape(model.source_model),
            local_time(model.create_time),
        )
        for model in models
    ]
    tables.write(("NAME", "DISPLAY NAME", "STATE", "TUNED FROM", "CREATED"), rows, "There are no tuned models.")


@click.command()
@click.argument("name")
@connection_options
def show(connection: Connection, as_json: bool, name: str) -> None:
    """Show the tuned model NAME, and the curve of its loss."""
    with connection.client() as client:
        model = client.tuned_models.get(name)
    if as_json:
        json_output.write(model.to_json())
        return
    tables.write_members(_members(model))
    drawing = loss_curve.draw(model.tuning_task.snapshots)
    if drawing and is_encodable(drawing):  # it consists of Braille characters
        click.echo(f"\n{drawing}")


@click.command()
@click.argument("name")
@click.option("--display-name", metavar="TEXT", help="The display name.")
@click.option("--description", metavar="TEXT", help="The purpose of the model.")
@click.option("--temperature", type=float, help="The temperature of answers, unless a request sets one.")
@click.option("--top-p", type=float, help="The top-p of answers, unless a request sets one.")
@click.option("--top-k", type=int, help="The top-k of answers, unless a request sets one.")
@connection_options
def update(connection: Connection, as_json: bool, name: str, **changes: Any) -> None:
    """Change the tuned model NAME.

    Only the given members change. Print the updated model.
    """
    if all(value is None for value in changes.values()):
        options = ", ".join(f"--{option.replace('_', '-')}" for option in changes)
        raise click.UsageError(f"There is nothing to change; give at least one of {options}.")
    with connection.client() as client:
        model = client.tuned_models.update(name, **changes)
    if as_json:
        json_output.write(model.to_json())
    else:
        tables.write_members(_members(model))


@click.command()
@click.argument("name")
@click.argument("email_address", metavar="EMAIL")
@connection_options
def transfer(connection: Connection, as_json: bool, name: str, email_address: str) -> None:
    """Make EMAIL the owner of the tuned model NAME.

    The caller must be the owner, and stays a writer. This needs OAuth; an API key does not work.
    """
    with connection.client() as client:
        client.tuned_models.transfer_ownership(name, email_address)
    if as_json:
        json_output.write({"name": name, "emailAddress": email_address})
    else:
        click.echo(f"{escape(name)} belongs to {escape(email_address)} now.", err=True)


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@connection_options
def delete(connection: Connection, as_json: bool, names: tuple[str, ...]) -> None:
    """Delete tuned models.

    If one model cannot be deleted, the others still are. With --json, print the names of the deleted models.
    """
    from .._resources.resource_names import tuned_model

    full_names = [tuned_model(name) for name in names]  # an invalid name fails before anything is deleted
    with connection.client() as client:
        deleted_names = [name for name in full_names if _delete(client, name)]
    if as_json:
        json_output.write([{"name": name} for name in deleted_names])
    if deleted_names != full_names:
        raise click.exceptions.Exit(CommandError.exit_code)


def _delete(client: Client, name: str) -> bool:
    """Delete the model *name*, write the result to stderr, and return whether it was deleted."""
    from ..errors import APIError

    try:
        client.tuned_models.delete(name)
    except APIError as error:
        CommandError(str(error)).show()
        return False
    click.echo(f"{escape(name)} is deleted.", err=True)
    return True


def _members(model: TunedModel) -> list[tuple[str, str]]:
    task = model.tuning_task
    hyperparameters = task.hyperparameters
    last = task.snapshots[-1] if task.snapshots else None
    return [
        ("name", escape(model.name)),
        ("display name", escape(model.display_name)),
        ("description", escape(model.description)),
        ("state", styled_state(model.state)),
        ("tuned from", escape(model.source_model)),
        ("created", local_time(model.create_time)),
        ("updated", local_time(model.update_time)),
        ("temperature", _number(model.temperature)),
        ("top-p", _number(model.top_p)),
        ("top-k", _number(model.top_k)),
        ("epochs", _number(hyperparameters.epoch_count)),
        ("batch size", _number(hyperparameters.batch_size)),
        ("learning rate", _number(hyperparameters.learning_rate)),
        ("learning rate multiplier", _number(hyperparameters.learning_rate_multiplier)),
        ("run started", local_time(task.start_time)),
        ("run complete", local_time(task.complete_time)),
        ("steps", str(last.step) if last else ""),
        ("mean loss", f"{last.mean_loss:.4g}" if last else ""),
        ("reader projects", ", ".join(map(str, model.reader_project_numbers))),
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
