"""Contains the command ``models``, which lists the base models."""

from __future__ import annotations

import click

from . import json_output, tables
from .command_errors import CommandError
from .connection import Connection, connection_options
from .text import escape


@click.command()
@click.option("--tunable", is_flag=True, help="List only models that can be tuned; exit with 1 if there are none.")
@connection_options
def models(connection: Connection, as_json: bool, tunable: bool) -> None:
    """List the base models.

    Since May 2025 no model of the Gemini API can be tuned. A script can run `models --tunable` first and check its
    exit status.
    """
    with connection.client() as client:
        found_models = client.models.tunable() if tunable else tuple(client.models.list(page_size=1000))
    if as_json:
        json_output.write([model.to_json() for model in found_models])
    elif found_models:
        rows = [
            (
                escape(model.name),
                escape(model.display_name),
                str(model.input_token_limit or ""),
                str(model.output_token_limit or ""),
                "yes" if model.is_tunable else "no",
            )
            for model in found_models
        ]
        tables.write(("NAME", "DISPLAY NAME", "INPUT TOKENS", "OUTPUT TOKENS", "TUNABLE"), rows, "")
    if tunable and not found_models:
        raise CommandError("The service has no model that can be tuned; the Gemini API has had none since May 2025.")
    if not found_models and not as_json:
        click.echo("There are no base models.", err=True)
