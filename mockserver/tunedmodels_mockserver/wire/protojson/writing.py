"""Writes messages as JSON, byte for byte as the service writes it.

The value of a message is a mapping from proto names: messages are mappings, enums are numbers, timestamps are whole
nanoseconds, int64 is int, and bytes are bytes. Order, names, presence and types come from the surface.
Source: recorded answers of 2024; the escapes come from protobuf's JSON writer.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any

from ..status import AnyValue
from ..surface import Message, Surface, surface_of
from .numbers import format_double, format_float
from .timestamps import format_timestamp


class Token(str):
    """A text that is already JSON, such as a float in its shortest form."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of JSON: the indent of one level (empty: everything on one line) and the text after a name."""

    indent: str
    colon: str


PRETTY = Layout("  ", ": ")
COMPACT = Layout("", ":")
EVENT = Layout("", ": ")  # server-sent events, as Google's own clients record them

_ESCAPES = re.compile(
    '["\\\\<>\x00-\x1f\x7f-\x9f\xad\u0600-\u0603\u06dd\u070f\u17b4\u17b5\u200b-\u200f\u2028-\u202e'
    "\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def to_json(message: Message, value: Mapping[str, Any], surface: Surface, *, numbers: bool = False) -> dict[str, Any]:
    """Return *value* as plain JSON, with its members in the order of *message*.

    Members that are zero or empty are left out, unless they have explicit presence. With *numbers* enums are numbers
    (``enum-encoding=int``).
    """
    result: dict[str, Any] = {}
    for field in message.fields:
        item = value.get(field.name)
        if item is None or (not item and not surface.has_presence(field)):
            continue
        write = _writer(field.map_of or field.type, field.digits, surface.version, numbers)
        if field.repeated:
            result[field.json_name] = [write(part) for part in item]
        elif field.map_of:
            result[field.json_name] = {key: write(part) for key, part in item.items()}
        else:
            result[field.json_name] = write(item)
    return result


def any_to_json(item: AnyValue, *, numbers: bool = False) -> dict[str, Any]:
    """Return an Any as plain JSON: ``@type`` first, then the members of the message."""
    surface = surface_of(item.version)
    message = surface.message(item.type)
    return {"@type": message.type_url, **to_json(message, item.value, surface, numbers=numbers)}


def dump(value: Any, layout: Layout = PRETTY) -> str:
    """Return *value*, plain JSON, as text without a newline at the end."""
    return _text(value, "\n" if layout.indent else "", layout)


def quote(text: str) -> str:
    """Return *text* as a JSON string. Escape ``<``, ``>`` and invisible characters too, although JSON allows them."""
    return f'"{_ESCAPES.sub(_escape, text)}"' if _ESCAPES.search(text) else f'"{text}"'


@lru_cache(maxsize=1024)  # the same names of members occur many times
def _member(name: str, colon: str) -> str:
    return quote(name) + colon


def _escape(match: re.Match[str]) -> str:
    sign = match[0]
    short = _SHORT.get(sign)
    if short is not None:
        return short
    point = ord(sign)
    if point < 0x10000:
        return f"\\u{point:04x}"
    point -= 0x10000
    return f"\\u{0xD800 + (point >> 10):04x}\\u{0xDC00 + (point & 0x3FF):04x}"


@cache
def _writer(kind: str, digits: int, version: str, numbers: bool) -> Callable[[Any], Any]:
    """Return the function that converts one value of type *kind* to plain JSON."""
    surface = surface_of(version)
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return simple
    if kind == "google.protobuf.Timestamp":
        return partial(format_timestamp, digits=digits)
    if kind == "google.protobuf.Any":
        return partial(any_to_json, numbers=numbers)
    if surface.is_enum(kind):
        names = surface.enum(kind).names
        return (lambda number: number) if numbers else (lambda number: names.get(number, number))
    message = surface.message(kind)
    return lambda value: to_json(message, value, surface, numbers=numbers)


def _identity(value: Any) -> Any:
    return value


_SIMPLE: dict[str, Callable[[Any], Any]] = {
    "string": _identity,
    "bool": _identity,
    "int32": _identity,
    "int64": str,
    "float": lambda value: Token(format_float(value)),
    "double": lambda value: Token(format_double(value)),
    "bytes": lambda value: base64.b64encode(value).decode(),
    "google.protobuf.Duration": _identity,
    "google.protobuf.FieldMask": _identity,
    "google.protobuf.Struct": _identity,
    "google.protobuf.Value": _identity,
}


def _text(value: Any, line: str, layout: Layout) -> str:
    """Return *value* as text. *line* is a line break and the indent of the line on which the value begins."""
    # For speed, compare exact types, the most frequent first: a long answer has hundreds of thousands of values.
    kind = type(value)
    if kind is Token:
        return str(value)
    if kind is str:
        return quote(value)
    if kind is int:
        return str(value)
    if kind is dict:
        inner = line + layout.indent
        return _block(
            "{}", [_member(key, layout.colon) + _text(item, inner, layout) for key, item in value.items()], line, inner
        )
    if kind is list:
        inner = line + layout.indent
        return _block("[]", [_text(item, inner, layout) for item in value], line, inner)
    if kind is float:
        return format_double(value)
    return {True: "true", False: "false", None: "null"}[value]


def _block(brackets: str, texts: list[str], line: str, inner: str) -> str:
    if not texts:
        return brackets
    return f"{brackets[0]}{inner}{f',{inner}'.join(texts)}{line}{brackets[1]}"
