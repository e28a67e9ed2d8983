"""``run``: check the clauses on a target."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from .. import plugin
from .. import suite as suite_package

_OWN_COMMANDS = ("record", "mutant")  # are other commands' business
_URL = "url"


def _options(command: Any) -> Any:
    """Give *command* the options that the suite has in pytest, without their prefix."""
    for name, how in reversed(plugin.OPTIONS):
        if name in _OWN_COMMANDS:
            continue
        kind: Any = click.Choice(how["choices"]) if "choices" in how else how.get("type", str)
        text = str(how["help"][:1]).upper() + str(how["help"][1:]) + "."
        if how.get("action") == "store_true":
            command = click.option(f"--{name}", is_flag=True, help=text)(command)
        else:
            command = click.option(f"--{name}", type=kind, metavar=how.get("metavar"), help=text)(command)
    return command


@click.command(context_settings={"ignore_unknown_options": False})
@_options
@click.argument("pytest_arguments", nargs=-1, metavar="[-- PYTEST'S ARGUMENTS]...")
def run(pytest_arguments: tuple[str, ...], **options: Any) -> None:
    """Check the clauses on a target: the fake in process, unless --target or --url says otherwise.

    Ends with status 0 only where something ran, and every required clause that ran held. What follows -- is
    pytest's: -k WORDS for some of the clauses, -n auto for all processors.
    """
    import pytest

    if options[_URL] and options["target"] not in (None, "url"):
        raise click.UsageError(f"--url is for the target url, and --target says {options['target']}.")
    sys.exit(int(pytest.main(arguments(options, pytest_arguments))))


def arguments(options: Mapping[str, Any], more: Sequence[str] = ()) -> list[str]:
    """Return pytest's arguments for a run with *options*, and what else is said to pytest.

    The folder in which the command is given has no say in it: its configuration, its conftest.py and its cache are
    those of other tests.
    """
    folder = Path(suite_package.__file__ or "").parent
    given = dict(options)
    if given.get(_URL):
        given["target"] = "url"
    found = [str(folder), "-c", os.devnull, f"--rootdir={folder}", "-p", "no:cacheprovider", "-q"]
    found += ["--strict-markers", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    for name, value in given.items():
        option = f"--tunedmodels-{name.replace('_', '-')}"
        if value is True:
            found.append(option)
        elif value not in (None, False):
            found.append(f"{option}={value}")
    return [*found, *more]
