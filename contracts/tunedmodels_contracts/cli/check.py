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
    help="The recordings to check.  [default: the published ones]",
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
    from ..recordings.check import check as find_problems

    folder = recordings or evidence.PUBLISHED
    names = catalog()
    all_citations = citations.citations()
    problems = [problem.text for problem in find_problems(folder)]
    problems += citations.faults(all_citations, names)
    if recordings is None:
        existing = {path.stem for path in folder.glob("*.yaml")}
        missing = {citation.recording for citation in all_citations if citation.recording} - existing
        problems += [f"{citations.FILE}: there is no recording {name}" for name in sorted(missing)]
    entries: tuple[known_differences.KnownDifference, ...] = ()
    if known is not None:
        try:
            entries = known_differences.load(known)
        except known_differences.KnownDifferenceError as error:
            problems.append(str(error))
    problems += [
        f"{known}: there is no clause {entry.clause}" for entry in entries if not matching(names, entry.clause)
    ]
    for text in problems:
        click.echo(text)
    summary = f"{len(names)} clauses, {len(all_citations)} citations, {len(list(folder.glob('*.yaml')))} recordings"
    click.echo(f"{summary}: {len(problems)} wrong" if problems else f"{summary}: nothing wrong")
    sys.exit(1 if problems else 0)
