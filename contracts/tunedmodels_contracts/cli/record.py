"""``record``: check the clauses on the real API, and keep what it answers."""

from __future__ import annotations

import sys
from typing import Any

import click

from .options import PYTESTS, Suites, of_suite, run_pytest


@click.command(cls=Suites)
@click.option(
    "--to", "record", metavar="DIR", required=True, help="Write the recordings there, a file for each clause."
)
@of_suite("spend", "second-token", "base-model", "bound", "pause", "level", "clause")
@of_suite("anonymous", "ledger", "known", "report")
@PYTESTS
def record(pytest_arguments: tuple[str, ...], **options: Any) -> None:
    """Check the clauses on the real API, and write what it answers to those that held.

    It takes three keys at once: this command, credentials in the environment, and --spend, which says what it may
    cost. No other server is recorded. What is made is noted in the ledger first, and deleted in the end; after a
    crash, sweep does it. Secrets are scrubbed before anything is written. Ends as run does.
    """
    sys.exit(run_pytest({"target": "live", **options}, pytest_arguments))
