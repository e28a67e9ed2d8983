"""A response that copies its bytes for a listener while another caller reads it. ``Tape`` uses it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import urllib3

OnEnd = Callable[[bytes, str, str], None]


class TeeResponse(urllib3.BaseHTTPResponse):
    """Reads from *inner* and keeps a copy of the bytes, up to *limit* bytes.

    *on_end* is called once with the body, the content coding that was removed, and a fault. The fault is empty if the
    body is complete; otherwise it says why the body is incomplete. The class is a urllib3 response because some readers
    support other responses less well.
    """

    def __init__(self, inner: Any, limit: int, on_end: OnEnd) -> None:
        # Do not call the base class: it would decode the body a second time.
        self._inner = inner
        self._limit = limit
        self._on_end: OnEnd | None = on_end
        self._parts: list[bytes] = []
        self._size = 0
        self._decoding: set[bool] = set()
        for name in ("headers", "status", "version", "reason", "decode_content"):
            setattr(self, name, getattr(inner, name, None))

    def __getattr__(self, name: str) -> Any:
        """Return an attribute that only the inner response has."""
        if name == "_inner":
            raise AttributeError(name)
        return getattr(self._inner, name)

    def read(self, amt: int | None = None, decode_content: bool | None = None, cache_content: bool = False) -> bytes:
        """Read like urllib3's method."""
        part: bytes = self._inner.read(amt, decode_content, cache_content)
        return self._collect(part, decode_content, last=amt is None or amt < 0 or (not part and amt != 0))

    def read1(self, amt: int | None = None, decode_content: bool | None = None) -> bytes:
        """Read the bytes that have arrived, like urllib3's method."""
        part: bytes = self._inner.read1(amt, decode_content)
        return self._collect(part, decode_content, last=not part and amt != 0)

    def stream(self, amt: int | None = 2**16, decode_content: bool | None = None) -> Iterator[bytes]:
        """Yield the parts on arrival, like urllib3's method."""
        for part in self._inner.stream(amt, decode_content):
            yield self._collect(part, decode_content)
        self._collect(b"", decode_content, last=True)

    def read_chunked(self, amt: int | None = None, decode_content: bool | None = None) -> Iterator[bytes]:
        """Yield the chunks as the server sent them, like urllib3's method."""
        for part in self._inner.read_chunked(amt, decode_content):
            yield self._collect(part, decode_content)
        self._collect(b"", decode_content, last=True)

    def __iter__(self) -> Iterator[bytes]:
        """Yield lines."""
        for line in self._inner:
            yield self._collect(line, None)
        self._collect(b"", None, last=True)

    @property
    def data(self) -> bytes:
        """The whole body."""
        return self.read(cache_content=True)

    @property
    def connection(self) -> Any:
        """The connection of the inner response."""
        return self._inner.connection

    @property
    def url(self) -> str | None:
        """The URL of the inner response."""
        return str(self._inner.url) if self._inner.url else None

    @url.setter
    def url(self, url: str | None) -> None:
        self._inner.url = url

    @property
    def retries(self) -> Any:
        """The retry state of urllib3."""
        return self._inner.retries

    @retries.setter
    def retries(self, retries: Any) -> None:
        self._inner.retries = retries

    def release_conn(self) -> None:
        """Return the connection to its pool."""
        self._inner.release_conn()

    def drain_conn(self) -> None:
        """Read the rest, to make the connection reusable."""
        self.read()

    def readable(self) -> bool:
        """Whether the body can be read; always true."""
        return True

    @property
    def closed(self) -> bool:
        """Whether the response is closed."""
        return bool(self._inner.closed)

    def close(self) -> None:
        """Close the inner response; unread bytes are lost."""
        # If the length is known, the last byte is the end, even if no further read was tried.
        whole = getattr(self._inner, "length_remaining", None) == 0
        self._finish("" if whole else "was closed before its end")
        self._inner.close()

    def _collect(self, part: bytes, decode_content: bool | None, *, last: bool = False) -> bytes:
        if part:
            self._decoding.add(bool(self.decode_content if decode_content is None else decode_content))
            self._size += len(part)
            if self._size <= self._limit:
                self._parts.append(part)
        if last:
            self._finish("")
        return part

    def _finish(self, fault: str) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is None:
            return
        body = b"".join(self._parts)
        self._parts = []
        coding = self.headers.get("Content-Encoding", "").lower()
        if self._size > self._limit:
            fault = f"has more than {self._limit} bytes"
        elif not fault and coding not in ("", "identity"):
            if len(self._decoding) > 1:
                fault = "was read partly decoded"
            elif self._decoding == {False}:
                try:
                    body = _decode(body, coding)
                except (urllib3.exceptions.HTTPError, OSError):
                    fault = f"is not in {coding}, as its header says"
        on_end(body, "" if coding == "identity" else coding, fault)


def _decode(body: bytes, coding: str) -> bytes:
    headers = {"Content-Encoding": coding}
    return urllib3.HTTPResponse(io.BytesIO(body), headers, preload_content=False).read(decode_content=True)
