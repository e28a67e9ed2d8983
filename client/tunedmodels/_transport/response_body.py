"""Reads the body of an answer as it arrives, within a time limit."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import requests
import urllib3

_PART_SIZE = 64 * 1024


class BodyTimeout(OSError):
    """The error for a body that does not arrive completely within the time limit."""


class InvalidCompression(OSError):
    """The error for a body that is not compressed as its header says, or that ends inside its compressed data."""


def iter_parts(response: requests.Response, seconds_left: Callable[[], float]) -> Iterator[bytes]:
    """Yield the bytes of the body, decompressed, each part when it arrives.

    *seconds_left* returns the seconds that the next part may take. Raise BodyTimeout if no time is left,
    InvalidCompression if the gzip data is invalid, and the errors of requests and urllib3 if the body is cut off.
    """
    raw: Any = response.raw
    # The session may have an adapter that does not use urllib3. A hook of the session, or requests itself for a
    # redirect, may have read the body already.
    if response._content_consumed or not isinstance(raw, urllib3.BaseHTTPResponse):  # type: ignore[attr-defined]
        yield from response.iter_content(_PART_SIZE)
        return
    # For a compressed body, urllib3 reads until it can return some data, with no limit of time. So unzip it here.
    gunzip = _Gunzip() if response.headers.get("Content-Encoding", "").lower() == "gzip" else None
    while True:
        seconds = seconds_left()
        if seconds <= 0:
            raise BodyTimeout("timed out")
        # Without this, the timeout that requests got would start again with each part.
        socket = _socket(raw)
        if socket is not None:
            socket.settimeout(seconds)
        part = raw.read1(_PART_SIZE, decode_content=gunzip is None)
        if not part:
            break
        if gunzip:
            part = gunzip(part)
        if part:
            yield part
    if gunzip:
        gunzip.end()


def _socket(raw: Any) -> Any:
    """Return the socket that urllib3's *raw* reads from, or None if it has none."""
    socket = getattr(raw.connection, "sock", None)
    if socket is None:  # if the connection ends with this answer, only the answer still has the socket
        stream = getattr(getattr(raw, "_fp", None), "fp", None)
        socket = getattr(getattr(stream, "raw", None), "_sock", None)
    return socket


class _Gunzip:
    """A decompressor for the parts of a body. The body can consist of several gzip members."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._has_data = False

    def __call__(self, part: bytes) -> bytes:
        data = b""
        while part:
            if self._member.eof:
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                data += self._member.decompress(part)
            except zlib.error as error:
                raise InvalidCompression(f"invalid gzip data: {error}") from None
            self._has_data = True
            part = self._member.unused_data
        return data

    def end(self) -> None:
        if self._has_data and not self._member.eof:
            raise InvalidCompression("the gzip data is incomplete")
