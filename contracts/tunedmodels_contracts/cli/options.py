"""The suite's options as the command has them, and pytest's arguments that they become."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from tunedmodels_mockserver import interrupts

from ..did_you_mean import unknown_name
from ..extra import MODULES
from ..options import OPTIONS, PLUGIN

PYTEST_ARGUMENTS = click.argument("pytest_arguments", nargs=-1, metavar="[-- PYTEST'S ARGUMENTS]...")
"""What follows the options: pytest's own arguments."""

CLAUSE = click.option(
    "--clause", "clauses", multiple=True, metavar="NAME", help="Ask this clause alone; several by * or by again."
)
"""The option of commands that run the suite by themselves."""


def select_clauses(names: Sequence[str]) -> list[str] | None:
    """Return the clauses that *names* are, which may have ``*``; None where none is named.

    Raises UsageError for a name that fits none.
    """
    from fnmatch import filter as matching

    from ..clauses.catalog import catalog

    known = catalog() if names else {}
    found: dict[str, None] = {}
    for name in names:
        fitting = matching(known, name)
        if not fitting:
            raise click.UsageError(unknown_name("clause", name, known))
        found.update(dict.fromkeys(fitting))
    return list(found) or None


class SuiteCommand(click.Command):
    """A command with options of the suite, which are known by pytest's names too: refusals name those."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments."""
        end = args.index("--") if "--" in args else len(args)
        ours = [re.sub("^--tunedmodels-", "--", one) for one in args[:end]]
        return super().parse_args(ctx, [*ours, *args[end:]])


def suite_options(*names: str) -> Callable[[Any], Any]:
    """Give a command those of the suite's options that are called *names*, without their prefix."""
    known = dict(OPTIONS)

    def decorate(command: Any) -> Any:
        for name in reversed(names):
            command = _option(name, known[name])(command)
        return command

    return decorate


def _option(name: str, spec: Mapping[str, Any]) -> Any:
    text = str(spec["help"][:1]).upper() + str(spec["help"][1:]) + "."
    if spec.get("action") == "store_true":
        return click.option(f"--{name}", is_flag=True, help=text)
    kind: Any = click.Choice(spec["choices"]) if "choices" in spec else spec.get("type", str)
    several = spec.get("action") == "append"
    return click.option(f"--{name}", type=kind, metavar=spec.get("metavar"), multiple=several, help=text)


def to_pytest_arguments(options: Mapping[str, Any]) -> list[str]:
    """Return pytest's arguments for the suite's *options*, by their names with underscores."""
    found: list[str] = []
    for name, value in options.items():
        option = f"--tunedmodels-{name.replace('_', '-')}"
        if value is True:
            found.append(option)
        elif isinstance(value, tuple):
            found += [f"{option}={one}" for one in value]
        elif value is not None and value is not False:  # 0 is a value
            found.append(f"{option}={value}")
    return found


def arguments(options: Mapping[str, Any], more: Sequence[str] = ()) -> list[str]:
    """Return pytest's arguments for a run with *options*, and what else is said to pytest.

    The folder in which the command is given has no say in it: its configuration, its conftest.py and its cache are
    those of other tests.
    """
    folder = Path(__file__).parents[1] / "suite"
    found = ["-p", PLUGIN, str(folder), "-c", os.devnull, f"--rootdir={folder}", "-p", "no:cacheprovider", "-q"]
    found += ["--strict-markers", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return [*found, *to_pytest_arguments(options), *more]


def run_pytest(options: Mapping[str, Any], more: Sequence[str] = ()) -> int:
    """Run the suite and return pytest's status. After Ctrl-C or SIGTERM pytest cleans up, and the command ends.

    Raises ClickException where a live run leaves something at the service, and ModuleNotFoundError where the extra
    is not installed: pytest itself would make a long story of it.
    """
    for name in sorted(MODULES):
        if find_spec(name) is None:
            raise ModuleNotFoundError(name=name)
    import pytest

    from ..targets.live.ledger import LedgerError

    try:
        with interrupts.as_keyboard_interrupt():
            return int(pytest.main(arguments(options, more)))
    except LedgerError as error:  # pytest shows it itself, but not where it was interrupted
        raise click.ClickException(str(error)) from None
