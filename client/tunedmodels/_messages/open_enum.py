"""Defines enums that keep unknown values, so that new values of the service do not break this version."""

from __future__ import annotations

from enum import Enum
from typing import Any


class OpenEnum(str, Enum):
    """A named value of the API. It is a string, so it can be compared: ``model.state == "ACTIVE"``.

    An unknown name, or a number that the service gives instead of a name, becomes a new member with that name. Its
    ``is_known`` is false, and the client sends it back unchanged.
    """

    @classmethod
    def _missing_(cls, value: object) -> OpenEnum:
        if not isinstance(value, (str, int)) or isinstance(value, bool) or value == "":
            raise ValueError(f"{value!r} is not a {cls.__name__}")
        member = str.__new__(cls, str(value))
        member._name_ = str(value)
        member._value_ = value
        return member

    @property
    def is_known(self) -> bool:
        """Whether this version of the client lists the value."""
        return self._name_ in type(self).__members__

    def __repr__(self) -> str:
        """Show the expression for the member. The value of an unknown member can be a number."""
        kind = type(self).__name__
        return f"{kind}.{self._name_}" if self.is_known else f"{kind}({self._value_!r})"

    def __str__(self) -> str:
        """Return the name without the class."""
        return self._name_

    def __format__(self, spec: str) -> str:
        """Return the name without the class, formatted as a string."""
        return format(self._name_, spec)

    def __copy__(self) -> OpenEnum:
        """Return the member itself."""
        return self

    def __deepcopy__(self, _memo: Any) -> OpenEnum:
        """Return the member itself."""
        return self

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        """Support pickle, so that the member can pass between processes."""
        return type(self), (self._value_,)
