"""The command ``selftest``, which checks whether the clauses notice mutants."""

from __future__ import annotations

import json
import os
import sys

import click

from tunedmodels_mockserver import interrupts

from ..did_you_mean import unknown_name
from .options import CLAUSE, select_clauses


@click.command()
@click.option(
    "--mutant", "mutants", multiple=True, metavar="NAME", help="Try only this mutant. Repeat the option for several."
)
@CLAUSE
@click.option(
    "--jobs", metavar="N", type=click.IntRange(1), help="The number of processes (default: one per processor)."
)
@click.option("--json", "as_json", is_flag=True, help="Write which clause kills which mutant as JSON.")
def selftest(mutants: tuple[str, ...], clauses: tuple[str, ...], jobs: int | None, as_json: bool) -> None:
    """Run the suite behind each mutant, which changes answers on the wire, and show which clauses notice it.

    Exits with status 1 if a required clause notices no mutant, or if no clause notices a mutant, unless the package has
    a reason for it.
    """
    from tqdm import tqdm

    from ..mutation import selftest as selftests
    from ..mutation.registry import MUTANTS

    for name in mutants:
        if name not in MUTANTS:
            raise click.UsageError(unknown_name("mutant", name, MUTANTS))
    selected = select_clauses(clauses)
    names = list(dict.fromkeys(mutants)) or None
    # Show the bar only in a terminal.
    bar = tqdm(total=len(names or MUTANTS), unit="mutant", file=sys.stderr, disable=None, leave=False)
    with interrupts.as_keyboard_interrupt(), bar:

        def progress(name: str, _number: int, _of: int) -> None:
            bar.set_postfix_str(name, refresh=False)
            bar.update()

        try:
            result = selftests.selftest(selected, names, jobs or os.cpu_count() or 1, progress=progress)
        except RuntimeError as error:
            raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(result.to_json(), indent=2))
    else:
        for line in result.report_lines():
            click.echo(line)
    sys.exit(0 if result.is_successful else 1)
