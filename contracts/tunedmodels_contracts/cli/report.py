"""The command ``report``, which combines the reports of several runs."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("reports", nargs=-1, required=True, metavar="REPORT.JSON...", type=click.Path(path_type=Path))
@click.option("--to", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Write the report to this folder.")
def report(reports: tuple[Path, ...], folder: Path | None) -> None:
    """Combine the reports of several runs into one table: clauses x targets, each with its strongest evidence.

    Prints Markdown, or writes JSON, Markdown, HTML and JUnit XML to a folder. Exits with status 1 if one of the runs
    failed.
    """
    from ..report import files
    from ..report.markdown import to_markdown
    from ..report.report import merge
    from ..report.summary_lines import headline

    try:
        whole = merge(files.read(path) for path in reports)
        if folder is not None:
            files.write(whole, folder)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(headline(whole) if folder else to_markdown(whole), nl=bool(folder))
    sys.exit(0 if all(run.has_passed for run in whole.runs) else 1)
