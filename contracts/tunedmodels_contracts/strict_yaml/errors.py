"""The error for a file that is not as it has to be."""

from __future__ import annotations


class RecordingError(ValueError):
    """A recording that cannot be written, or is not to be believed: its file, the field, what was found, the fix."""

    def __init__(self, file: str, field: str, found: str, fix: str) -> None:
        super().__init__(f"{file}: {field} {found}; {fix}")
        self.file = file
        self.field = field
        self.found = found
        self.fix = fix
