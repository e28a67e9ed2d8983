"""The command ``tunedmodels-contracts``."""

from __future__ import annotations

import click

from .check import check
from .coverage import coverage
from .report import report
from .run import run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tunedmodels")
def main() -> None:
    """Contracts that hold a server to the Gemini API's model tuning."""


for command in (run, check, coverage, report):
    main.add_command(command)
