"""The error for an invalid file of a recording."""

from __future__ import annotations


class RecordingError(ValueError):
    """A recording is invalid or not credible. The error has the file, the field, the problem and the fix."""

    def __init__(self, file: str, field: str, found: str, fix: str) -> None:
        super().__init__(f"{file}: {field} {found}; {fix}")
        self.file = file
        self.field = field
        self.found = found
        self.fix = fix
