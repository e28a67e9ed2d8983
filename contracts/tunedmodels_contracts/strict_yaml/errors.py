"""The error for an invalid YAML file, such as a recording or a list of citations."""

from __future__ import annotations


class RecordingError(ValueError):
    """A recording, or another YAML file, is invalid or not credible.

    The error has the file, the field, the problem and the fix.
    """

    def __init__(self, file: str, field: str, problem: str, fix: str) -> None:
        super().__init__(f"{file}: {field} {problem}; {fix}")
        self.file = file
        self.field = field
        self.problem = problem
        self.fix = fix
