"""The command ``coverage``, which shows how much of the API the answers of runs or recordings cover."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..schema.coverage import Share


@click.command()
@click.argument("reports", nargs=-1, metavar="[REPORT.JSON]...", type=click.Path(path_type=Path))
@click.option(
    "--recordings",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Count the answers in these recordings.  [default without a report: the published ones]",
)
@click.option("--missing", is_flag=True, help="Also name what was not seen.")
def coverage(reports: tuple[Path, ...], recordings: Path | None, missing: bool) -> None:
    """Show which methods, outcomes, members, enum values and error statuses occur in answers.

    The answers come from runs, by the JSON of their reports, or from recordings. Outcomes are counted against those
    that clauses name.
    """
    from ..clauses.catalog import catalog
    from ..evidence import evidence
    from ..report import files
    from ..schema.coverage import coverage as shares
    from ..schema.observed import ApiCoverage

    clauses = catalog().values()
    for path in reports:
        try:
            report = files.read(path)
        except (OSError, ValueError) as error:
            raise click.ClickException(str(error)) from None
        for run in report.runs:
            _print_coverage(f"{run.subject} on {run.day}", shares(run.coverage, clauses), missing)
    if recordings is not None or not reports:
        from ..recordings import RecordingError, load

        folder = recordings or evidence.PUBLISHED
        answers_coverage = ApiCoverage()
        for path in sorted(folder.glob("*.yaml")):
            try:
                recording = load(path)
            except RecordingError as error:
                raise click.ClickException(str(error)) from None
            for exchange in recording.exchanges:
                request, response = exchange.request, exchange.response
                answers_coverage.record(
                    request.method, request.url, response.status, response.body.decode("utf-8", "replace")
                )
        _print_coverage(f"recordings in {folder.name}", shares(answers_coverage, clauses), missing)


def _print_coverage(title: str, shares: Sequence[Share], missing: bool) -> None:
    click.echo(title)
    for share in shares:
        click.echo(f"  {share.what + ':':<16}{len(share.seen)} of {share.total}")
        if missing:
            for name in share.missing:
                click.echo(f"    not seen: {name}")
