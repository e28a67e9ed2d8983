"""Defines messages that never change, and keeps the text of each, so that it is written once.

The texts are bounded in bytes for the whole process. If there are too many, the oldest ones go; a text that was removed
is written again.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

MAX_BYTES = 16 * 1024 * 1024  # of all texts
_MAX_TEXT = 1024 * 1024  # bytes of one text
_OVERHEAD = 300  # approximate bytes of the entry of a text


class ConstantMessage(Mapping[str, Any]):
    """The value of a message that is the same as long as *owner* exists. *make* makes the value at its first use.

    An owner has one such message of each type. Owners are compared by identity.
    """

    def __init__(self, owner: object, make: Callable[[], Mapping[str, Any]]) -> None:
        self.owner = owner
        self._make = make

    @cached_property
    def _value(self) -> Mapping[str, Any]:
        return self._make()

    def __getitem__(self, name: str) -> Any:
        """Return the member called *name*."""
        return self._value[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the members."""
        return iter(self._value)

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self._value)


class ConstantTexts:
    """The texts of constant messages, at most *size* bytes. Threads can share it."""

    def __init__(self, size: int = MAX_BYTES) -> None:
        self._max_bytes = size
        self._bytes = 0
        # The owner is kept with its text, so that no other object can get its id.
        self._texts: dict[tuple[object, int], tuple[object, str]] = {}
        self._lock = threading.Lock()

    def text(self, message: ConstantMessage, write: Callable[[Mapping[str, Any]], str]) -> str:
        """Return the text that the function *write* makes of *message*. Each *write* has its own texts."""
        key = write, id(message.owner)
        entry = self._texts.get(key)
        if entry is not None:
            return entry[1]
        text = write(message)
        size = sys.getsizeof(text) + _OVERHEAD
        if size <= _MAX_TEXT:
            with self._lock:
                if key not in self._texts:
                    self._texts[key] = message.owner, text
                    self._bytes += size
                while self._bytes > self._max_bytes:
                    _, oldest = self._texts.pop(next(iter(self._texts)))
                    self._bytes -= sys.getsizeof(oldest) + _OVERHEAD
        return text
