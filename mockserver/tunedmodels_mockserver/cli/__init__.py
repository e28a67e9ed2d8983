"""The command ``tunedmodels-mockserver``."""

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
    """A mock server of the Gemini API's model tuning.

    Ctrl-C ends a command with status 130 and SIGTERM with 143, but serve with 0 once it answers. exec passes them on
    to what it runs.
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
