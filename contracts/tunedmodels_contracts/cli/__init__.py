"""The command ``tunedmodels-contracts``, with its subcommands."""

from __future__ import annotations

import click

from .check import check
from .coverage import coverage
from .diff import diff
from .program import Program
from .record import record
from .report import report
from .run import run
from .selftest import selftest
from .sweep import sweep


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tunedmodels")
def main() -> None:
    """Check whether a server keeps the contracts of the Gemini API's model tuning.

    Each command exits with status 0 on success, and with another status otherwise: Ctrl-C ends it with 130 and SIGTERM
    with 143. A live run deletes the models that it created before it ends.
    """


for command in (run, record, sweep, diff, selftest, check, coverage, report):
    main.add_command(command)
