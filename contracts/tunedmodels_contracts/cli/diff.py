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
from ..options import TARGETS_OF_OPTION
from .options import CLAUSE, SuiteCommand, select_clauses, suite_options, to_pytest_arguments

if TYPE_CHECKING:
    from ..differential import Side

_SIDES = ("fake", "mutant", "url", "replay", "live")
_VALUE_NAMES = {"mutant": "the name of a mutant", "url": "a URL"}  # the value after the equals sign
_TARGET_OPTIONS = ("token", "second-token", "key", "base-model", "bound", "pause", "spend", "ledger")


@click.command(cls=SuiteCommand)
@click.option("--left", metavar="TARGET", default="fake", show_default=True, help="The first target.")
@click.option("--right", metavar="TARGET", required=True, help="The second target.")
@CLAUSE
@suite_options(*_TARGET_OPTIONS)
@click.option("--json", "as_json", is_flag=True, help="Write every difference as JSON.")
def diff(left: str, right: str, clauses: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Run the same clauses on two targets, and show the differences between their answers, the most severe first.

    A TARGET is fake, url=URL, replay, replay=DIR, live, or mutant=NAME: the mock server behind that mutant. Each option
    about targets applies to those of the two that have it. Exits with status 1 if a difference breaks clients or is
    visible to them. Cosmetic differences do not count.
    """
    from ..differential import difference_lines, differential
    from ..differential.server_difference import SEVERITIES

    names = {"--left": left, "--right": right}
    kinds = [name.partition("=")[0] for name in names.values()]
    left_side, right_side = (_side(option, name, options) for option, name in names.items())
    _refuse_unused_options(options, kinds)
    clause_names = select_clauses(clauses)
    try:
        with interrupts.as_keyboard_interrupt():
            comparison = differential(left_side, right_side, clause_names)
    except RuntimeError as error:
        raise click.ClickException(str(error)) from None
    counts = {severity: comparison.count(severity) for severity in SEVERITIES}
    if as_json:
        click.echo(json.dumps({"left": left, "right": right, **counts, **asdict(comparison)}, indent=2))
    else:
        for line in difference_lines(comparison.findings):
            click.echo(line)
        totals = ", ".join(f"{number} {severity}" for severity, number in counts.items())
        number = f"{len(comparison.compared)} clauses compared, {len(comparison.left_out)} left out"
        click.echo(f"{left} and {right}: {number}; {totals if comparison.findings else 'no difference'}")
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
    if kind in _VALUE_NAMES and not value:
        raise click.UsageError(f"{option}: {kind} needs {_VALUE_NAMES[kind]}: {kind}=...")
    if value and kind in ("fake", "live"):
        raise click.UsageError(f"{option}: {kind} takes no value, got {value!r:.100}.")
    if kind == "mutant":
        if value not in MUTANTS:
            raise click.UsageError(f"{option}: {unknown_name('mutant', value, MUTANTS)}")
        return Side(_target_arguments("fake", {}), value)
    more = {"url": value} if kind == "url" else {"recordings": value or None} if kind == "replay" else {}
    return Side(_target_arguments(kind, {**more, **options}))


def _target_arguments(kind: str, options: dict[str, Any]) -> tuple[str, ...]:
    """Return pytest's arguments for a target of that *kind*, with those of the *options* that apply to it."""
    applicable = {
        name: value for name, value in options.items() if kind in TARGETS_OF_OPTION.get(name.replace("_", "-"), (kind,))
    }
    return tuple(to_pytest_arguments({"target": kind, **applicable}))


def _refuse_unused_options(options: dict[str, Any], kinds: list[str]) -> None:
    for name, value in options.items():
        targets = TARGETS_OF_OPTION[name.replace("_", "-")]
        if value is not None and not set(targets) & set(kinds):
            option = name.replace("_", "-")
            raise click.UsageError(
                f"--{option} is for {' or '.join(targets)}, but the targets are {' and '.join(kinds)}."
            )


def _leftovers(options: dict[str, Any]) -> list[str]:
    """Return the leftovers of a live run. The run was in another process, and its own messages were not shown."""
    from ..targets.live.ledger import DEFAULT, read

    return [f"remains: {entry}" for entry in read(Path(options["ledger"] or DEFAULT)) if entry.is_open]
