"""Contains the command ``tune``, which starts a run."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import click

from . import json_output, progress
from .command_errors import explain_interrupt
from .connection import Connection, connection_options
from .params import Seconds
from .text import escape

if TYPE_CHECKING:
    from .._client import Client
    from .._resources.operation import Operation


@click.command()
@click.argument("training_data", metavar="FILE|URL", type=click.Path())
@click.option("--display-name", metavar="TEXT", help="The display name. Give this or --id.")
@click.option("--description", metavar="TEXT", help="The purpose of the model.")
@click.option("--id", "tuned_model_id", metavar="ID", help="The model's id.  [default: derived from the display name]")
@click.option("--base-model", metavar="NAME", help="The base model to tune; see `tunedmodels models --tunable`.")
@click.option("--source-model", metavar="NAME", help="A tuned model to tune further, instead of a base model.")
@click.option("--epochs", "epoch_count", type=int, help="The number of times the run uses all examples.")
@click.option("--batch-size", type=int, help="The number of examples in one step.")
@click.option("--learning-rate", type=float, help="The learning rate.")
@click.option(
    "--learning-rate-multiplier", type=float, help="A factor for the learning rate that the service recommends."
)
@click.option("--temperature", type=float, help="The temperature of answers, unless a request sets one.")
@click.option("--top-p", type=float, help="The top-p of answers, unless a request sets one.")
@click.option("--top-k", type=int, help="The top-k of answers, unless a request sets one.")
@click.option("--input-key", default="text_input", show_default=True, help="The column or member with the inputs.")
@click.option("--output-key", default="output", show_default=True, help="The column or member with the outputs.")
@click.option("--watch", is_flag=True, help="Show the progress of the run until it ends.")
@click.option("--timeout", type=Seconds(), metavar="SECONDS", help="Stop watching after this time; the run continues.")
@connection_options
def tune(connection: Connection, as_json: bool, watch: bool, timeout: float | None, **settings: Any) -> None:
    """Tune a model on the examples of a file.

    The file, a local one or at a URL, is CSV, TSV, JSON or JSON Lines. Print the model's name, with --watch after
    the run succeeds; progress goes to stderr. With --json, print the operation, or with --watch the tuned model.
    Ctrl-C stops watching; the run continues.
    """
    if (settings["base_model"] is None) == (settings["source_model"] is None):
        raise click.UsageError("Give --base-model, the base model to tune, or --source-model, a tuned model.")
    if settings["learning_rate"] is not None and settings["learning_rate_multiplier"] is not None:
        raise click.UsageError("Give --learning-rate or --learning-rate-multiplier; the service takes one of them.")
    if timeout is not None and not watch:
        raise click.UsageError("--timeout limits the time of --watch, and needs it.")
    if not settings["display_name"] and not settings["tuned_model_id"]:
        raise click.UsageError(
            "Give --display-name or --id, or both. Without --id, the service derives the id from the display name."
        )
    with connection.client() as client:
        operation = _create(client, settings)
        with progress.explain_interrupt_of_run(operation, connection):
            click.echo(f"The run has started; watch it with: {progress.watch_command(operation, connection)}", err=True)
            model = progress.show_progress(operation, timeout) if watch else None
        if as_json:
            json_output.write(model.to_json() if model else operation.to_json())
        else:
            click.echo(escape(model.name if model else operation.metadata.tuned_model))


def _create(client: Client, settings: dict[str, Any]) -> Operation:
    from ..errors import DuplicateExamplesWarning

    sentence = "Stopped before the service answered. Check if a run has started: tunedmodels operations list"
    with warnings.catch_warnings(), explain_interrupt(sentence):
        warnings.simplefilter("always", DuplicateExamplesWarning)
        return client.tuned_models.create(**settings)
