"""The client reads the bytes of a body as they arrive, decompresses them, and has a time limit."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from typing import Any
from unittest.mock import Mock, call

import pytest
import requests
import urllib3
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels._transport.response_body import BodyTimeout, InvalidCompression, iter_parts

TEXT = b"six seven " * 40


class Raw(urllib3.HTTPResponse):
    """An answer of urllib3 whose parts arrive one after the other."""

    def __init__(self, arriving: Iterable[bytes]) -> None:
        super().__init__(io.BytesIO(), preload_content=False)
        self.arriving = iter(arriving)
        self.reads = 0

    def read1(self, amt: int | None = None, decode_content: bool | None = None) -> bytes:  # noqa: ARG002
        self.reads += 1
        return next(self.arriving, b"")


def plenty() -> float:
    return 60.0


def response_of(raw: Any, encoding: str = "") -> requests.Response:
    response = requests.Response()
    response.status_code = 200
    response.raw = raw
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response


def urllib3_response(body: bytes, encoding: str = "") -> requests.Response:
    headers = {"Content-Encoding": encoding} if encoding else {}
    raw = urllib3.HTTPResponse(io.BytesIO(body), headers, 200, preload_content=False)
    return response_of(raw, encoding)


def in_two(whole: bytes) -> Iterator[list[bytes]]:
    return ([whole[:place], whole[place:]] for place in range(1, len(whole)))


def test_parts_come_as_they_arrive() -> None:
    """Each part is yielded before the next one is read."""
    raw = Raw([b"six", b"seven"])
    body = iter_parts(response_of(raw), plenty)

    assert next(body) == b"six"
    assert raw.reads == 1
    assert list(body) == [b"seven"]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("GZIP", gzip.compress(TEXT, mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("identity", TEXT),
    ],
    ids=["plain", "gzip", "gzip-in-capitals", "deflate", "identity"],
)
def test_body_is_decompressed(encoding: str, body: bytes) -> None:
    """The client decompresses each encoding that requests asks for."""
    assert b"".join(iter_parts(urllib3_response(body, encoding), plenty)) == TEXT


@settings(max_examples=40)
@given(st.binary(max_size=300), st.lists(st.integers(1, 40), min_size=1), st.integers(1, 3))
def test_gzip_comes_back(content: bytes, lengths: list[int], members: int) -> None:
    """Compressed bytes, cut anywhere, in one or more members, are the same bytes."""
    whole = gzip.compress(content, mtime=0) * members
    arriving: list[bytes] = []
    while whole:
        length = lengths[len(arriving) % len(lengths)]
        arriving.append(whole[:length])
        whole = whole[length:]

    assert b"".join(iter_parts(response_of(Raw(arriving), "gzip"), plenty)) == content * members


def test_gzip_that_is_cut_short() -> None:
    """Incomplete gzip data is an error for every length."""
    whole = gzip.compress(TEXT, mtime=0)
    for length in range(1, len(whole)):
        with pytest.raises(InvalidCompression, match=r"^the gzip data is incomplete$"):
            list(iter_parts(response_of(Raw([whole[:length]]), "gzip"), plenty))


def test_invalid_gzip() -> None:
    """Bytes that are not compressed as their header says are an error."""
    with pytest.raises(InvalidCompression, match=r"^invalid gzip data: "):
        list(iter_parts(response_of(Raw([b"<html>"]), "gzip"), plenty))


def test_gzip_of_nothing() -> None:
    """An empty body is valid with every encoding."""
    assert list(iter_parts(response_of(Raw([]), "gzip"), plenty)) == []


def test_no_part_is_empty() -> None:
    """Bytes without output, such as the head of gzip, yield no part."""
    for arriving in in_two(gzip.compress(b"six", mtime=0)):
        assert all(iter_parts(response_of(Raw(arriving), "gzip"), plenty))


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_time_is_looked_at_before_each_read(encoding: str) -> None:
    """At the timeout the client stops to read, also before the first output."""
    raw = Raw(bytes([byte]) for byte in gzip.compress(TEXT, mtime=0))
    seconds = iter([3.0, 2.0, 1.0, 0.0])

    with pytest.raises(BodyTimeout, match=r"^timed out$"):
        list(iter_parts(response_of(raw, encoding), seconds.__next__))

    assert raw.reads == 3


@pytest.mark.parametrize("keep", [True, False], ids=["keep-connection", "close-connection"])
def test_socket_waits_no_longer_than_the_time(keep: bool) -> None:
    """Each read has the remaining time as its timeout, on the object that has the socket."""

    socket = Mock()
    raw: Any = Raw([b"a", b"b"])
    raw._connection = Mock(sock=socket) if keep else None
    raw._fp = Mock(**{"fp.raw._sock": socket})
    seconds = iter([3.0, 2.0, 1.0])
    body = b"".join(iter_parts(response_of(raw), seconds.__next__))

    assert body == b"ab"
    assert socket.settimeout.mock_calls == [call(3.0), call(2.0), call(1.0)]


def test_adapter_that_is_not_urllib3s() -> None:
    """The adapter of a caller may answer with any file."""
    assert b"".join(iter_parts(response_of(io.BytesIO(TEXT)), plenty)) == TEXT


def test_body_that_was_read_before() -> None:
    """A body that a hook of the caller has read can be read again."""
    response = urllib3_response(gzip.compress(TEXT, mtime=0), "gzip")
    assert response.content == TEXT

    assert b"".join(iter_parts(response, plenty)) == TEXT
