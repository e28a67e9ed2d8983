"""The command ``check``, which validates the files from which evidence is computed."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option(
    "--recordings",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The recordings to look through.  [default: those that are published]",
)
@click.option("--known", metavar="FILE", type=click.Path(path_type=Path), help="A file of known differences.")
def check(recordings: Path | None, known: Path | None) -> None:
    """Validate recordings, citations and known differences.

    A recording needs its provenance and its digest, and must not contain secrets. A citation and a known difference may
    only name clauses and members that exist. Exits with status 1 if a file is invalid.
    """
    from fnmatch import filter as matching

    from ..clauses.catalog import catalog
    from ..evidence import citations, evidence, known_differences
    from ..recordings.check import check as problems

    folder = recordings or evidence.PUBLISHED
    names = catalog()
    cited = citations.citations()
    found = [problem.text for problem in problems(folder)]
    found += citations.faults(cited, names)
    if recordings is None:
        there = {path.stem for path in folder.glob("*.yaml")}
        missing = {citation.recording for citation in cited if citation.recording} - there
        found += [f"{citations.FILE}: there is no recording {name}" for name in sorted(missing)]
    entries: tuple[known_differences.KnownDifference, ...] = ()
    if known is not None:
        try:
            entries = known_differences.load(known)
        except known_differences.KnownDifferenceError as error:
            found.append(str(error))
    found += [f"{known}: there is no clause {entry.clause}" for entry in entries if not matching(names, entry.clause)]
    for problem in found:
        click.echo(problem)
    summary = f"{len(names)} clauses, {len(cited)} citations, {len(list(folder.glob('*.yaml')))} recordings"
    click.echo(f"{summary}: {len(found)} wrong" if found else f"{summary}: nothing wrong")
    sys.exit(1 if found else 0)
