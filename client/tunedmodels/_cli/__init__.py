"""Contains the command ``tunedmodels``.

Its modules import the client only when they send a request, so ``--help`` needs neither requests nor google-auth.
"""

from __future__ import annotations

import click

from .completion import completion
from .generate import generate
from .models import models
from .operations import operations
from .permissions import permissions
from .program import Program
from .tune import tune
from .tuned_models import delete, list_, show, transfer, update
from .watch import watch


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tunedmodels")
def main() -> None:
    """Tune models of the Gemini API, and use the tuned models.

    Results go to stdout, everything else to stderr; --json writes results for programs. The exit status is 0 on
    success, 1 if the service refuses or does not answer, if data cannot be read or if a run fails, and 2 for bad
    usage. Ctrl-C ends the command with 130 and SIGTERM with 143; a run that it watches continues. Output has colors
    only on a terminal, and not if NO_COLOR is set.
    """


for command in (
    list_,
    show,
    tune,
    watch,
    generate,
    update,
    transfer,
    delete,
    permissions,
    operations,
    models,
    completion,
):
    main.add_command(command)
