"""``models``: the command that lists the base models."""

from __future__ import annotations

import click

from . import documents, tables
from .connection import Connection, connected
from .failures import Failed
from .text import plain


@click.command()
@click.option("--tunable", is_flag=True, help="Only those that can be tuned; the status is 1 where there is none.")
@connected
def models(connection: Connection, as_json: bool, tunable: bool) -> None:
    """List the base models.

    Since May 2025 the Gemini API has none that can be tuned, so a script can begin with `models --tunable` and
    stop there by its status.
    """
    with connection.client() as client:
        found = client.models.tunable() if tunable else tuple(client.models.list(page_size=1000))
    if as_json:
        documents.write([model.to_json() for model in found])
    elif found:
        rows = [
            (
                plain(model.name),
                plain(model.display_name),
                str(model.input_token_limit or ""),
                str(model.output_token_limit or ""),
                "yes" if model.tunable else "no",
            )
            for model in found
        ]
        tables.write(("NAME", "DISPLAY NAME", "INPUT TOKENS", "OUTPUT TOKENS", "TUNABLE"), rows, "")
    if tunable and not found:
        raise Failed("The service has no model that can be tuned; the Gemini API has had none since May 2025.")
    if not found and not as_json:
        click.echo("There are no base models.", err=True)
