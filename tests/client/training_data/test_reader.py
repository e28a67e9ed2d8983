"""The client reads pairs from each form of training data, and its errors name the place of a mistake."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import pickle
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels._training_data.reader import Document, read
from tunedmodels.errors import DuplicateExamplesWarning, TrainingDataError

PAIRS = [("1", "2"), ("六", "七")]
SUFFIXES = ".csv, .tsv, .json, .jsonl, .ndjson"


class Frame:
    """The part of a DataFrame that the reader uses."""

    def __init__(self, columns: Mapping[str, Iterable[Any]]) -> None:
        self._columns = columns

    @property
    def columns(self) -> list[str]:
        return list(self._columns)

    def __getitem__(self, key: str) -> Iterable[Any]:
        return iter(self._columns[key])


class Sequence:
    """An iterable without ``__iter__``."""

    def __getitem__(self, place: int) -> tuple[str, str]:
        return PAIRS[place]


def never_fetch(url: str) -> Document:
    raise AssertionError(f"{url} was fetched")


def problem(data: Any, **keys: Any) -> TrainingDataError:
    with pytest.raises(TrainingDataError) as caught:
        read(data, fetch=never_fetch, **keys)
    return caught.value


def problem_in(folder: Path, name: str, content: str | bytes) -> tuple[str, TrainingDataError]:
    """Return the message about a file after its path, and the error."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    error = problem(path)
    assert error.source == str(path)
    assert str(error).startswith(str(path))
    return str(error).removeprefix(str(path)), error


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PAIRS, id="list of pairs"),
        pytest.param(tuple(PAIRS), id="tuple of pairs"),
        pytest.param((pair for pair in PAIRS), id="generator"),
        pytest.param([["1", "2"], ["六", "七"]], id="lists for pairs"),
        pytest.param([("1", "2"), {"text_input": "六", "output": "七", "id": 2}], id="pairs and dicts"),
        pytest.param([MappingProxyType({"output": b, "text_input": a}) for a, b in PAIRS], id="mappings"),
        pytest.param({"1": "2", "六": "七"}.items(), id="items"),
        pytest.param(Sequence(), id="items by their places"),
        pytest.param({"id": [1, 2, 3], "text_input": ["1", "六"], "output": ("2", "七")}, id="columns"),
        pytest.param({"text_input": iter(["1", "六"]), "output": iter(["2", "七"])}, id="columns that are iterators"),
        pytest.param(Frame({"text_input": ["1", "六"], "id": [1, 2], "output": ["2", "七"]}), id="frame"),
    ],
)
def test_values(data: Any) -> None:
    """Each form of a value has the same pairs."""
    assert read(data, fetch=never_fetch) == PAIRS


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.csv", "text_input,output\n1,2\n六,七\n", id="csv"),
        pytest.param(
            "a.CSV", "output,id,text_input\r\n2,x,1\r\n\r\n七,y,六\r\n", id="blank line, CRLF, columns in another order"
        ),
        pytest.param("a.csv", "\ufefftext_input,output\n1,2\n六,七", id="BOM, no last line end"),
        pytest.param("a.tsv", "text_input\toutput\n1\t2\n六\t七\n", id="tsv"),
        pytest.param("a.csv", "text_input,output\r1,2\r六,七\r", id="csv, CR"),
        pytest.param("a.json", '[["1", "2"], {"text_input": "六", "output": "七", "id": 2}]', id="list in JSON"),
        pytest.param("a.json", '\ufeff\n[["1", "2"]\r\n , ["\\u516d", "七"] ]\n', id="list in JSON over lines"),
        pytest.param(
            "a.JSON", '{"text_input": ["1", "六"], "id": [1, 2], "output": ["2", "七"]}', id="columns in JSON"
        ),
        pytest.param("a.jsonl", '["1", "2"]\n\n{"text_input": "六", "output": "七"}', id="JSON lines"),
        pytest.param("a.ndjson", '\ufeff["1", "2"]\r\n  \r\n["六", "七"]\r\n', id="JSON lines, BOM, CRLF"),
    ],
)
def test_files(tmp_path: Path, name: str, content: str) -> None:
    """Each format of a file has the same pairs, for a Path and for a string."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", newline="")

    assert read(path, fetch=never_fetch) == PAIRS
    assert read(str(path), fetch=never_fetch) == PAIRS


def test_csv_with_lines_in_a_cell(tmp_path: Path) -> None:
    """A quoted cell keeps its line ends; a cell may have 40,000 characters."""
    path = tmp_path / "a.csv"
    path.write_bytes(b'text_input,output\n"1,\r\n""one""\n","2\n"\n' + b"x" * 40_000 + b"," + b"y" * 5_000)

    assert read(path, fetch=never_fetch) == [('1,\r\n"one"\n', "2\n"), ("x" * 40_000, "y" * 5_000)]


def test_json_lines_end_only_at_line_feeds(tmp_path: Path) -> None:
    """JSON allows other line ends of Python in its strings."""
    path = tmp_path / "a.jsonl"
    path.write_text('["1\u2028", "2\u0085"]\n', encoding="utf-8", newline="")

    assert read(path, fetch=never_fetch) == [("1\u2028", "2\u0085")]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param([{"prompt": "1", "completion": "2"}, ("六", "七")], id="dicts"),
        pytest.param({"prompt": ["1", "六"], "completion": ["2", "七"]}, id="columns"),
        pytest.param(Frame({"prompt": ["1", "六"], "completion": ["2", "七"]}), id="frame"),
    ],
)
def test_other_names(data: Any) -> None:
    """The caller can name the columns."""
    assert read(data, input_key="prompt", output_key="completion", fetch=never_fetch) == PAIRS


def test_longest_texts() -> None:
    """The longest texts and an empty input are valid; the limits count characters, not bytes."""
    pairs = [("六" * 40_000, "😀" * 5_000), ("", " ")]

    assert read(pairs, fetch=never_fetch) == pairs


def test_pandas() -> None:
    """The reader accepts a DataFrame of pandas, and refuses missing cells."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": [1, 2], "text_input": ["1", "六"], "output": ["2", "七"]}, index=[7, 3])
    missing = pandas.DataFrame({"text_input": ["1", "2"], "output": ["2", None]}, dtype="string")
    twice = pandas.DataFrame([["1", "2", "3"]], columns=["text_input", "output", "output"])

    assert read(frame, fetch=never_fetch) == PAIRS
    assert str(problem(missing)) == (
        "training_data[1], output: must be a string, got <NA>; fill it in or leave the example out."
    )
    assert str(problem(twice)) == "training_data, output: occurs more than once."
    assert str(problem(frame, output_key="x")) == (
        "training_data, x: is missing among 'id', 'text_input', 'output'; name the column with output_key."
    )


NOT_PAIR = "must be a pair of input and output or have text_input and output"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("ab", f": {NOT_PAIR}, got 'ab'."),
        (("1",), f": {NOT_PAIR}, got ('1',)."),
        ({"1"}, f": {NOT_PAIR}, got {{'1'}}."),
        (None, f": {NOT_PAIR}, got None."),
        (
            {"text_input": "1", "x": "2"},
            ", output: is missing among 'text_input', 'x'; name the column with output_key.",
        ),
        ({}, ", text_input: is missing among no names at all; name the column with input_key."),
        (("1", ""), ", output: is empty; an example needs an output."),
        pytest.param(
            ("1", "x" * 5001), ", output: has 5001 characters; the service takes at most 5000.", id="long output"
        ),
        pytest.param(
            {"text_input": "x" * 40_001, "output": "1"},
            ", text_input: has 40001 characters; the service takes at most 40000.",
            id="long input",
        ),
        ((7, "8"), ", text_input: must be a string, got 7; convert it with str()."),
        (("7", b"8"), ", output: must be a string, got b'8'."),
        (("7", None), ", output: must be a string, got None; fill it in or leave the example out."),
        (("7", float("nan")), ", output: must be a string, got nan; fill it in or leave the example out."),
        (("7", "x\ud83d"), ", output: has half of a surrogate pair, '\\ud83d' at index 1, which UTF-8 cannot encode."),
    ],
)
def test_invalid_row(row: Any, message: str) -> None:
    """The error has the index of the row, and the column of a cell."""
    error = problem([("1", "2"), row])
    column = message.partition(":")[0].removeprefix(", ") or None

    assert str(error) == f"training_data[1]{message}"
    assert (error.source, error.line, error.row, error.column) == (None, None, 1, column)


def test_long_row() -> None:
    """The message has only the beginning of a long row."""
    error = problem([["x" * 9_000] * 9_000])

    assert str(error).startswith(f"training_data[0]: {NOT_PAIR}, got ['xxx")
    assert len(str(error)) < 200


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], ": has no examples."),
        ({"text_input": [], "output": []}, ": has no examples."),
        ({}, ", text_input: is missing among no names at all; name the column with input_key."),
        (
            {"prompt": ["1"], "output": ["2"]},
            ", text_input: is missing among 'prompt', 'output'; name the column with input_key.",
        ),
        ({"text_input": ["1", "2"], "output": ["2"]}, ": column text_input has length 2, column output has length 1."),
        ({"text_input": ["1"], "output": [2]}, "[0], output: must be a string, got 2; convert it with str()."),
        ({"text_input": "1", "output": "2"}, ", text_input: must be a list of strings, got '1'."),
        ({"text_input": {"0": "1"}, "output": {"0": "2"}}, ", text_input: must be a list of strings, got {'0': '1'}."),
        ({"text_input": ["1"], "output": None}, ", output: must be a list of strings, got None."),
        pytest.param(
            Frame({"output": ["1"]}),
            ", text_input: is missing among 'output'; name the column with input_key.",
            id="frame",
        ),
    ],
)
def test_invalid_columns(data: Any, message: str) -> None:
    """The error names the data, or a column of it."""
    assert str(problem(data)) == f"training_data{message}"


@pytest.mark.parametrize(
    ("name", "content", "message", "row"),
    [
        ("a.csv", "", ": is empty; its first line must name the columns.", None),
        ("a.csv", "text_input,output\n\n", ": has no examples.", None),
        (
            "a.csv",
            "\n1,2\n",
            ", line 2, column text_input: is missing among '1', '2'; name the column with input_key.",
            None,
        ),
        (
            "a.csv",
            'text_input,output\r\n"1\r\n2","3\r\n4"\r\n\r\n5,\r\n',
            ", line 6, column output: is empty; an example needs an output.",
            1,
        ),
        ("a.csv", "text_input,output\n1,2\n3\n", ", line 3: has 1 cells; the header has 2.", None),
        (
            "a.csv",
            'text_input,output\n1,2\n"3,4\n5,6\n',
            ", line 3: cannot be read as CSV: unexpected end of data.",
            None,
        ),
        pytest.param(
            "a.csv",
            f"text_input,output\n1,2\n3,{'x' * 131_073}\n",
            ", line 3: cannot be read as CSV: field larger than field limit (131072).",
            None,
            id="csv longest cell",
        ),
        ("a.json", "[\n]", ": has no examples.", None),
        ("a.json", "7", ": must be a list of examples or an object of columns, got 7.", None),
        (
            "a.json",
            "\n\n[\n  [\n    1,\n    2\n  ]]",
            ", line 4, column text_input: must be a string, got 1; convert it with str().",
            0,
        ),
        (
            "a.json",
            '[\n["1",\n"2"],\n["3", "4"],\n\n {"text_input": "1", "output": null}]',
            ", line 6, column output: must be a string, got None; fill it in or leave the example out.",
            2,
        ),
        (
            "a.json",
            '[["1", "\\ud83d"]]',
            ", line 1, column output: has half of a surrogate pair, '\\ud83d' at index 0, which UTF-8 cannot encode.",
            0,
        ),
        (
            "a.json",
            '{"text_input": ["1", "2"], "output": ["2", NaN]}',
            "[1], output: must be a string, got nan; fill it in or leave the example out.",
            1,
        ),
        (
            "a.jsonl",
            '["1", "2"]\n\n["3" "4"]\n',
            ", line 3: cannot be read as JSON at column 6: Expecting ',' delimiter.",
            None,
        ),
        (
            "a.csv",
            b"text_input,output\n1,2\n3,\xe4\n",
            ", line 3: is not UTF-8 at byte 24 of the file; save it as UTF-8.",
            None,
        ),
        pytest.param(
            "a.csv",
            b"x" * (4 * 1024 * 1024 + 1),
            ": is larger than the limit of 4194304 bytes (4 MB).",
            None,
            id="large",
        ),
        ("a.xlsx", b"PK", f": has none of the suffixes {SUFFIXES}.", None),
    ],
)
def test_invalid_file(tmp_path: Path, name: str, content: str | bytes, message: str, row: int | None) -> None:
    """The error has the file, the line at which the row begins, the column and the row, as far as they are known."""
    text, error = problem_in(tmp_path, name, content)
    place = message.partition(": ")[0]
    line, column = re.search(r"line (\d+)", place), re.search(r"(?:column |, )(\w+)$", place)

    assert text == message
    assert error.line == (int(line[1]) if line else None)
    assert error.row == row
    assert error.column == (column[1] if column else None)


@pytest.mark.parametrize("content", ["[" * 100_000, f"[{'7' * 5_000}, 8]"])
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_json_that_python_cannot_read(tmp_path: Path, content: str, suffix: str) -> None:
    """JSON that is too deep, or has a number that is too long for Python, is an error of the data."""
    text, _error = problem_in(tmp_path, f"a{suffix}", content)

    assert text.startswith((": ", ", line 1: "))


def test_file_of_the_largest_size(tmp_path: Path) -> None:
    """A file of exactly 4 MB is valid."""
    path = tmp_path / "a.json"
    path.write_bytes(b'[["1", "2"]]'.ljust(4 * 1024 * 1024))

    assert read(path, fetch=never_fetch) == [("1", "2")]


@pytest.mark.parametrize("reason", [errno.ENOENT, errno.EACCES])
def test_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int) -> None:
    """The message has the reason of the system, whose error is the cause."""
    path = tmp_path / "a.csv"

    def refuse(*_: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(Path, "open", refuse)
    error = problem(path)

    assert str(error) == f"{path}: is not a readable file: {os.strerror(reason)}."
    assert error.source == str(path)
    assert isinstance(error.__cause__, OSError)


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        pytest.param("no/such.csv", "no/such.csv", os.strerror(errno.ENOENT), id="missing"),
        pytest.param(".", ".", os.strerror(errno.EISDIR), id="directory"),
        pytest.param("", "''", os.strerror(errno.EISDIR), id="empty"),
        pytest.param("1,2\n3,4", "'1,2\\n3,4'", os.strerror(errno.ENOENT), id="data"),
        pytest.param("x" * 2_000, f"'{'x' * 12}...{'x' * 13}'", os.strerror(errno.ENAMETOOLONG), id="long"),
        pytest.param("a\0b", "'a\\x00b'", "embedded null byte", id="NUL"),
    ],
)
def test_text_that_names_nothing(text: str, name: str, reason: str) -> None:
    """A string is a path or a URL, never the data itself."""
    error = problem(text)

    assert str(error) == f"{name}: is not a readable file or http(s) URL: {reason}."
    assert error.source == text


@pytest.mark.parametrize(
    ("url", "media_type", "content"),
    [
        pytest.param("https://x.test/a.csv", "", "text_input,output\n1,2\n六,七\n", id="suffix"),
        pytest.param("HTTP://x.test/b/A.CSV?a=1#b", "text/plain", "text_input,output\n1,2\n六,七\n", id="upper case"),
        pytest.param(
            "https://x.test/a.jsonl", "application/json", '["1", "2"]\n["六", "七"]\n', id="suffix before content type"
        ),
        pytest.param(
            "https://x.test/export.php?format=.json",
            "text/csv; charset=utf-8",
            "text_input,output\n1,2\n六,七\n",
            id="content type",
        ),
        pytest.param("https://x.test", "Text/Tab-Separated-Values", "text_input\toutput\n1\t2\n六\t七\n", id="no path"),
        pytest.param("https://x.test/a", "application/json", '[["1", "2"], ["六", "七"]]', id="json"),
        pytest.param("https://x.test/a", "application/x-ndjson", '["1", "2"]\n["六", "七"]\n', id="ndjson"),
    ],
)
def test_urls(url: str, media_type: str, content: str) -> None:
    """The reader fetches the URL unchanged; its path has the format, or else the content type."""
    urls: list[str] = []

    def fetch(url: str) -> Document:
        urls.append(url)
        return Document(content.encode(), media_type)

    assert read(url, fetch=fetch) == PAIRS
    assert urls == [url]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(
            Document(b"<html>", "text/html; charset=utf-8"),
            f"https://x.test/a: has none of the suffixes {SUFFIXES}, and no known content type (text/html).",
            id="HTML",
        ),
        pytest.param(
            Document(b"", ""),
            f"https://x.test/a: has none of the suffixes {SUFFIXES}, and no known content type (none).",
            id="no content type",
        ),
        pytest.param(
            Document(b'["1", ""]', "application/jsonl"),
            "https://x.test/a, line 1, column output: is empty; an example needs an output.",
            id="content",
        ),
        pytest.param(
            Document(b" " * (4 * 1024 * 1024 + 1), "text/csv"),
            "https://x.test/a: is larger than the limit of 4194304 bytes (4 MB).",
            id="large",
        ),
    ],
)
def test_url_to_an_invalid_document(document: Document, message: str) -> None:
    """The message has the URL without its secret parts; the source is the whole URL."""
    url = "https://me:secret@x.test/a?key=secret#part"
    with pytest.raises(TrainingDataError) as caught:
        read(url, fetch=lambda _: document)

    assert str(caught.value) == message
    assert caught.value.source == url


@pytest.mark.parametrize("url", ["gs://bucket/a.csv", "s3://bucket/a.csv", "file:///a.csv", "FTP://x.test/a.csv"])
def test_other_schemes(url: str) -> None:
    """A URL with another scheme is not taken for a path."""
    scheme = url.partition(":")[0]

    assert str(problem(url)) == (
        f"{url}: has the scheme {scheme}; only http and https can be read. Give the path of a local copy."
    )


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(None, "None", id="None"),
        pytest.param(7, "7", id="int"),
        pytest.param(b"a.csv", "b'a.csv'", id="bytes"),
        pytest.param(bytearray(b"ab"), "bytearray(b'ab')", id="bytearray"),
    ],
)
def test_unsupported_type(data: Any, text: str) -> None:
    """A value of another type is a TypeError that lists the supported types."""
    with pytest.raises(TypeError) as caught:
        read(data, fetch=never_fetch)

    assert str(caught.value) == (
        "training_data must be an iterable of pairs or of dicts, a dict of columns, a DataFrame, the path of a file "
        f"or an http(s) URL, got {text}"
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(
            [("1", "2"), ("1", "2"), ("3", "4"), ("1", "2")],
            "training_data[1]: repeats an earlier example (2 of 4 in all).",
            id="pairs",
        ),
        pytest.param(
            {"text_input": ["1", "2", "2"], "output": ["2", "3", "3"]},
            "training_data[2]: repeats an earlier example (1 of 3 in all).",
            id="columns",
        ),
        pytest.param("a.jsonl", "a.jsonl, line 3: repeats an earlier example (1 of 2 in all).", id="file"),
    ],
)
def test_duplicates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Any, message: str) -> None:
    """The reader returns duplicate examples, with one warning at the caller's line."""
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_text('["1", "2"]\n\n{"text_input": "1", "output": "2"}\n', encoding="utf-8")
    with pytest.warns(DuplicateExamplesWarning) as caught:
        pairs = read(data, fetch=never_fetch)

    assert [str(warning.message) for warning in caught] == [message]
    assert caught[0].filename == __file__
    assert len(set(pairs)) < len(pairs)


def test_one_input_with_two_outputs() -> None:
    """An example is a duplicate only if input and output are the same."""
    pairs = [("1", "2"), ("1", "3"), ("0", "2")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        assert read(pairs, fetch=never_fetch) == pairs


def test_pickled_error_has_its_place() -> None:
    """An error from another process has its place."""
    error = pickle.loads(pickle.dumps(problem([("1", "")])))

    assert (str(error), error.row, error.column) == (
        "training_data[0], output: is empty; an example needs an output.",
        0,
        "output",
    )


def as_csv(pairs: list[tuple[str, str]], **form: Any) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, **form).writerows([("text_input", "output"), *pairs])
    return text.getvalue()


# csv cannot read NUL before Python 3.11.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
WRITERS: Mapping[str, Callable[[list[tuple[str, str]]], str]] = {
    ".csv": as_csv,
    ".tsv": lambda pairs: as_csv(pairs, delimiter="\t"),
    ".json": lambda pairs: json.dumps(pairs, indent=1),
    ".jsonl": lambda pairs: "\n".join(json.dumps(pair, ensure_ascii=False) for pair in pairs),
}


@pytest.mark.parametrize("suffix", WRITERS)
@settings(max_examples=30)
@given(pairs=st.lists(st.tuples(TEXTS, TEXTS.filter(bool)), min_size=1, unique=True))
def test_file_round_trip(suffix: str, pairs: list[tuple[str, str]]) -> None:
    """A file that the standard library writes is read with the same content."""
    document = Document(WRITERS[suffix](pairs).encode(), "")

    assert read(f"https://x.test/a{suffix}", fetch=lambda _: document) == pairs


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text_input", "output"]), inner),
)


@pytest.mark.filterwarnings("ignore::tunedmodels.errors.DuplicateExamplesWarning")
@pytest.mark.parametrize("suffix", WRITERS)
@settings(max_examples=50)
@given(content=st.binary() | st.text().map(str.encode) | JSON.map(json.dumps).map(str.encode))
def test_every_content(suffix: str, content: bytes) -> None:
    """Every content is read or refused with a TrainingDataError."""
    try:
        pairs = read(f"https://x.test/a{suffix}", fetch=lambda _: Document(content, ""))
    except TrainingDataError:
        return

    assert pairs
    assert all(isinstance(text_input, str) and output for text_input, output in pairs)
