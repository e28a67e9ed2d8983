"""Reads JSON answers as messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from .._messages.message import InvalidMessage, Message
from ..errors import TransportError

M = TypeVar("M", bound=Message)


def message(kind: type[M], value: Any) -> M:
    """Return the JSON object *value* as a message. Raise TransportError if it is not such a message."""
    try:
        return kind.from_json(value)
    except InvalidMessage as error:
        raise TransportError(f"The service answered with something that is not a {kind.__name__}: {error}") from error


def messages(kind: type[M], page: Mapping[str, Any], member: str) -> tuple[M, ...]:
    """Return the list *member* of a page as messages. Raise TransportError if it is not such a list."""
    return tuple(message(kind, item) for item in array(page, member))


def array(page: Mapping[str, Any], member: str) -> list[Any]:
    """Return the list *member* of a page, or an empty list if it is absent. Raise TransportError for another type."""
    items = page.get(member) or []
    if not isinstance(items, list):
        raise TransportError(f"The service answered with a page whose {member} is not a list: {items!r:.100}")
    return items
