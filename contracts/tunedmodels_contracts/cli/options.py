"""The suite's options for the commands, and their translation into pytest's arguments."""

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
"""The argument for everything after the options: pytest's own arguments."""

CLAUSE = click.option(
    "--clause",
    "clauses",
    multiple=True,
    metavar="NAME",
    help="Check only this clause. Use * or repeat the option for several.",
)
"""The option ``--clause`` of the commands that run the suite themselves."""


def select_clauses(names: Sequence[str]) -> list[str] | None:
    """Return the clauses that match *names*, which may contain ``*``. Return None if *names* is empty.

    Raise UsageError for a name that matches no clause.
    """
    from fnmatch import filter as matching

    from ..clauses.catalog import catalog

    clauses = catalog() if names else {}
    selected: dict[str, None] = {}
    for name in names:
        matches = matching(clauses, name)
        if not matches:
            raise click.UsageError(unknown_name("clause", name, clauses))
        selected.update(dict.fromkeys(matches))
    return list(selected) or None


class SuiteCommand(click.Command):
    """A command with options of the suite. It also accepts their names in pytest, because error messages use them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse *args*. Before ``--``, remove the prefix ``tunedmodels-`` from the names of options."""
        end = args.index("--") if "--" in args else len(args)
        ours = [re.sub("^--tunedmodels-", "--", one) for one in args[:end]]
        return super().parse_args(ctx, [*ours, *args[end:]])


def suite_options(*names: str) -> Callable[[Any], Any]:
    """Return a decorator that adds options of the suite to a command. *names* are their names without the prefix."""
    specs = dict(OPTIONS)

    def decorate(command: Any) -> Any:
        for name in reversed(names):
            command = _option(name, specs[name])(command)
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
    """Return pytest's arguments for the suite's *options*, a mapping from names with underscores."""
    pytest_options: list[str] = []
    for name, value in options.items():
        option = f"--tunedmodels-{name.replace('_', '-')}"
        if value is True:
            pytest_options.append(option)
        elif isinstance(value, tuple):
            pytest_options += [f"{option}={one}" for one in value]
        elif value is not None and value is not False:  # 0 is a value
            pytest_options.append(f"{option}={value}")
    return pytest_options


def arguments(options: Mapping[str, Any], more: Sequence[str] = ()) -> list[str]:
    """Return pytest's arguments for a run with *options*, followed by *more* arguments.

    The run ignores the current folder: its configuration, its conftest.py and its cache belong to other tests.
    """
    folder = Path(__file__).parents[1] / "suite"
    pytest_arguments = [
        "-p",
        PLUGIN,
        str(folder),
        "-c",
        os.devnull,
        f"--rootdir={folder}",
        "-p",
        "no:cacheprovider",
        "-q",
    ]
    pytest_arguments += ["--strict-markers", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return [*pytest_arguments, *to_pytest_arguments(options), *more]


def run_pytest(options: Mapping[str, Any], more: Sequence[str] = ()) -> int:
    """Run the suite and return pytest's status. After Ctrl-C or SIGTERM pytest cleans up, and the command ends.

    Raise ClickException if a live run leaves something at the service. Raise ModuleNotFoundError if the extra is not
    installed, because pytest's own message would be long.
    """
    for name in sorted(MODULES):
        if find_spec(name) is None:
            raise ModuleNotFoundError(name=name)
    import pytest

    from ..targets.live.ledger import LedgerError

    try:
        with interrupts.as_keyboard_interrupt():
            return int(pytest.main(arguments(options, more)))
    except LedgerError as error:  # pytest shows it itself, except after an interrupt
        raise click.ClickException(str(error)) from None
