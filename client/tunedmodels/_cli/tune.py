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
@click.option("--display-name", metavar="TEXT", help="The model's name for people; it needs this or --id.")
@click.option("--description", metavar="TEXT", help="What the model is for.")
@click.option("--id", "tuned_model_id", metavar="ID", help="The model's id.  [default: made from the display name]")
@click.option("--base-model", metavar="NAME", help="The base model to tune; see `tunedmodels models --tunable`.")
@click.option("--source-model", metavar="NAME", help="A tuned model to tune further, instead of a base model.")
@click.option("--epochs", "epoch_count", type=int, help="How many times the run goes through all examples.")
@click.option("--batch-size", type=int, help="How many examples one step takes.")
@click.option("--learning-rate", type=float, help="The learning rate.")
@click.option("--learning-rate-multiplier", type=float, help="A factor on the rate that suits the base model.")
@click.option("--temperature", type=float, help="The temperature of answers, unless a request has one.")
@click.option("--top-p", type=float, help="The top-p of answers, in the same way.")
@click.option("--top-k", type=int, help="The top-k of answers, in the same way.")
@click.option("--input-key", default="text_input", show_default=True, help="The column or member with the inputs.")
@click.option("--output-key", default="output", show_default=True, help="The column or member with the outputs.")
@click.option("--watch", is_flag=True, help="Stay, and show how far the run is, until it ends.")
@click.option("--timeout", type=Seconds(), metavar="SECONDS", help="Stay no longer than this; the run goes on.")
@connection_options
def tune(connection: Connection, as_json: bool, watch: bool, timeout: float | None, **settings: Any) -> None:
    """Tune a model on the examples of a file.

    The file, a local one or at a URL, is CSV, TSV, JSON or JSON Lines. Prints the model's name, with --watch once
    the run has ended well; progress goes to stderr. With --json it prints the operation, with --watch the model
    that came of it. Ctrl-C ends the watching, and the run goes on at the service.
    """
    if (settings["base_model"] is None) == (settings["source_model"] is None):
        raise click.UsageError("Give --base-model, the base model to tune, or --source-model, a tuned model.")
    if settings["learning_rate"] is not None and settings["learning_rate_multiplier"] is not None:
        raise click.UsageError("Give --learning-rate or --learning-rate-multiplier; the service takes one of them.")
    if timeout is not None and not watch:
        raise click.UsageError("--timeout says how long to watch, and needs --watch.")
    if not settings["display_name"] and not settings["tuned_model_id"]:
        raise click.UsageError("Give --display-name, from which the model's id is made, or --id, or both.")
    with connection.client() as client:
        operation = _create(client, settings)
        with progress.explain_interrupt_of_run(operation, connection):
            click.echo(f"The run has begun; watch it with: {progress.watch_command(operation, connection)}", err=True)
            model = progress.show_progress(operation, timeout) if watch else None
        if as_json:
            json_output.write(model.to_json() if model else operation.to_json())
        else:
            click.echo(escape(model.name if model else operation.metadata.tuned_model))


def _create(client: Client, settings: dict[str, Any]) -> Operation:
    from ..errors import DuplicateExamplesWarning

    unknown = "Stopped before the service answered; whether a run began is in: tunedmodels operations list"
    with warnings.catch_warnings(), explain_interrupt(unknown):
        warnings.simplefilter("always", DuplicateExamplesWarning)
        return client.tuned_models.create(**settings)
