"""The members of a mapping in a file: each is taken once, has its type, and none is left over."""

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
    """The members of *value*, which stands at *path* in *file*, or is all of it.

    Raises RecordingError where it is no mapping, or a member is not as it is asked for.
    """

    def __init__(self, value: Any, file: str, path: str = "") -> None:
        if not isinstance(value, dict):
            raise RecordingError(file, path or "the file", f"is {_describe(value)}", "it has to be a mapping")
        self.file = file
        self.path = path
        self._rest = dict(value)

    def take(self, name: str, kind: type[T], default: T | None = None) -> T:
        """Return the member called *name*, or *default* where it is missing and there is one."""
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
        """Return the members of the mapping called *name*."""
        return Fields(self.take(name, dict), self.file, self._at(name))

    def optional(self, name: str) -> str | None:
        """Return the text called *name*; None where it is null or missing."""
        if self._rest.get(name) is None:
            self._rest.pop(name, None)
            return None
        return self.take(name, str)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the list of texts called *name*; none where it is missing."""
        values = self.take(name, list, [])
        for value in values:
            if not isinstance(value, str):
                raise self.error(name, f"has {_describe(value)} in it", "it has to be a list of texts")
        return tuple(values)

    def mapping(self, name: str) -> dict[str, str]:
        """Return the mapping of texts to texts called *name*; an empty one where it is missing."""
        values = self.take(name, dict, {})
        for key, value in values.items():
            if not isinstance(value, str):
                raise self.error(f"{name}.{key}", f"is {_describe(value)}", "it has to be a text: quote it")
        return values

    def has(self, name: str) -> bool:
        """Whether there is a member called *name* that was not taken yet."""
        return name in self._rest

    def is_list(self, name: str) -> bool:
        """Whether the member called *name* is a list."""
        return isinstance(self._rest.get(name), list)

    def refuse_rest(self) -> None:
        """Refuse what was not taken."""
        for name in self._rest:
            raise self.error(name, "is no field of a recording", "take it out, or mend its name")

    def error(self, name: str, found: str, fix: str) -> RecordingError:
        """Return the error for the member called *name*."""
        return RecordingError(self.file, self._at(name), found, fix)

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def _describe(value: Any) -> str:
    # Neither a text nor a mapping is shown: it may be a secret that was to be scrubbed.
    if value is None:
        return "null"
    return repr(value) if isinstance(value, (bool, int, float)) else _NAMES.get(type(value), type(value).__name__)
