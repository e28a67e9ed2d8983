"""Parses the chunks of a stream. The wire has two forms, server-sent events and one JSON array.

The parsers take bytes as they arrive, and yield each JSON value as soon as it is complete.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

_BREAK = re.compile(r"\r\n|\n|\r")


class MalformedStream(ValueError):
    """The error for a stream that does not have its form, or that ends too early."""


def parse_events(parts: Iterable[bytes]) -> Iterator[Any]:
    """Yield the JSON data of each server-sent event. The HTML standard, section 9.2, defines the form.

    Raise MalformedStream if the data is not JSON, or if the stream ends inside an event or before the first event.
    """
    has_event = False
    data: list[str] = []
    for line in _lines(parts):
        name, _, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            try:
                yield json.loads("\n".join(data))
            except (ValueError, RecursionError) as error:
                raise MalformedStream(f"an event is not JSON: {error}") from None
            has_event = True
            data = []
    if data:
        raise MalformedStream("the stream ended inside an event")
    if not has_event:
        raise MalformedStream("the stream ended before the first event")


def parse_array(parts: Iterable[bytes]) -> Iterator[Any]:
    """Yield the elements of a JSON array of objects.

    Raise MalformedStream if the text is not such an array, or if the array does not end.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    parse = json.JSONDecoder().raw_decode
    text = ""
    is_inside_array = False
    separators = " \t\r\n"  # after the first element, also a comma
    for part in parts:
        text = (text + decoder.decode(part)).lstrip(separators)
        if not is_inside_array and text.startswith("["):
            is_inside_array = True
            text = text[1:].lstrip(separators)
        while is_inside_array and text.startswith("{"):
            try:
                value, end = parse(text)
            except (ValueError, RecursionError):
                break  # the element has not arrived completely, or it is invalid
            yield value
            separators = " \t\r\n,"
            text = text[end:].lstrip(separators)
        if is_inside_array and text.startswith("]"):
            return
        if text and not (is_inside_array and text.startswith("{")):
            raise MalformedStream(f"expected an array of objects, got {text[:100]!r}")
    raise MalformedStream("the stream ended inside the array")


def _lines(parts: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines, without their line breaks. Text after the last line break is a line if it is not empty."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    text = ""
    for part in parts:
        # The earlier text has no line break, except perhaps a \r at its end.
        search_start = max(len(text) - 1, 0)
        text += decoder.decode(part)
        begin = 0
        for match in _BREAK.finditer(text, search_start):
            if match[0] == "\r" and match.end() == len(text):
                break  # the next part may begin with its \n
            yield text[begin : match.start()]
            begin = match.end()
        text = text[begin:]
    if text.endswith("\r"):
        yield text[:-1]
    elif text:
        yield text
