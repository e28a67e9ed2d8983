"""The body of an answer, read as it arrives, within a time."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import requests
import urllib3

_PART = 64 * 1024


class BodyTimeout(OSError):
    """The time for an answer is up, and it has not all arrived."""


class InvalidCompression(OSError):
    """The body is not compressed in the way that its header says, or ends in the middle of it."""


def iter_parts(response: requests.Response, seconds_left: Callable[[], float]) -> Iterator[bytes]:
    """Yield the bytes of the body, decompressed, each part when it arrives.

    *seconds_left* says how many seconds the next part may take. Raises BodyTimeout where none are left,
    InvalidCompression where gzip does not hold, and what requests and urllib3 raise where the body breaks off.
    """
    raw: Any = response.raw
    # An adapter need not be urllib3's; and what a hook of the session has read, or requests itself of a redirect,
    # is there no more.
    if response._content_consumed or not isinstance(raw, urllib3.BaseHTTPResponse):  # type: ignore[attr-defined]
        yield from response.iter_content(_PART)
        return
    # urllib3 reads on until there is something to show, however long that takes, where a body is compressed.
    gunzip = _Gunzip() if response.headers.get("Content-Encoding", "").lower() == "gzip" else None
    while True:
        seconds = seconds_left()
        if seconds <= 0:
            raise BodyTimeout("it took too long")
        # The time that requests was given counts anew from each part on.
        socket = _socket(raw)
        if socket is not None:
            socket.settimeout(seconds)
        part = raw.read1(_PART, decode_content=gunzip is None)
        if not part:
            break
        if gunzip:
            part = gunzip(part)
        if part:
            yield part
    if gunzip:
        gunzip.end()


def _socket(raw: Any) -> Any:
    """Return the socket that urllib3's *raw* reads from; None where it is none's."""
    socket = getattr(raw.connection, "sock", None)
    if socket is None:  # the connection ends with this answer, which alone still has the socket then
        stream = getattr(getattr(raw, "_fp", None), "fp", None)
        socket = getattr(getattr(stream, "raw", None), "_sock", None)
    return socket


class _Gunzip:
    """Decompresses parts of a body, which may have several members of gzip."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._has_data = False

    def __call__(self, part: bytes) -> bytes:
        whole = b""
        while part:
            if self._member.eof:
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                whole += self._member.decompress(part)
            except zlib.error as error:
                raise InvalidCompression(f"it is no gzip: {error}") from None
            self._has_data = True
            part = self._member.unused_data
        return whole

    def end(self) -> None:
        if self._has_data and not self._member.eof:
            raise InvalidCompression("it ended within its gzip")
