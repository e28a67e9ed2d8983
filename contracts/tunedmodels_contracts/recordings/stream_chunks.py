"""Splits a streamed answer into chunks for replay: one event, or one element of the array, per chunk."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

_EVENT = re.compile(rb".*?(?:\r\n\r\n|\n\n|\r\r)|.+\Z", re.DOTALL)
_ELEMENT = re.compile(r"[\s,]*")


class ChunkedBody(io.BufferedReader):
    """A body that returns one chunk per read, even if the caller requests more bytes."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        chunks = [chunk for chunk in chunks if chunk]
        super().__init__(_RawChunks(chunks), max(map(len, chunks), default=1))

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next chunk; if *size* is None or negative, return the rest."""
        return super().read(size) if size is None or size < 0 else self.read1(size)


def split_chunks(body: bytes, content_type: str, url: str) -> list[bytes]:
    """Return the chunks of *body*, which answered a request to *url*; one chunk if it is no stream."""
    if content_type.startswith("text/event-stream"):
        return _EVENT.findall(body)
    if "streamGenerateContent" in url and body.lstrip().startswith(b"["):
        return list(_array_chunks(body))
    return [body]


def _array_chunks(body: bytes) -> Iterator[bytes]:
    text = body.decode("utf-8", "surrogateescape")
    begin, end = 0, text.index("[") + 1
    while True:
        start = _ELEMENT.match(text, end).end()  # type: ignore[union-attr]  # it also matches an empty text
        try:
            end = json.JSONDecoder().raw_decode(text, start)[1]
        except (ValueError, RecursionError):
            break
        yield text[begin:end].encode("utf-8", "surrogateescape")
        begin = end
    yield text[begin:].encode("utf-8", "surrogateescape")


class _RawChunks(io.RawIOBase):
    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks[::-1]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._chunks:
            return 0
        chunk = self._chunks.pop()
        if len(chunk) > len(buffer):
            self._chunks.append(chunk[len(buffer) :])
        part = chunk[: len(buffer)]
        buffer[: len(part)] = part
        return len(part)
