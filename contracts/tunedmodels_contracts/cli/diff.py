"""The command ``diff``, which sends the same requests to two targets and compares their answers."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tunedmodels_mockserver import interrupts

from ..did_you_mean import unknown_name
from ..options import OF_TARGET
from .options import CLAUSE, SuiteCommand, select_clauses, suite_options, to_pytest_arguments

if TYPE_CHECKING:
    from ..differential import Side

_SIDES = ("fake", "mutant", "url", "replay", "live")
_VALUED = {"mutant": "the name of one", "url": "an address"}  # the value after the equals sign
_FOR_TARGETS = ("token", "second-token", "key", "base-model", "bound", "pause", "spend", "ledger")


@click.command(cls=SuiteCommand)
@click.option("--left", metavar="TARGET", default="fake", show_default=True, help="One target.")
@click.option("--right", metavar="TARGET", required=True, help="The other.")
@CLAUSE
@suite_options(*_FOR_TARGETS)
@click.option("--json", "as_json", is_flag=True, help="Write every difference as JSON.")
def diff(left: str, right: str, clauses: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Run the same clauses on two targets, and show the differences between their answers, the most severe first.

    A TARGET is fake, url=URL, replay, replay=DIR, live, or mutant=NAME: the fake behind that mutant. Each option about
    targets applies to those of the two that have it. Exits with status 1 if a difference breaks clients or is visible
    to them. Cosmetic differences do not count.
    """
    from ..differential import difference_lines, differential
    from ..differential.server_difference import SEVERITIES

    names = {"--left": left, "--right": right}
    kinds = [name.partition("=")[0] for name in names.values()]
    first, second = (_side(option, name, options) for option, name in names.items())
    _refuse_unused_options(options, kinds)
    named = select_clauses(clauses)
    try:
        with interrupts.as_keyboard_interrupt():
            found = differential(first, second, named)
    except RuntimeError as error:
        raise click.ClickException(str(error)) from None
    counts = {severity: found.count(severity) for severity in SEVERITIES}
    if as_json:
        click.echo(json.dumps({"left": left, "right": right, **counts, **asdict(found)}, indent=2))
    else:
        for line in difference_lines(found.findings):
            click.echo(line)
        summed = ", ".join(f"{number} {severity}" for severity, number in counts.items())
        number = f"{len(found.compared)} clauses compared, {len(found.left_out)} left out"
        click.echo(f"{left} and {right}: {number}; {summed if found.findings else 'no difference'}")
    leftovers = _leftovers(options) if "live" in kinds else []
    for line in leftovers:
        click.echo(line, err=True)
    sys.exit(1 if leftovers or any(counts[severity] for severity in SEVERITIES if severity != "cosmetic") else 0)


def _side(option: str, name: str, options: dict[str, Any]) -> Side:
    from ..differential import Side
    from ..mutation.registry import MUTANTS

    kind, _, value = name.partition("=")
    if kind not in _SIDES:
        raise click.UsageError(f"{option}: {unknown_name('target', kind, _SIDES)} There are {', '.join(_SIDES)}.")
    if kind in _VALUED and not value:
        raise click.UsageError(f"{option}: {kind} needs {_VALUED[kind]}, as {kind}=...")
    if value and kind in ("fake", "live"):
        raise click.UsageError(f"{option}: {kind} stands alone, and {value!r:.100} follows it.")
    if kind == "mutant":
        if value not in MUTANTS:
            raise click.UsageError(f"{option}: {unknown_name('mutant', value, MUTANTS)}")
        return Side(_target_arguments("fake", {}), value)
    more = {"url": value} if kind == "url" else {"recordings": value or None} if kind == "replay" else {}
    return Side(_target_arguments(kind, {**more, **options}))


def _target_arguments(kind: str, options: dict[str, Any]) -> tuple[str, ...]:
    """Return pytest's arguments for a target of that *kind*, with those of the *options* that apply to it."""
    fitting = {name: value for name, value in options.items() if kind in OF_TARGET.get(name.replace("_", "-"), (kind,))}
    return tuple(to_pytest_arguments({"target": kind, **fitting}))


def _refuse_unused_options(options: dict[str, Any], kinds: list[str]) -> None:
    for name, value in options.items():
        targets = OF_TARGET[name.replace("_", "-")]
        if value is not None and not set(targets) & set(kinds):
            option = name.replace("_", "-")
            raise click.UsageError(f"--{option} is for {' or '.join(targets)}, and these are {' and '.join(kinds)}.")


def _leftovers(options: dict[str, Any]) -> list[str]:
    """Return the leftovers of a live run. The run was in another process, and its own messages were not shown."""
    from ..targets.live.ledger import DEFAULT, read

    return [f"left: {entry}" for entry in read(Path(options["ledger"] or DEFAULT)) if entry.is_open]
