"""Open enums: a value that this version does not know is kept, so that a newer service breaks nobody."""

from __future__ import annotations

from enum import Enum
from typing import Any


class OpenEnum(str, Enum):
    """A named value of the API. It is a string: ``model.state == "ACTIVE"`` holds as does ``TunedModelState.ACTIVE``.

    A name that is not listed, or a number that the service gives in the place of one, makes a member of its own
    with that name: ``known`` is false for it, and it is sent back as it came.
    """

    @classmethod
    def _missing_(cls, value: object) -> OpenEnum:
        if not isinstance(value, (str, int)) or isinstance(value, bool) or value == "":
            raise ValueError(f"{value!r} is no {cls.__name__}")
        member = str.__new__(cls, str(value))
        member._name_ = str(value)
        member._value_ = value
        return member

    @property
    def known(self) -> bool:
        """Whether this version of the client lists the value."""
        return self._name_ in type(self).__members__

    def __repr__(self) -> str:
        """Show what makes the member; the value may be a number."""
        kind = type(self).__name__
        return f"{kind}.{self._name_}" if self.known else f"{kind}({self._value_!r})"

    def __str__(self) -> str:
        """Return the name alone."""
        return self._name_

    def __format__(self, spec: str) -> str:
        """Return the name alone, formatted as a string."""
        return format(self._name_, spec)

    def __copy__(self) -> OpenEnum:
        """Return the member itself."""
        return self

    def __deepcopy__(self, _memo: Any) -> OpenEnum:
        """Return the member itself."""
        return self

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        """Let it travel between processes."""
        return type(self), (self._value_,)
