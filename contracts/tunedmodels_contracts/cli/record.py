"""``record``: check the clauses on the real API, and keep what it answers."""

from __future__ import annotations

import sys
from typing import Any

import click

from .options import PYTEST_ARGUMENTS, SuiteCommand, run_pytest, suite_options


@click.command(cls=SuiteCommand)
@click.option(
    "--to", "record", metavar="DIR", required=True, help="Write the recordings there, a file for each clause."
)
@suite_options("spend", "second-token", "base-model", "bound", "pause", "level", "clause")
@suite_options("anonymous", "ledger", "known", "report")
@PYTEST_ARGUMENTS
def record(pytest_arguments: tuple[str, ...], **options: Any) -> None:
    """Check the clauses on the real API, and write what it answers to those that held.

    It takes three keys at once: this command, credentials in the environment, and --spend, which says what it may
    cost. No other server is recorded. What is made is noted in the ledger first, and deleted in the end; after a
    crash, sweep does it. Secrets are scrubbed before anything is written. Ends as run does.
    """
    sys.exit(run_pytest({"target": "live", **options}, pytest_arguments))
