"""Reads the members of a mapping from a file. It checks the type of each member, and refuses unknown members."""

from __future__ import annotations

from typing import Any, TypeVar

from .errors import RecordingError

T = TypeVar("T")

_NAMES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
}


class Fields:
    """The members of *value*, which is at *path* in *file*; without *path*, it is the whole file.

    Raises RecordingError if *value* is not a mapping, or if a member has the wrong type.
    """

    def __init__(self, value: Any, file: str, path: str = "") -> None:
        if not isinstance(value, dict):
            raise RecordingError(file, path or "the file", f"is {_describe(value)}", "it has to be a mapping")
        self.file = file
        self.path = path
        self._rest = dict(value)

    def take(self, name: str, kind: type[T], default: T | None = None) -> T:
        """Return the member *name*, or *default* if the member is missing and a default is given."""
        if name not in self._rest:
            if default is None:
                raise self.error(name, "is missing", f"it has to be {_NAMES[kind]}")
            return default
        value = self._rest.pop(name)
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise self.error(name, f"is {_describe(value)}", f"it has to be {_NAMES[kind]}")
        return value

    def inner(self, name: str) -> Fields:
        """Return the members of the mapping *name*."""
        return Fields(self.take(name, dict), self.file, self._at(name))

    def optional(self, name: str) -> str | None:
        """Return the text *name*; None if it is null or missing."""
        if self._rest.get(name) is None:
            self._rest.pop(name, None)
            return None
        return self.take(name, str)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the list of texts *name*; an empty one if it is missing."""
        values = self.take(name, list, [])
        for value in values:
            if not isinstance(value, str):
                raise self.error(name, f"contains {_describe(value)}", "it has to be a list of texts")
        return tuple(values)

    def mapping(self, name: str) -> dict[str, str]:
        """Return the mapping *name* of texts to texts; an empty one if it is missing."""
        values = self.take(name, dict, {})
        for key, value in values.items():
            if not isinstance(value, str):
                raise self.error(f"{name}.{key}", f"is {_describe(value)}", "it has to be a text: quote it")
        return values

    def has(self, name: str) -> bool:
        """Whether there is a member *name* that was not taken yet."""
        return name in self._rest

    def is_list(self, name: str) -> bool:
        """Whether the member *name* is a list."""
        return isinstance(self._rest.get(name), list)

    def refuse_rest(self) -> None:
        """Raise RecordingError if any member was not taken."""
        for name in self._rest:
            raise self.error(name, "is not a field of this file", "remove it, or correct its name")

    def error(self, name: str, problem: str, fix: str) -> RecordingError:
        """Return the error for the member *name*."""
        return RecordingError(self.file, self._at(name), problem, fix)

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def _describe(value: Any) -> str:
    # Texts and mappings are not shown, because they may contain a secret.
    if value is None:
        return "null"
    return repr(value) if isinstance(value, (bool, int, float)) else _NAMES.get(type(value), type(value).__name__)
