"""Defines the command ``tunedmodels-mockserver``, with its subcommands."""

from __future__ import annotations

import click

from .canned import canned
from .clock import clock
from .credentials import credentials
from .demo import demo
from .env import env
from .execute import execute
from .faults import faults
from .journal import journal
from .probes import healthcheck, wait
from .serve import serve
from .state import reset, state
from .verdict import verdict


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tunedmodels")
def main() -> None:
    """Run and control a mock server for model tuning in the Gemini API.

    Ctrl-C ends a command with status 130, and SIGTERM with 143. serve ends with 0 once it is ready. exec forwards both
    signals to the command that it runs.
    """


for _command in (
    demo,
    serve,
    execute,
    env,
    wait,
    healthcheck,
    clock,
    faults,
    canned,
    state,
    reset,
    journal,
    verdict,
    credentials,
):
    main.add_command(_command)
