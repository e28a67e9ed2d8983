"""Converts arguments of a caller to messages. A caller can give a message or a dict of its members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from .._messages.message import InvalidMessage, Message, coerce

M = TypeVar("M", bound=Message)


def message(kind: type[M], value: M | Mapping[str, Any], name: str) -> M:
    """Return *value*, the argument *name*, as a message. A dict can have the names of the class or of the wire.

    Raise TypeError if *value* is neither. Raise ValueError for a member that *kind* does not have or for a bad value.
    """
    try:
        return coerce(kind, value)
    except InvalidMessage as error:
        raise error.nested_in(name) from None
    except TypeError as error:
        raise TypeError(f"{name} {error}") from None


def messages(kind: type[M], values: Iterable[M | Mapping[str, Any]], name: str) -> tuple[M, ...]:
    """Return *values*, the argument *name*, as messages. Raise TypeError and ValueError as ``message`` does."""
    if isinstance(values, (str, Mapping, Message)):
        raise TypeError(f"{name} must be a list of {kind.__name__} or of dicts of its members, got {values!r:.100}")
    return tuple(message(kind, value, f"{name}[{index}]") for index, value in enumerate(values))
