"""Arguments: messages as a caller gives them, as dicts too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from .._messages.message import InvalidMessage, Message, coerce

M = TypeVar("M", bound=Message)


def message(kind: type[M], value: M | Mapping[str, Any], name: str) -> M:
    """Return *value*, the argument *name*, as a message; a dict may have the names of the class or of the wire.

    Raises TypeError for neither, and ValueError for a member that *kind* does not have or a value that it cannot have.
    """
    try:
        return coerce(kind, value)
    except InvalidMessage as error:
        raise error.nested_in(name) from None
    except TypeError as error:
        raise TypeError(f"{name} {error}") from None


def messages(kind: type[M], values: Iterable[M | Mapping[str, Any]], name: str) -> tuple[M, ...]:
    """Return *values*, the argument *name*, as messages. Raises TypeError and ValueError as ``message`` does."""
    if isinstance(values, (str, Mapping, Message)):
        raise TypeError(f"{name} must be a list of {kind.__name__} or of dicts of its members, got {values!r:.100}")
    return tuple(message(kind, value, f"{name}[{place}]") for place, value in enumerate(values))
