"""Chunks of a streamed answer, in both forms that the wire has: server-sent events, and one JSON array.

Bytes go in as they arrive, JSON values come out as soon as they are whole.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

_BREAK = re.compile(r"\r\n|\n|\r")


class MalformedStream(ValueError):
    """A stream is not in its form, or ended in the middle."""


def parse_events(parts: Iterable[bytes]) -> Iterator[Any]:
    """Yield the data of each server-sent event. Source of the form: the HTML standard, section 9.2.

    Raises MalformedStream for data that is no JSON, and where the stream ends within an event or before the first.
    """
    begun = False
    data: list[str] = []
    for line in _lines(parts):
        name, _, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            try:
                yield json.loads("\n".join(data))
            except (ValueError, RecursionError) as error:
                raise MalformedStream(f"an event is no JSON: {error}") from None
            begun = True
            data = []
    if data:
        raise MalformedStream("it ended within an event")
    if not begun:
        raise MalformedStream("it ended before the first event")


def parse_array(parts: Iterable[bytes]) -> Iterator[Any]:
    """Yield the elements of a JSON array of objects.

    Raises MalformedStream for another text, and where no array ends.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    parse = json.JSONDecoder().raw_decode
    text = ""
    opened = False
    between = " \t\r\n"  # and a comma, once there was an element
    for part in parts:
        text = (text + decoder.decode(part)).lstrip(between)
        if not opened and text.startswith("["):
            opened = True
            text = text[1:].lstrip(between)
        while opened and text.startswith("{"):
            try:
                value, end = parse(text)
            except (ValueError, RecursionError):
                break  # not all of it has arrived, or never will
            yield value
            between = " \t\r\n,"
            text = text[end:].lstrip(between)
        if opened and text.startswith("]"):
            return
        if text and not (opened and text.startswith("{")):
            raise MalformedStream(f"it has no array of objects, but {text[:100]!r}")
    raise MalformedStream("it ended within its array")


def _lines(parts: Iterable[bytes]) -> Iterator[str]:
    """Yield lines without their ends; what follows the last end is a line too, if it is not empty."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    text = ""
    for part in parts:
        # What was there before has no break in it, but for a \r at its end.
        searched = max(len(text) - 1, 0)
        text += decoder.decode(part)
        begin = 0
        for match in _BREAK.finditer(text, searched):
            if match[0] == "\r" and match.end() == len(text):
                break  # its \n may come with the next part
            yield text[begin : match.start()]
            begin = match.end()
        text = text[begin:]
    if text.endswith("\r"):
        yield text[:-1]
    elif text:
        yield text
