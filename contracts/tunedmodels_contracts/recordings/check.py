"""Checks a folder of recordings, and returns every problem in it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ..strict_yaml import reader
from ..strict_yaml.errors import RecordingError
from . import file_format
from .recording import Recording
from .secret_scan import find_leaks


@dataclass(frozen=True)
class Problem:
    """A problem in *file*; *text* is a complete sentence."""

    file: str
    text: str


def check(folder: Path | str, names: Collection[str] | None = None) -> list[Problem]:
    """Return the problems of all recordings in *folder*: provenance, digests, secrets, orphans.

    *names* are the names of the recordings that are in use; any other recording is an orphan. A folder without
    recordings is also a problem, because a comparison with nothing proves nothing.
    """
    folder = Path(folder)
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml", ".draft"))
    problems = [problem for path in paths for problem in _file_problems(path, names)]
    if not paths:
        problems.append(Problem(folder.name, f"{folder.name}: the folder has no recordings; look in another"))
    return problems


def _file_problems(path: Path, names: Collection[str] | None) -> list[Problem]:
    if path.suffix != ".yaml":
        return [_file_problem(path, f"ends in {path.suffix}", "recordings end in .yaml: rename it, or delete it")]
    try:
        text = path.read_bytes().decode()
        value = reader.read(text, path.name)
        recording = Recording(*file_format.parts(value, path.name))
    except RecordingError as error:
        return [Problem(path.name, str(error))]
    except UnicodeDecodeError:
        return [_file_problem(path, "is not UTF-8", "record it again")]
    problems = [Problem(path.name, str(fault)) for fault in recording.errors(path.name)]
    for leak in find_leaks(text, value):
        problem = f"looks like a secret ({leak.kind}): {leak.excerpt}"
        problems.append(Problem(path.name, str(RecordingError(path.name, leak.place, problem, "remove it"))))
    if recording.name != path.stem:
        problems.append(
            _file_problem(path, f"contains the recording {recording.name!r}", f"rename it to {recording.name}.yaml")
        )
    if names is not None and recording.name not in names:
        problems.append(_file_problem(path, "is not in use", "delete it, or use it"))
    return problems


def _file_problem(path: Path, problem: str, fix: str) -> Problem:
    return Problem(path.name, str(RecordingError(path.name, "the file", problem, fix)))
