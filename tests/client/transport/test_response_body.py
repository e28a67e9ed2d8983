"""The body: its bytes as they arrive, decompressed, within a time."""

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
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels._transport.response_body import BodyTimeout, InvalidCompression, iter_parts

TEXT = b"six seven " * 40


class Raw(urllib3.HTTPResponse):
    """What urllib3 has of an answer: the parts as they arrive."""

    def __init__(self, arriving: Iterable[bytes]) -> None:
        super().__init__(io.BytesIO(), preload_content=False)
        self.arriving = iter(arriving)
        self.asked = 0

    def read1(self, amt: int | None = None, decode_content: bool | None = None) -> bytes:  # noqa: ARG002
        self.asked += 1
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
    """Each part is there when it has arrived; the next is asked for afterwards."""
    raw = Raw([b"six", b"seven"])
    body = iter_parts(response_of(raw), plenty)

    assert next(body) == b"six"
    assert raw.asked == 1
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
    """Whatever requests asks for, the bytes are those that were meant."""
    assert b"".join(iter_parts(urllib3_response(body, encoding), plenty)) == TEXT


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), min_size=1), st.integers(1, 3))
def test_gzip_comes_back(content: bytes, lengths: list[int], members: int) -> None:
    """Compressed bytes, cut anywhere, in one member or more, are the same bytes."""
    whole = gzip.compress(content, mtime=0) * members
    arriving: list[bytes] = []
    while whole:
        length = lengths[len(arriving) % len(lengths)]
        arriving.append(whole[:length])
        whole = whole[length:]

    assert b"".join(iter_parts(response_of(Raw(arriving), "gzip"), plenty)) == content * members


def test_gzip_that_is_cut_short() -> None:
    """Wherever it is cut, that it is cut is noticed."""
    whole = gzip.compress(TEXT, mtime=0)
    for length in range(1, len(whole)):
        with pytest.raises(InvalidCompression, match=r"^the gzip data is incomplete$"):
            list(iter_parts(response_of(Raw([whole[:length]]), "gzip"), plenty))


def test_invalid_gzip() -> None:
    """Bytes that are not compressed as their header says are an error."""
    with pytest.raises(InvalidCompression, match=r"^invalid gzip data: "):
        list(iter_parts(response_of(Raw([b"<html>"]), "gzip"), plenty))


def test_gzip_of_nothing() -> None:
    """An empty body is an empty body, whatever its header says."""
    assert list(iter_parts(response_of(Raw([]), "gzip"), plenty)) == []


def test_no_part_is_empty() -> None:
    """What shows nothing yet, such as the head of gzip, is no part."""
    for arriving in in_two(gzip.compress(b"six", mtime=0)):
        assert all(iter_parts(response_of(Raw(arriving), "gzip"), plenty))


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_time_is_looked_at_before_each_read(encoding: str) -> None:
    """When the time is up nothing more is read, also where nothing could be shown yet."""
    raw = Raw(bytes([byte]) for byte in gzip.compress(TEXT, mtime=0))
    left = iter([3.0, 2.0, 1.0, 0.0])

    with pytest.raises(BodyTimeout, match=r"^timed out$"):
        list(iter_parts(response_of(raw, encoding), left.__next__))

    assert raw.asked == 3


@pytest.mark.parametrize("kept", [True, False], ids=["connection-kept", "connection-ends-with-the-answer"])
def test_socket_waits_no_longer_than_the_time(kept: bool) -> None:
    """Each read gets the time that is left then, on whichever object has the socket."""

    socket = Mock()
    raw: Any = Raw([b"a", b"b"])
    raw._connection = Mock(sock=socket) if kept else None
    raw._fp = Mock(**{"fp.raw._sock": socket})
    left = iter([3.0, 2.0, 1.0])
    body = b"".join(iter_parts(response_of(raw), left.__next__))

    assert body == b"ab"
    assert socket.settimeout.mock_calls == [call(3.0), call(2.0), call(1.0)]


def test_adapter_that_is_not_urllib3s() -> None:
    """An adapter of the caller's own may answer with any file."""
    assert b"".join(iter_parts(response_of(io.BytesIO(TEXT)), plenty)) == TEXT


def test_body_that_was_read_before() -> None:
    """What a hook of the caller's session has read is there again."""
    response = urllib3_response(gzip.compress(TEXT, mtime=0), "gzip")
    assert response.content == TEXT

    assert b"".join(iter_parts(response, plenty)) == TEXT
