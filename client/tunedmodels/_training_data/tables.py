"""Reads the rows of a table, each with its location, from columns or from a CSV, TSV, JSON or JSON Lines document."""

from __future__ import annotations

import csv
import io
import json
import re
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from itertools import repeat
from typing import Any, NamedTuple

from .._hints import Hint
from ..errors import TrainingDataError

# The line on which each row begins, or None if it has no line, and the row, which can be any value.
Rows = Iterable[tuple[int | None, object]]

_JSON_GAP = re.compile(r"[ \t\r\n,]*")  # the text between two items of a list
_PRIVATE_URL_PARTS = re.compile(r"(?<=://)[^/?#]*@|[?#].*", re.DOTALL)  # the user, the query and the fragment of a URL


class Keys(NamedTuple):
    """The names of the two columns."""

    input_key: str
    output_key: str


class Location(NamedTuple):
    """A place in the data: the source, the line of the document, and the row. Each can be None."""

    source: str | None = None
    line: int | None = None
    row: int | None = None

    def describe(self, sentence: str, column: str | None = None) -> str:
        """Return *sentence* with the location and the column in front of it."""
        where = "training_data" if self.source is None else _display_source(self.source)
        if self.line is not None:
            where += f", line {self.line}"
        elif self.row is not None:
            where += f"[{self.row}]"
        if column is not None:
            where += f", {column}" if self.line is None else f", column {column}"
        return f"{where}: {sentence}"

    def error(self, sentence: str, column: str | None = None) -> TrainingDataError:
        """Return an error that says *sentence* about this location."""
        message = self.describe(sentence, column)
        return TrainingDataError(message, source=self.source, line=self.line, row=self.row, column=column)


def short_repr(value: object) -> str:
    """Return the repr of *value*, shortened to at most 100 characters."""
    return reprlib.repr(value)[:100]


def check_columns(keys: Keys, names: Iterable[object], location: Location) -> None:
    """Raise TrainingDataError if a key is missing in *names*, the columns or the cells of a row, or occurs twice."""
    all_names = list(names)
    for key, hint in zip(keys, (Hint.INPUT_COLUMN, Hint.OUTPUT_COLUMN), strict=True):
        if key not in all_names:
            names_text = ", ".join(map(short_repr, all_names))[:300] or "no names at all"
            raise location.error(f"is missing among {names_text}; {hint.text}.", key)
        if all_names.count(key) > 1:
            raise location.error("occurs more than once.", key)


def rows_from_columns(table: Any, names: Iterable[object], keys: Keys, location: Location) -> Rows:
    """Return the rows of *table*, which has a column of cells for each name in *names*."""
    check_columns(keys, names, location)
    inputs, outputs = (_cells(table[key], key, location) for key in keys)
    if len(inputs) != len(outputs):
        raise location.error(
            f"column {keys.input_key} has length {len(inputs)}, column {keys.output_key} has length {len(outputs)}."
        )
    return zip(repeat(None), zip(inputs, outputs, strict=True))


def rows_from_document(content: bytes, suffix: str, keys: Keys, location: Location) -> Rows:
    """Return the rows of *content*, the document at *location*, whose format is the one of *suffix*."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise location._replace(line=line).error(
            f"is not UTF-8 at byte {error.start} of the file; save it as UTF-8."
        ) from error
    return FORMATS[suffix](text.removeprefix("\ufeff"), keys, location)


def _cells(column: Any, key: str, location: Location) -> list[object]:
    # A string is an iterable of strings too, and a mapping or a set has no reliable order.
    if isinstance(column, (str, bytes, Mapping, Set)) or not isinstance(column, Iterable):
        raise location.error(f"must be a list of strings, got {short_repr(column)}.", key)
    return list(column)


def _csv(text: str, keys: Keys, location: Location, delimiter: str = ",") -> Rows:
    records = _records(text, location, delimiter)
    line, header = next(records, (1, []))
    if not header:
        raise location.error("is empty; its first line must name the columns.")
    check_columns(keys, header, location._replace(line=line))
    input_index, output_index = map(header.index, keys)
    for line, cells in records:
        if len(cells) != len(header):
            raise location._replace(line=line).error(f"has {len(cells)} cells; the header has {len(header)}.")
        yield line, (cells[input_index], cells[output_index])


def _tsv(text: str, keys: Keys, location: Location) -> Rows:
    return _csv(text, keys, location, "\t")


def _records(text: str, location: Location, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # Without strict, a quote that is not closed would include the rest of the file.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise location._replace(line=line).error(f"cannot be read as CSV: {error}.") from error
        if cells is None:
            return
        if cells:  # a blank line has no cells
            yield line, cells


def _json(text: str, keys: Keys, location: Location) -> Rows:
    value = _parse_json(text, location)
    if isinstance(value, dict):
        return rows_from_columns(value, value, keys, location)
    if isinstance(value, list):
        return _items(text)
    raise location.error(f"must be a list of examples or an object of columns, got {short_repr(value)}.")


def _items(text: str) -> Rows:
    """Yield the items of a list, each with its line. *text* must be a valid JSON list."""
    decoder = json.JSONDecoder()
    line, counted_to, end = 1, 0, text.index("[") + 1
    while True:
        start = end + len(_JSON_GAP.match(text, end)[0])  # type: ignore[index]  # it also matches the empty string
        if text[start] == "]":
            return
        line += text.count("\n", counted_to, start)
        counted_to = start
        item, end = decoder.raw_decode(text, start)
        yield line, item


def _json_lines(text: str, _keys: Keys, location: Location) -> Rows:
    # splitlines() would also split at characters that JSON allows inside a string, such as U+2028.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _parse_json(line, location._replace(line=number))


def _parse_json(text: str, location: Location) -> Any:
    """Return the JSON value in *text*, which is the whole document, or the line of it that *location* names."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        error_location = location._replace(line=(location.line or 1) + error.lineno - 1)
        raise error_location.error(f"cannot be read as JSON at column {error.colno}: {error.msg}.") from error
    except (ValueError, RecursionError) as error:  # for example a number of 5000 digits, or lists nested too deeply
        raise location.error(f"cannot be read as JSON: {error}.") from error


def _display_source(source: str) -> str:
    """Return *source* for a message. A URL loses the parts that can contain a password or a key."""
    source = _PRIVATE_URL_PARTS.sub("", source) if "://" in source else source
    return source if source and source.isprintable() and len(source) <= 1000 else short_repr(source)


FORMATS: Mapping[str, Callable[[str, Keys, Location], Rows]] = {
    ".csv": _csv,
    ".tsv": _tsv,
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}

# The content types that web servers use for the formats.
MEDIA_TYPES: Mapping[str, str] = {
    "text/csv": ".csv",
    "application/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "text/json": ".json",
    "application/jsonl": ".jsonl",
    "application/x-jsonl": ".jsonl",
    "application/jsonlines": ".jsonl",
    "application/x-jsonlines": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "application/ndjson": ".jsonl",
}
