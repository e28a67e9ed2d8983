"""The command ``sweep``, which deletes the leftovers of live runs at the real API."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .options import SuiteCommand, suite_options


@click.command(cls=SuiteCommand)
@click.option(
    "--ledger",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The ledger of the runs.  [default: tunedmodels-ledger.jsonl]",
)
@suite_options("second-token")
def sweep(ledger: Path | None, second_token: str | None) -> None:
    """Delete the models in the ledger of live runs from the real API, and check that they no longer exist.

    Models with a name like ours that are not in the ledger are reported, not deleted. Exits with status 1 if a model of
    the ledger remains.
    """
    import requests

    from ..targets.live.ledger import DEFAULT, LedgerError
    from ..targets.live.target import sweep as delete_leftovers
    from ..targets.target import TargetError

    path = ledger or DEFAULT
    try:
        result = delete_leftovers(path, second_token or "")
    except (TargetError, LedgerError, requests.RequestException, AssertionError) as error:
        raise click.ClickException(str(error)) from None
    summary = (
        ("deleted", result.deleted),
        ("remains", result.remaining),
        ("not in the ledger, not deleted", result.unknown_models),
    )
    for word, names in summary:
        for name in names:
            click.echo(f"{word}: {name}")
    click.echo(f"{path}: {len(result.deleted)} deleted, {len(result.remaining)} remaining")
    sys.exit(1 if result.remaining else 0)
