"""The command ``run``, which checks the clauses on a target."""

from __future__ import annotations

import sys
from typing import Any

import click

from .options import PYTEST_ARGUMENTS, SuiteCommand, run_pytest, suite_options

_TARGET_OPTIONS = ("target", "url", "token", "second-token", "key", "base-model", "bound", "pause", "level", "clause")
_OUTPUT_OPTIONS = ("recordings", "spend", "anonymous", "ledger", "known", "report")


@click.command(cls=SuiteCommand)
@suite_options(*_TARGET_OPTIONS, *_OUTPUT_OPTIONS)
@click.option(
    "--jobs", metavar="N", type=click.IntRange(1), help="The number of processes that share the clauses (default: 1)."
)
@PYTEST_ARGUMENTS
def run(pytest_arguments: tuple[str, ...], jobs: int | None, **options: Any) -> None:
    """Check the clauses on a target: the mock server in this process, unless --target or --url names another.

    Exits with status 0 only if at least one clause ran and every required clause that ran held. The last line is the
    summary. Arguments after -- go to pytest: -k WORDS selects tests by name, -x stops at the first failure.
    """
    if options["url"] and options["target"] not in (None, "url"):
        raise click.UsageError(f"--url is for the target url, but --target is {options['target']}.")
    sys.exit(run_pytest(options, [*_xdist_arguments(jobs), *pytest_arguments]))


def _xdist_arguments(jobs: int | None) -> list[str]:
    from importlib.util import find_spec

    if jobs in (None, 1):
        return []
    if not find_spec("xdist"):  # the command says what to install
        raise ModuleNotFoundError(name="xdist")
    return ["-n", str(jobs)]
