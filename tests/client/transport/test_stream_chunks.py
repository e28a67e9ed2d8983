"""The client reads both forms of a stream, for all parts of the bytes, and notices an incomplete stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels._transport.stream_chunks import MalformedStream, parse_array, parse_events

Read = Callable[[Iterable[bytes]], Iterator[Any]]

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(TEXT, VALUE, max_size=3), max_size=4)
ODD = [{"text": '六\r\n\n\r \u2028\x85\ufeff {[]},"\\'}, {}, {"a": [{}, "]"]}, {"data": ": data: x"}]


@st.composite
def parts_of(draw: st.DrawFn, whole: bytes) -> list[bytes]:
    """Return the bytes in parts, which can end in a character or a line end, or be empty."""
    places = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    return [whole[begin:end] for begin, end in zip([0, *places], [*places, len(whole)], strict=True)]


def single(whole: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in whole]


def as_events(objects: Iterable[Any], end: str = "\n", indent: int | None = None, extra: str = "") -> bytes:
    """Return the objects as server-sent events: *extra* lines, and a line of data for each line of JSON."""
    lines: list[str] = []
    for item in objects:
        lines += extra.splitlines()
        lines += [f"data: {line}" for line in json.dumps(item, ensure_ascii=False, indent=indent).split("\n")]
        lines.append("")
    return "".join(line + end for line in lines).encode()


def as_array(objects: Iterable[Any], between: str = ",", indent: int | None = None, space: str = "") -> bytes:
    inside = between.join(json.dumps(item, ensure_ascii=False, indent=indent) for item in objects)
    return f"{space}[{space}{inside}{space}]{space}".encode()


@given(
    st.data(),
    OBJECTS.filter(bool),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([None, 1]),
    st.sampled_from(["", ": a comment", ":", "event: message\nid: 7\nretry: 10", "\n\n", "unknown", "dat"]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_events_come_back(
    data: st.DataObject, objects: list[Any], end: str, indent: int | None, extra: str, mark: bytes
) -> None:
    """The objects are the same for all line ends, comments, lines of data and parts."""
    parts = data.draw(parts_of(mark + as_events(objects, end, indent, extra)))

    assert list(parse_events(parts)) == objects


@given(
    st.data(),
    OBJECTS,
    st.sampled_from([",", ",\r\n", "\n,\n", " , "]),
    st.sampled_from([None, 2]),
    st.sampled_from(["", "\n", "\r\n \t"]),
)
def test_elements_come_back(
    data: st.DataObject, objects: list[Any], between: str, indent: int | None, space: str
) -> None:
    """The objects are the same for all spaces and parts."""
    parts = data.draw(parts_of(as_array(objects, between, indent, space)))

    assert list(parse_array(parts)) == objects


@pytest.mark.parametrize(
    ("read", "whole"),
    [
        pytest.param(parse_events, as_events(ODD), id="events-lf"),
        pytest.param(parse_events, as_events(ODD, "\r\n"), id="events-crlf"),
        pytest.param(parse_events, as_events(ODD, "\r", indent=1), id="events-cr"),
        pytest.param(parse_array, as_array(ODD), id="array"),
        pytest.param(parse_array, as_array(ODD, ",\r\n", indent=2), id="array-pretty"),
    ],
)
def test_stream_byte_by_byte(read: Read, whole: bytes) -> None:
    """A stream that arrives byte by byte has the same objects."""
    assert list(read(single(whole))) == ODD


@pytest.mark.parametrize("indent", [None, 2], ids=["compact", "pretty"])
def test_array_that_is_cut_short(indent: int | None) -> None:
    """An incomplete array yields its complete objects, and then is an error, for every length."""
    whole = as_array(ODD, indent=indent)
    ends = [len(as_array(ODD[:count], indent=indent)) - 1 for count in range(1, len(ODD) + 1)]
    for length in range(len(whole)):
        complete = sum(length >= end for end in ends)
        read = parse_array([whole[:length]])

        assert list(islice(read, complete)) == ODD[:complete]
        with pytest.raises(MalformedStream, match=r"^the stream ended inside the array$"):
            next(read)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_events_that_are_cut_short(end: str) -> None:
    """An incomplete event is an error after the events before it, for every length."""
    first, second = as_events([{"a": 1}], end), as_events([{"b": "六"}], end)
    for length in range(len("data:") + 1, len(second) - len(end)):
        read = parse_events([first + second[:length]])

        assert next(read) == {"a": 1}
        with pytest.raises(MalformedStream, match=r"^the stream ended inside an event$"):
            next(read)


@pytest.mark.parametrize(
    ("read", "first", "rest"),
    [
        pytest.param(parse_events, b'data: {"a": 1}\n\n', b'data: {"b": 2}\n\n', id="lf"),
        pytest.param(parse_events, b'data: {"a": 1}\r\n\r\n', b'data: {"b": 2}\r\n\r\n', id="crlf"),
        pytest.param(parse_array, b'[{"a": 1}', b',\r\n{"b": 2}]', id="array"),
        pytest.param(parse_array, b'[{"a": 1},', b'{"b": 2}]', id="array-comma-first"),
    ],
)
def test_chunk_is_there_when_it_has_arrived(read: Read, first: bytes, rest: bytes) -> None:
    """A chunk does not wait for the bytes after it."""
    read_parts = []

    def parts() -> Iterator[bytes]:
        for part in (first, rest):
            read_parts.append(part)
            yield part

    chunks = read(parts())

    assert next(chunks) == {"a": 1}
    assert read_parts == [first]
    assert list(chunks) == [{"b": 2}]


@pytest.mark.parametrize(
    ("read", "whole", "problem"),
    [
        pytest.param(parse_events, b"", "the stream ended before the first event", id="no-event"),
        pytest.param(parse_events, b"data: {\n\n", "an event is not JSON: ", id="event-no-json"),
        pytest.param(parse_events, b'data: {"a": 1\ndata: 2}\n\n', "an event is not JSON: ", id="number-on-two-lines"),
        pytest.param(parse_events, b"data: " + b"[" * 100_000 + b"\n\n", "an event is not JSON: ", id="event-deep"),
        pytest.param(parse_events, b"<html></html>\n", "the stream ended before the first event", id="page-as-events"),
        pytest.param(parse_array, b"", "the stream ended inside the array", id="nothing"),
        pytest.param(parse_array, b"]", "expected an array of objects, got ']'", id="close-alone"),
        pytest.param(parse_array, b'{"a": 1}', "expected an array of objects, got '{", id="object-alone"),
        pytest.param(parse_array, b"[1, 2]", "expected an array of objects, got '1, 2]'", id="numbers"),
        pytest.param(parse_array, b"[[{}]]", r"expected an array of objects, got '\[{}\]\]'", id="array-in-array"),
        pytest.param(parse_array, b"[{'a': 1}]", "the stream ended inside the array", id="no-json"),
        pytest.param(parse_array, b'[{"a": ' + b"[" * 100_000, "the stream ended inside the array", id="deep"),
    ],
)
def test_invalid_stream(read: Read, whole: bytes, problem: str) -> None:
    """Another text is refused with the reason, and yields nothing."""
    with pytest.raises(MalformedStream, match=f"^{problem}"):
        next(read([whole]))


def test_array_opens_once() -> None:
    """An array in an array is refused, also in a later part."""
    with pytest.raises(MalformedStream, match="expected an array of objects"):
        list(parse_array([b"[", b"[{}]]"]))


def test_nothing_comes_after_the_array() -> None:
    """The client does not read beyond the end of an array."""
    assert list(parse_array([b"[{}]", b"never mind"])) == [{}]


def test_bytes_that_are_no_text() -> None:
    """Bytes that are not UTF-8 become replacement characters."""
    assert list(parse_events([b'data: {"a": "\xff"}\n\n'])) == [{"a": "\ufffd"}]
    assert list(parse_array([b'[{"a": "\xff"}]'])) == [{"a": "\ufffd"}]
