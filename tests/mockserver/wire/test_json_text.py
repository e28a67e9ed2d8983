"""Tests that JSON text is read and refused as by protobuf's JSON stream parser."""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels_mockserver.wire.protojson import json_text
from tunedmodels_mockserver.wire.protojson.json_text import JsonSyntaxError, Members, Value, parse

if TYPE_CHECKING:
    from collections.abc import Callable

BACKSLASH = "\\"


def read_leniently(data: bytes) -> Value:
    """Read *data* without the standard library's help."""
    return json_text._parse_leniently(data.decode(), 100)


def outcome(read: Callable[[bytes], Value], data: bytes) -> str:
    """Return the value or the error of *read* as text, in which 1, 1.0 and True differ, and () and []."""
    try:
        return repr(read(data))
    except JsonSyntaxError as error:
        return f"refused: {error.args[0]}"


ACCEPTED: dict[str, Value] = {
    # what every reader of JSON takes
    "0": 0,
    '"a"': "a",
    "[]": [],
    "{}": Members(),
    ' \t\n{ "a" : [ 1 , 2.5 , true , false , null ] } \r\n': Members([("a", [1, 2.5, True, False, None])]),
    '{"a": {"b": {}}, "": []}': Members([("a", Members([("b", Members())])), ("", [])]),
    # a repeated key stays
    '{"a": 1, "b": 2, "a": 3}': Members([("a", 1), ("b", 2), ("a", 3)]),
    # trailing commas
    "[1,]": [1],
    '{"a": 1,}': Members([("a", 1)]),
    "[['a',true,], {b: null,},]": [["a", True], Members([("b", None)])],
    # single quotes, which need no escape for the other kind
    "'a \"b\" \\' c'": 'a "b" \' c',
    "\"a 'b'\"": "a 'b'",
    # bare keys, those that begin with a reserved word too
    "{a: 1, _b: 2, $c: 3, D4: 4}": Members([("a", 1), ("_b", 2), ("$c", 3), ("D4", 4)]),
    "{nullable: 1, trueish: 2, false_: 3}": Members([("nullable", 1), ("trueish", 2), ("false_", 3)]),
    "{\"true\": 1, 'null': 2}": Members([("true", 1), ("null", 2)]),
    # white space is that of ASCII
    "\v[\f1\v]\f": [1],
    # raw control characters in strings
    '"a\x00\n\x1f\x7f"': "a\x00\n\x1f\x7f",
    # escapes
    r'"\b\f\n\r\t\v"': "\b\f\n\r\t\v",
    r'"\"\\\/\'\x\é\😀"': "\"\\/'xé😀",
    '"\\\n"': "\n",
    r'"\u0041\u00e9\u20AC\u0000"': "Aé€\x00",
    r'"\ud83d\ude00 \uD83D\uDE00"': "😀 😀",
    r'"\\ud83d"': r"\ud83d",
    # integers of 64 bits are exact, all other numbers are floats
    "-0": 0,
    "18446744073709551615": 2**64 - 1,
    "18446744073709551616": 2.0**64,
    "-9223372036854775808": -(2**63),
    "-9223372036854775809": -(2.0**63),
    "1" + "0" * 300: 1e300,
    "1.0": 1.0,
    "-0.0": -0.0,
    "1e2": 100.0,
    "1E-400": 0.0,
    # what strtod takes
    "1.": 1.0,
    "-.5": -0.5,
    "00.5": 0.5,
}

INVALID: dict[str, str] = {
    # nothing there
    "": "Unexpected end of string. Expected a value.\n\n^",
    "  ": "Unexpected end of string. Expected a value.\n  \n  ^",
    # values
    "&": "Expected a value.\n&\n^",
    "+1": "Expected a value.\n+1\n^",
    ".5": "Expected a value.\n.5\n^",
    "\ufeff1": "Expected a value.\n\ufeff1\n^",
    "\xa01": "Expected a value.\n\xa01\n^",
    "{a: é}": "Expected a value.\n{a: é}\n    ^",
    "a": "Unexpected token.\na\n^",
    "nul": "Unexpected token.\nnul\n^",
    "NaN": "Unexpected token.\nNaN\n^",
    "[Infinity]": "Unexpected token.\n[Infinity]\n ^",
    "[-Infinity]": "Unable to parse number.\n[-Infinity]\n ^",
    "}": "Unexpected token.\n}\n^",
    "{a:}": "Unexpected token.\n{a:}\n   ^",
    "{a:,}": "Unexpected token.\n{a:,}\n   ^",
    '{"a":': 'Unexpected end of string. Expected a value.\n{"a":\n     ^',
    # arrays
    "[": "Unexpected end of string. Expected a value or ] within an array.\n[\n ^",
    "[1,": "Unexpected end of string. Expected a value or ] within an array.\n[1,\n   ^",
    "[&": "Expected a value or ] within an array.\n[&\n ^",
    "[,]": "Unexpected token.\n[,]\n ^",
    "[1,,]": "Unexpected token.\n[1,,]\n   ^",
    "[}": "Unexpected token.\n[}\n ^",
    "[1": "Unexpected end of string. Expected , or ] after array value.\n[1\n  ^",
    "[1 2]": "Expected , or ] after array value.\n[1 2]\n   ^",
    "[true}": "Expected , or ] after array value.\n[true}\n     ^",
    "[truefalse]": "Expected , or ] after array value.\n[truefalse]\n     ^",
    # objects
    "{": "Unexpected end of string. Expected an object key or }.\n{\n ^",
    "{a:1,": "Unexpected end of string. Expected an object key or }.\n{a:1,\n     ^",
    "{,}": "Expected an object key or }.\n{,}\n ^",
    "{1: 1}": "Expected an object key or }.\n{1: 1}\n ^",
    "{é: 1}": "Expected an object key or }.\n{é: 1}\n ^",
    "{[null]}": "Expected an object key or }.\n{[null]}\n ^",
    "{true: 1}": "Expected an object key or }.\n{true: 1}\n     ^",
    "{false: 1}": "Expected an object key or }.\n{false: 1}\n      ^",
    "{null": "Expected an object key or }.\n{null\n     ^",
    "{a": "Unexpected end of string. Expected : between key:value pair.\n{a\n  ^",
    "{ a 1}": "Expected : between key:value pair.\n{ a 1}\n    ^",
    "{a-b: 1}": "Expected : between key:value pair.\n{a-b: 1}\n  ^",
    '{"a"}': 'Expected : between key:value pair.\n{"a"}\n    ^',
    "{a:1": "Unexpected end of string. Expected , or } after key:value pair.\n{a:1\n    ^",
    "{a:1 'b':2}": "Expected , or } after key:value pair.\n{a:1 'b':2}\n     ^",
    "{a:1]": "Expected , or } after key:value pair.\n{a:1]\n    ^",
    # after the value
    "{}}": "Parsing terminated before end of input.\n{}}\n  ^",
    "truee": "Parsing terminated before end of input.\ntruee\n    ^",
    "1 \n2": "Parsing terminated before end of input.\n1 \n2\n   ^",
    # numbers
    "01": "Octal/hex numbers are not valid JSON values.\n01\n^",
    "-01": "Octal/hex numbers are not valid JSON values.\n-01\n^",
    "[0x1F]": "Octal/hex numbers are not valid JSON values.\n[0x1F]\n ^",
    "-": "Unable to parse number.\n-\n^",
    "[1-2]": "Unable to parse number.\n[1-2]\n ^",
    "1e": "Unable to parse number.\n1e\n^",
    "1.2.3": "Unable to parse number.\n1.2.3\n^",
    "1E400": "Number exceeds the range of double.\n1E400\n^",
    "-1E400": "Number exceeds the range of double.\n-1E400\n^",
    "9" * 5000: f"Number exceeds the range of double.\n{'9' * 20}\n^",
    # strings
    '"a': 'Closing quote expected in string.\n"a\n  ^',
    "'a\"": "Closing quote expected in string.\n'a\"\n   ^",
    f'"a{BACKSLASH}': f'Closing quote expected in string.\n"a{BACKSLASH}\n  ^',
    '{"a': 'Closing quote expected in string.\n{"a\n   ^',
    r'"\u': 'Illegal hex string.\n"\\u\n ^',
    r'"\u12"': 'Illegal hex string.\n"\\u12"\n ^',
    r'"\ué"': 'Illegal hex string.\n"\\ué"\n ^',  # five bytes
    r'"\uéé"': 'Invalid escape sequence.\n"\\uéé"\n ^',  # seven
    r'"\u12$4"': 'Invalid escape sequence.\n"\\u12$4"\n ^',
    r'"a\u{41}"': 'Invalid escape sequence.\n"a\\u{41}"\n  ^',
    r'"\ud83d\ude--"': 'Invalid escape sequence.\n"\\ud83d\\ude--"\n ^',
    r'"\ud83d"': 'Missing low surrogate.\n"\\ud83d"\n ^',
    r'"\ud83d\ude"': 'Missing low surrogate.\n"\\ud83d\\ude"\n ^',
    r'"\ud83d|ude36"': 'Missing low surrogate.\n"\\ud83d|ude36"\n ^',
    r'["\ud83d", "\ude00"]': 'Missing low surrogate.\n["\\ud83d", "\\ude00"]\n  ^',
    r'"\ud83d\ud83d"': 'Invalid low surrogate.\n"\\ud83d\\ud83d"\n ^',
    r'"\ude36"': 'Invalid unicode code point.\n"\\ude36"\n ^',
    r'{"\ude36": 1}': 'Invalid unicode code point.\n{"\\ude36": 1}\n  ^',
    r'"\\ud83d\ude00"': 'Invalid unicode code point.\n"\\\\ud83d\\ude00"\n        ^',
    # the context: 20 bytes on either side, which may cut a character
    f"[{'1,' * 20}&{'2' * 30}]": (f"Expected a value or ] within an array.\n{'1,' * 10}&{'2' * 19}\n{' ' * 20}^"),
    f"'é{'a' * 17}' {'b' * 19}é": (
        f"Parsing terminated before end of input.\n\ufffd{'a' * 17}' {'b' * 19}\ufffd\n{' ' * 20}^"
    ),
    # a character before the place counts with its bytes
    "['é' 1]": "Expected , or ] after array value.\n['é' 1]\n      ^",
}


@pytest.mark.parametrize("read", [parse, read_leniently])
@pytest.mark.parametrize("text", ACCEPTED)
def test_accepted(read: Callable[[bytes], Value], text: str) -> None:
    """Valid and nearly valid JSON is read; the fast parser reads strict JSON."""
    value = read(text.encode())

    assert repr(value) == repr(ACCEPTED[text])


@pytest.mark.parametrize("text", INVALID)
def test_refused(text: str) -> None:
    """Invalid text is refused with a message that shows the place."""
    with pytest.raises(JsonSyntaxError) as refusal:
        parse(text.encode())

    assert refusal.value.args == (INVALID[text],)


@pytest.mark.parametrize("data", [b'{"a": "\xff"}', b'{"a": "\xc3', b'"\xed\xa0\x80"', b"{} \x80"])
def test_not_utf_8(data: bytes) -> None:
    """Bytes that are not UTF-8 are refused first, with the beginning of the text."""
    with pytest.raises(JsonSyntaxError) as refusal:
        parse(data)

    text = data.decode(errors="replace")
    assert refusal.value.args == (f"Encountered non UTF-8 code points.\n{text}\n^",)


def test_members_are_not_a_list() -> None:
    """The type distinguishes members from arrays: members are a tuple."""
    value = parse(b'{"a": 1}')

    assert isinstance(value, Members)
    assert not isinstance(value, list)
    assert list(value) == [("a", 1)]


def nested(levels: int, opening: str, closing: str) -> bytes:
    """Return *levels* of one kind of container around a 1."""
    return (opening * levels + "1" + closing * levels).encode()


@pytest.mark.parametrize(
    ("opening", "closing", "key"),
    [("{k:", "}", "k"), ('{"é":', "}", "é"), ("[", "]", ""), ("[{'k':[", "]}]", "")],
)
def test_depth(opening: str, closing: str, key: str) -> None:
    """A hundred objects or arrays can be nested, and not one more of a kind."""
    deepest = 50 if "[{" in opening else 100
    parse(nested(deepest, opening, closing))

    with pytest.raises(JsonSyntaxError) as refusal:
        parse(nested(deepest + 1, opening, closing))
    assert refusal.value.args == (f"Message too deep. Max recursion depth reached for key '{key}'",)


def test_depth_in_an_array() -> None:
    """An object in an array has no name, so the message has an empty one."""
    with pytest.raises(JsonSyntaxError) as refusal:
        parse(b'{"k": [{}]}', max_depth=1)

    assert refusal.value.args == ("Message too deep. Max recursion depth reached for key ''",)


def test_depth_is_not_breadth() -> None:
    """Many containers side by side are not deep."""
    value = parse(b"[" + b'[], {"a": {}},' * 1000 + b"]", max_depth=2)

    assert isinstance(value, list)
    assert len(value) == 2000


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_depth_without_end(opening: str) -> None:
    """Depth beyond the interpreter's own stack is refused like any other."""
    with pytest.raises(JsonSyntaxError, match=r"^Message too deep"):
        parse(opening.encode() * (100 * sys.getrecursionlimit()))


def test_error_has_no_context() -> None:
    """The error of the lenient parser does not show that of the strict parser."""
    with pytest.raises(JsonSyntaxError) as refusal:
        parse(b"[1 2]")

    assert refusal.value.__context__ is None


numbers = st.integers() | st.integers(-(2**65), 2**65) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
styles: st.SearchStrategy[Callable[[object], str]] = st.builds(
    partial,
    st.just(json.dumps),
    ensure_ascii=st.booleans(),
    indent=st.sampled_from([None, 0, 2, "\t"]),
    separators=st.sampled_from([None, (",", ":"), (" , ", "\n:\r")]),
)
texts = st.builds(lambda style, value: style(value).encode(), styles, values)


def as_read(value: object) -> Value:
    """Return the value that the text of *value* reads as."""
    if isinstance(value, dict):
        return Members([(key, as_read(item)) for key, item in value.items()])
    if isinstance(value, list):
        return [as_read(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value)
    assert value is None or isinstance(value, (bool, int, float, str))
    return value


@settings(max_examples=50)
@given(values, styles)
def test_standard_json_reads_back(value: object, style: Callable[[object], str]) -> None:
    """Both parsers read all that the standard library writes, in any style."""
    data = style(value).encode()

    assert outcome(parse, data) == outcome(read_leniently, data) == repr(as_read(value))


TOKENS = [
    *"[]{}:,'\"-0179.eEx+ \t\v\n\0abunk$_é😀" + BACKSLASH,
    *(
        "true",
        "false",
        "null",
        "NaN",
        "Infinity",
        '"a"',
        "'b'",
        "c:",
        '"d":',
        "[1,",
        "{e:",
        "1e5",
        "1E400",
        "-0",
    ),
    *(rf"\u{code}" for code in ("0041", "d83d", "DE00", "ude", "")),
    *("18446744073709551615", "18446744073709551616", "-9223372036854775808", "-9223372036854775809"),
]
soup = st.lists(st.sampled_from(TOKENS), max_size=12).map(lambda tokens: "".join(tokens).encode())
quoted_soup = soup.map(lambda text: b'["' + text + b'"]')
bracketed_soup = soup.map(lambda text: b"[" + text + b"]")


@given(soup | quoted_soup | bracketed_soup)
def test_parsers_agree(data: bytes) -> None:
    """Both parsers give the same value or the same error."""
    assert outcome(parse, data) == outcome(read_leniently, data)


@given(st.binary() | soup)
def test_only_syntax_errors_are_raised(data: bytes) -> None:
    """Any bytes can be the text."""
    outcome(parse, data)


@settings(max_examples=50)
@given(texts, st.data())
def test_only_syntax_errors_are_raised_after_a_change(data: bytes, draw: st.DataObject) -> None:
    """Any small change of valid JSON can be the text."""
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, min(start + 3, len(data))))

    outcome(parse, data[:start] + draw.draw(st.binary(max_size=3) | soup) + data[end:])
