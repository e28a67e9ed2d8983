"""Reads training data, pairs of an input and its output, and checks it. It accepts Python values, files and URLs."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from numbers import Number
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, Protocol, TypeAlias

from .._messages.training_data import TuningExample
from ..errors import DuplicateExamplesWarning
from .tables import (
    FORMATS,
    MEDIA_TYPES,
    Keys,
    Location,
    Rows,
    check_columns,
    rows_from_columns,
    rows_from_document,
    short_repr,
)

# The limits are from ai.google.dev/gemini-api/docs/model-tuning, for gemini-1.5-flash-001-tuning, read in April 2025.
# A character is a code point.
_INPUT_CHARACTERS = 40_000
_OUTPUT_CHARACTERS = 5_000
FILE_BYTES = 4 * 1024 * 1024

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+)://[^/?#]*(?P<path>[^?#]*)", re.IGNORECASE)  # C:// is a drive
_MISSING_VALUES = {"None", "nan", "<NA>", "NaT"}  # the missing values of Python, NumPy and pandas as strings


class Document(NamedTuple):
    """The content of a URL, and its ``Content-Type`` or an empty string."""

    content: bytes
    media_type: str


class DataFrame(Protocol):
    """A table with named columns, such as a DataFrame of pandas or polars."""

    @property
    def columns(self) -> Iterable[Any]:
        """The names of the columns."""
        ...

    def __getitem__(self, key: Any, /) -> Any:
        """Return the column with the name *key*."""
        ...


TrainingData: TypeAlias = (
    str
    | os.PathLike[str]
    | DataFrame
    | Mapping[str, Any]
    | Iterable[tuple[str, str] | list[str] | Mapping[str, Any] | TuningExample]
)


def read(
    data: TrainingData,
    *,
    input_key: str = "text_input",
    output_key: str = "output",
    fetch: Callable[[str], Document],
    stacklevel: int = 2,
) -> list[tuple[str, str]]:
    """Return the pairs of input and output in *data*, and check them against the limits that the service documents.

    *data* is an iterable of pairs or of mappings, a mapping of columns, a DataFrame, or the path or the http(s) URL
    of a CSV, TSV, JSON or JSON Lines file of at most 4 MB in UTF-8. *fetch* downloads a URL. If the data has names,
    *input_key* and *output_key* are the names of the two, and other names are ignored. An input has at most 40,000
    characters, an output 1 to 5,000.

    Raise TrainingDataError for the first mistake, TypeError if *data* is of another kind, and the errors of *fetch*.
    Issue one DuplicateExamplesWarning if examples repeat; *stacklevel* is the one of ``warnings.warn``.
    """
    keys = Keys(input_key, output_key)
    source, rows = _open(data, keys, fetch)
    pairs: list[tuple[str, str]] = []
    distinct: set[tuple[str, str]] = set()
    duplicates: list[Location] = []
    for row, (line, example) in enumerate(rows):
        location = Location(source, line, row)
        pair = _pair(example, keys, location)
        if pair in distinct:
            duplicates.append(location)
        distinct.add(pair)
        pairs.append(pair)
    if not pairs:
        raise Location(source).error("has no examples.")
    if duplicates:
        message = duplicates[0].describe(f"repeats an earlier example ({len(duplicates)} of {len(pairs)} in all).")
        warnings.warn(message, DuplicateExamplesWarning, stacklevel=stacklevel)
    return pairs


def _open(data: Any, keys: Keys, fetch: Callable[[str], Document]) -> tuple[str | None, Rows]:
    """Return the source of *data*, or None for a Python value, and its rows."""
    if isinstance(data, (str, os.PathLike)):
        location = Location(os.fsdecode(data))
        url = _URL.match(data) if isinstance(data, str) else None
        content, suffix = _fetch(url, location, fetch) if url else _load(data, location)
        if len(content) > FILE_BYTES:
            raise location.error(f"is larger than the limit of {FILE_BYTES} bytes (4 MB).")
        return location.source, rows_from_document(content, suffix, keys, location)
    if hasattr(data, "columns") and hasattr(data, "__getitem__"):
        return None, rows_from_columns(data, data.columns, keys, Location())
    if isinstance(data, Mapping):
        return None, rows_from_columns(data, data, keys, Location())
    if isinstance(data, (bytes, bytearray)) or not (isinstance(data, Iterable) or hasattr(data, "__getitem__")):
        raise TypeError(
            "training_data must be an iterable of pairs or of dicts, a dict of columns, a DataFrame, the path of a "
            f"file or an http(s) URL, got {short_repr(data)}"
        )
    return None, zip(repeat(None), data)


def _fetch(url: re.Match[str], location: Location, fetch: Callable[[str], Document]) -> tuple[bytes, str]:
    """Return the content of *url*, and the suffix of its format."""
    if url["scheme"].lower() not in ("http", "https"):
        raise location.error(
            f"has the scheme {url['scheme']}; only http and https can be read. Give the path of a local copy."
        )
    document = fetch(url.string)
    suffix = PurePosixPath(url["path"]).suffix.lower()
    if suffix not in FORMATS:
        media_type = document.media_type.partition(";")[0].strip().lower()
        suffix = MEDIA_TYPES.get(media_type, "")
        if not suffix:
            raise location.error(
                f"has none of the suffixes {', '.join(FORMATS)}, and no known content type ({media_type or 'none'})."
            )
    return document.content, suffix


def _load(path: str | os.PathLike[str], location: Location) -> tuple[bytes, str]:
    """Return the content of the file, at most one byte more than the limit, and the suffix of its format."""
    try:
        with Path(os.fsdecode(path)).open("rb") as file:
            content = file.read(FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: the path contains NUL
        or_url = " or http(s) URL" if isinstance(path, str) else ""
        reason = error.strerror if isinstance(error, OSError) else error
        raise location.error(f"is not a readable file{or_url}: {reason}.") from error
    suffix = Path(os.fsdecode(path)).suffix.lower()
    if suffix not in FORMATS:
        raise location.error(f"has none of the suffixes {', '.join(FORMATS)}.")
    return content, suffix


def _pair(example: object, keys: Keys, location: Location) -> tuple[str, str]:
    if isinstance(example, TuningExample):
        example = (example.text_input or "", example.output)
    # Check the type too: a string of two characters also has the length of a pair.
    if isinstance(example, (tuple, list)) and len(example) == 2:
        text_input, output = example
    elif isinstance(example, Mapping):
        check_columns(keys, example, location)
        text_input, output = (example[key] for key in keys)
    else:
        raise location.error(
            f"must be a pair of input and output or have {keys.input_key} and {keys.output_key}, "
            f"got {short_repr(example)}."
        )
    pair = (
        _text(text_input, _INPUT_CHARACTERS, keys.input_key, location),
        _text(output, _OUTPUT_CHARACTERS, keys.output_key, location),
    )
    # The API's TuningExample requires an output; its input is optional.
    if not pair[1]:
        raise location.error("is empty; an example needs an output.", keys.output_key)
    return pair


def _text(cell: object, limit: int, column: str, location: Location) -> str:
    if not isinstance(cell, str):
        hint = "; convert it with str()" if isinstance(cell, Number) else ""
        if str(cell) in _MISSING_VALUES:
            hint = "; fill it in or leave the example out"
        raise location.error(f"must be a string, got {short_repr(cell)}{hint}.", column)
    if len(cell) > limit:
        raise location.error(f"has {len(cell)} characters; the service takes at most {limit}.", column)
    try:
        cell.encode()
    except UnicodeEncodeError as error:
        surrogate = f"{cell[error.start]!a} at index {error.start}"
        raise location.error(
            f"has half of a surrogate pair, {surrogate}, which UTF-8 cannot encode.", column
        ) from error
    return cell
