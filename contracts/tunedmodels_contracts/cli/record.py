"""The command ``record``, which runs the clauses on the real API and records its answers."""

from __future__ import annotations

import sys
from typing import Any

import click

from .options import PYTEST_ARGUMENTS, SuiteCommand, run_pytest, suite_options


@click.command(cls=SuiteCommand)
@click.option(
    "--to", "record", metavar="DIR", required=True, help="Write the recordings to this folder, a file for each clause."
)
@suite_options("spend", "second-token", "base-model", "bound", "pause", "level", "clause")
@suite_options("anonymous", "ledger", "known", "report")
@PYTEST_ARGUMENTS
def record(pytest_arguments: tuple[str, ...], **options: Any) -> None:
    """Run the clauses on the real API, and write recordings of the clauses that held.

    A recording needs three things: this command, credentials in the environment, and --spend, the limit of the cost. No
    other server can be recorded. The ledger lists each model before it is created, and the run deletes its models at
    the end; after a crash, run sweep. Secrets are removed before anything is written. Exits with the same statuses as
    run.
    """
    sys.exit(run_pytest({"target": "live", **options}, pytest_arguments))
