"""Writes messages as JSON, byte for byte as the service writes it.

The value of a message is a mapping from proto names: messages are mappings, enums are numbers, timestamps are whole
nanoseconds, int64 is int, and bytes are bytes. Order, names, presence and types come from the surface.
Source: recorded answers of 2024; the escapes come from protobuf's JSON writer.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import repeat
from typing import Any, TypeAlias

from ..constant_message import ConstantMessage, ConstantTexts
from ..status import AnyValue
from ..surface import Field, Message, Surface, surface_of
from .numbers import format_double, format_float, format_floats
from .table import Table
from .timestamps import format_timestamp, format_timestamps


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
_TEXTS = ConstantTexts()
_MAX_SHAPES = 256  # sets of members of one message whose writers are kept
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def write(
    message: Message, value: Mapping[str, Any], surface: Surface, layout: Layout = PRETTY, *, numbers: bool = False
) -> str:
    """Return *value* as text without a newline at the end, with its members in the order of *message*.

    Members that are zero or empty are left out, unless they have explicit presence. With *numbers* enums are numbers
    (``enum-encoding=int``).
    """
    return _message_writer(message, _Form(surface.version, layout, numbers), 0)(value)


def to_json(message: Message, value: Mapping[str, Any], surface: Surface, *, numbers: bool = False) -> dict[str, Any]:
    """Return what ``write`` writes, as plain JSON. Numbers keep their text."""
    return _parse(write(message, value, surface, COMPACT, numbers=numbers))


def any_to_json(item: AnyValue, *, numbers: bool = False) -> dict[str, Any]:
    """Return an Any as plain JSON: ``@type`` first, then the members of the message."""
    return _parse(_any_writer(_Form("", COMPACT, numbers), 0)(item))


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


@dataclass(frozen=True, slots=True)
class _Form:
    """The form of a text: the version whose facts it follows, its layout, and whether enums are numbers."""

    version: str
    layout: Layout
    numbers: bool

    def line(self, depth: int) -> str:
        """Return the line break and the indent before a value inside *depth* objects and lists."""
        return "\n" + self.layout.indent * depth if self.layout.indent else ""


# A writer turns the value of one type, in one form and at one depth, into text. It is made once, at its first use: by
# then all names, indents and rules of presence are decided, and a value costs little more than its own characters.
_Writer: TypeAlias = "Callable[[Any], str]"
_MemberWriter: TypeAlias = "tuple[str, bool, str, _Writer]"  # name, explicit presence, text before the value


@cache
def _message_writer(message: Message, form: _Form, depth: int, first: str = "") -> _Writer:
    """Return the writer of *message*. *first* is the text of a member that comes before all others."""
    surface, inner, line = surface_of(form.version), form.line(depth + 1), form.line(depth)
    opening, comma, closing = "{" + inner, "," + inner, line + "}"
    writers: dict[str, _MemberWriter] = {}
    shapes: dict[tuple[str, ...], list[_MemberWriter]] = {}

    def make_shape(names: tuple[str, ...]) -> list[_MemberWriter]:
        """Return the writers of the members *names*, in the order of the fields."""
        fields = [field for field in message.fields if field.name in names]
        # Writers are made when a value has the member: messages can contain themselves.
        for field in fields:
            if field.name not in writers:
                member, writer = quote(field.json_name) + form.layout.colon, _field_writer(field, form, depth + 1)
                writers[field.name] = field.name, surface.has_presence(field), member, writer
        shape = [writers[field.name] for field in fields]
        if len(shapes) >= _MAX_SHAPES:
            shapes.clear()
        shapes[names] = shape
        return shape

    def write_members(value: Mapping[str, Any]) -> str:
        texts = [first] if first else []
        names = tuple(value)
        shape = shapes.get(names)
        if shape is None:
            shape = make_shape(names)
        for name, has_presence, member, writer in shape:
            item = value[name]
            if item is not None and (item or has_presence):
                texts.append(member + writer(item))
        return opening + comma.join(texts) + closing if texts else "{}"

    def write_message(value: Mapping[str, Any]) -> str:
        return _TEXTS.text(value, write_members) if isinstance(value, ConstantMessage) else write_members(value)

    return write_message


def _field_writer(field: Field, form: _Form, depth: int) -> _Writer:
    kind = field.map_of or field.type
    if not field.repeated and not field.map_of:
        return _value_writer(kind, field.digits, form, depth)
    writer = _value_writer(kind, field.digits, form, depth + 1)
    inner, line, colon = form.line(depth + 1), form.line(depth), form.layout.colon
    comma = "," + inner

    def write_list(items: Collection[Any]) -> str:
        if not items:
            return "[]"
        texts = (
            _table_text(items, kind, form, depth + 1) if isinstance(items, Table) else comma.join(map(writer, items))
        )
        return f"[{inner}{texts}{line}]"

    if field.repeated:
        return write_list
    return lambda items: (
        f"{{{inner}{comma.join([quote(key) + colon + writer(item) for key, item in items.items()])}{line}}}"
    )


def _table_text(table: Table, kind: str, form: _Form, depth: int) -> str:
    """Return the text of all rows of *table*, messages of type *kind*. It renders only those without a text."""
    write_rows, count = _rows_writer(surface_of(form.version).message(kind), form), len(table)
    text = table.text(write_rows)
    if len(text) < count:
        text = text.with_rows(map(write_rows, table.blocks(len(text))), "," + form.line(0))
        table.keep(write_rows, text)
    # The text is kept without an outer indent. JSON has line breaks only between its parts, never in a string.
    return text.head(count).replace(form.line(0), form.line(depth)) if form.layout.indent else text.head(count)


@cache
def _rows_writer(message: Message, form: _Form) -> Callable[[Mapping[str, Sequence[Any]]], list[str]]:
    """Return the writer of many values of *message*, from a column for each of its members."""
    surface, inner, line = surface_of(form.version), form.line(1), form.line(0)
    opening, comma, closing = "{" + inner, "," + inner, line + "}"

    write_message = _message_writer(message, form, 0)

    def write_rows(columns: Mapping[str, Sequence[Any]]) -> list[str]:
        parts: list[Iterable[str]] = []
        for field in message.fields:
            column = columns.get(field.name)
            if column is None:
                continue
            texts = _column_texts(field, column, form)
            member = (comma if parts else opening) + quote(field.json_name) + form.layout.colon
            if surface.has_presence(field) or all(column):
                parts += [repeat(member), texts]
            elif parts:
                parts.append([member + text if item else "" for item, text in zip(column, texts, strict=True)])
            else:  # the first member is not in each row
                return [
                    write_message(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)
                ]
        return list(map("".join, zip(*parts, repeat(closing), strict=False)))

    return write_rows


def _column_texts(field: Field, column: Sequence[Any], form: _Form) -> Iterable[str]:
    if field.type == "float":
        return format_floats(column)
    if field.type == "google.protobuf.Timestamp":
        return [f'"{text}"' for text in format_timestamps(column, field.digits)]
    return map(_field_writer(field, form, 1), column)


def _value_writer(kind: str, digits: int, form: _Form, depth: int) -> _Writer:
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return simple
    if kind == "google.protobuf.Timestamp":
        return lambda nanoseconds: f'"{format_timestamp(nanoseconds, digits)}"'
    if kind == "google.protobuf.Any":
        return _any_writer(form, depth)
    if kind in ("google.protobuf.Struct", "google.protobuf.Value"):
        return lambda value: _text(value, form.line(depth), form.layout)
    surface = surface_of(form.version)
    if surface.is_enum(kind):
        names = {} if form.numbers else {number: quote(name) for number, name in surface.enum(kind).names.items()}
        return lambda number: names.get(number) or str(number)
    return _message_writer(surface.message(kind), form, depth)


def _any_writer(form: _Form, depth: int) -> _Writer:
    def write_any(item: AnyValue) -> str:
        message = surface_of(item.version).message(item.type)
        own_type = f'"@type"{form.layout.colon}{quote(message.type_url)}'
        return _message_writer(message, replace(form, version=item.version), depth, own_type)(item.value)

    return write_any


_SIMPLE: dict[str, _Writer] = {
    "string": quote,
    "bool": lambda value: "true" if value else "false",
    "int32": str,
    "int64": lambda value: f'"{value}"',
    "float": format_float,
    "double": format_double,
    "bytes": lambda value: f'"{base64.b64encode(value).decode()}"',
    "google.protobuf.Duration": quote,
    "google.protobuf.FieldMask": quote,
}


def _parse(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text, parse_float=Token, parse_int=_parse_int)
    return value


def _parse_int(text: str) -> int | Token:
    return Token(text) if text == "-0" else int(text)


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
