"""The pieces in which a streamed answer is played: an event, or an element of the array, at a time."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

_EVENT = re.compile(rb".*?(?:\r\n\r\n|\n\n|\r\r)|.+\Z", re.DOTALL)
_ELEMENT = re.compile(r"[\s,]*")


class Pieces(io.BufferedReader):
    """A body that is read piece by piece, however much is asked for."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        pieces = [piece for piece in pieces if piece]
        super().__init__(_Raw(pieces), max(map(len, pieces), default=1))

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next piece, or all that is left."""
        return super().read(size) if size is None or size < 0 else self.read1(size)


def pieces(body: bytes, content_type: str, url: str) -> list[bytes]:
    """Return *body*, which answered a request to *url*, in its pieces; one where it is no stream."""
    if content_type.startswith("text/event-stream"):
        return _EVENT.findall(body)
    if "streamGenerateContent" in url and body.lstrip().startswith(b"["):
        return list(_elements(body))
    return [body]


def _elements(body: bytes) -> Iterator[bytes]:
    text = body.decode("utf-8", "surrogateescape")
    begin, end = 0, text.index("[") + 1
    while True:
        start = _ELEMENT.match(text, end).end()  # type: ignore[union-attr]  # it matches nothing too
        try:
            end = json.JSONDecoder().raw_decode(text, start)[1]
        except (ValueError, RecursionError):
            break
        yield text[begin:end].encode("utf-8", "surrogateescape")
        begin = end
    yield text[begin:].encode("utf-8", "surrogateescape")


class _Raw(io.RawIOBase):
    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces[::-1]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._pieces:
            return 0
        piece = self._pieces.pop()
        if len(piece) > len(buffer):
            self._pieces.append(piece[len(buffer) :])
        part = piece[: len(buffer)]
        buffer[: len(part)] = part
        return len(part)
