"""Parses JSON text as leniently as the front end of Google's APIs, and with the same error messages.

The behavior is that of protobuf's JSON stream parser, `google/protobuf/util/internal/json_stream_parser.cc` ("the
original parser" below), if it gets the whole text at once. There are two parsers. The strict parser uses the standard
library, because it is fast and almost every client sends strict JSON. A text that the strict parser refuses, or might
read differently, goes to the lenient parser. Only the lenient parser raises errors to the caller. If both accept a
text, they give the same value.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

Value: TypeAlias = "bool | int | float | str | list[Value] | Members | None"


class Members(tuple[tuple[str, "Value"], ...]):
    """The (key, value) pairs of an object, in the order of the text. A repeated key has one pair each time."""

    __slots__ = ()


class JsonSyntaxError(ValueError):
    """The text is not valid JSON. ``args[0]`` is the whole message, with the place in the text if there is one."""


def parse(data: bytes, *, max_depth: int = 100) -> Value:
    """Parse *data* as JSON, or raise `JsonSyntaxError` with the message of protobuf's JSON stream parser.

    Like that parser it accepts trailing commas, single quotes, keys without quotes, raw control characters and any
    escaped character in strings, and numbers such as ``1.`` and ``-.5``. Integers that fit 64 bits, signed or
    unsigned, become `int`, other numbers `float`. More than *max_depth* nested objects, or arrays, are an error.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        context = data[:20].decode(errors="replace")
        raise JsonSyntaxError(f"Encountered non UTF-8 code points.\n{context}\n^") from None
    try:
        return _parse_strictly(text, max_depth)
    except (ValueError, RecursionError):
        pass  # not in the handler: the traceback of the other error would show this one
    return _parse_leniently(text, max_depth)


def _number(token: str) -> int | float:
    digits = token.removeprefix("-")
    if digits.startswith("0") and len(digits) > 1 and set(".eE").isdisjoint(digits):
        raise ValueError("Octal/hex numbers are not valid JSON values.")
    # The longest integers of 64 bits have 20 characters, including the sign.
    if digits.isdigit() and len(token) <= 20 and -(2**63) <= (integer := int(token)) < 2**64:
        return integer
    try:
        number = float(token)
    except ValueError:
        raise ValueError("Unable to parse number.") from None
    if math.isinf(number):
        raise ValueError("Number exceeds the range of double.")
    return number


# -- The strict parser. If it raises ValueError, the lenient parser decides. -----------------------------------

_STRICT = json.JSONDecoder(
    object_pairs_hook=Members,
    parse_int=_number,
    parse_float=_number,
    parse_constant=int,  # refuses NaN, Infinity and -Infinity, which are not JSON
    strict=False,  # accepts raw control characters
)


def _parse_strictly(text: str, max_depth: int) -> Value:
    value: Value = _STRICT.decode(text)
    # The decoder accepts any depth and lone surrogates. Only an escape makes a surrogate, and only a bracket a level.
    if "\\u" not in text and text.count("{") + text.count("[") <= max_depth:
        return value
    # Check the tree level by level. An object counts as two levels here, itself and its pairs. So a value that passes
    # is not too deep; the lenient parser counts exactly.
    level: list[Value | tuple[str, Value]] = [value]
    for _ in range(max_depth):
        "".join([node for node in level if isinstance(node, str)]).encode()  # refuses surrogates
        level = [child for node in level if isinstance(node, (list, tuple)) for child in node]
        if not level:
            return value
    raise ValueError


# -- The lenient parser --------------------------------------------------------------------------------------
#
# A place is a state of the parser. Its name is the error message for a text that has nothing valid at this place.
# _STEPS maps a place and the next character to the next place. Keys and values can begin with too many characters for
# such a table.

_VALUE = "Expected a value."
_ELEMENT = "Expected a value or ] within an array."
_AFTER_ELEMENT = "Expected , or ] after array value."
_KEY = "Expected an object key or }."
_AFTER_KEY = "Expected : between key:value pair."
_AFTER_MEMBER = "Expected , or } after key:value pair."
_AFTER_TEXT = "Parsing terminated before end of input."
_END_OF_CONTAINER = "The innermost container ends here."

_STEPS = {
    _VALUE: {},
    _ELEMENT: {"]": _END_OF_CONTAINER},
    _AFTER_ELEMENT: {",": _ELEMENT, "]": _END_OF_CONTAINER},
    _KEY: {"}": _END_OF_CONTAINER},
    _AFTER_KEY: {":": _VALUE},
    _AFTER_MEMBER: {",": _KEY, "}": _END_OF_CONTAINER},
    _AFTER_TEXT: {"": _END_OF_CONTAINER},
}


class _Container(NamedTuple):
    first: str
    after: str
    close: Callable[[list[Any]], Value]


_TEXT = _Container(_VALUE, _AFTER_TEXT, lambda values: values[0])
_CONTAINERS = {
    "{": _Container(_KEY, _AFTER_MEMBER, Members),
    "[": _Container(_ELEMENT, _AFTER_ELEMENT, lambda values: values),
}

_BLANKS = re.compile(r"[ \t\n\v\f\r]+")
_NUMBER = re.compile(r"[-0-9][-+0-9.eEx]*")
_WORD = re.compile(r"true|false|null")
_WORDS = {"true": True, "false": False, "null": None}
_BARE_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_MISPLACED = re.compile(r"[A-Za-z_${}\[\]:,]")  # begins a token, but not a value

# One step in a string: plain characters, then the closing quote, an escaped character, a code, or two surrogates.
_STRING_STEPS = {
    quote: re.compile(
        rf"([^{quote}\\]*)(?:({quote})|\\([^u])|\\u(?![dD][89a-fA-F])([0-9a-fA-F]{{4}})"
        r"|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2}))"
    )
    for quote in "\"'"
}
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}

# The reason why a step fails: the first pattern that matches the bytes after the plain characters.
_STRING_FAULTS = {
    re.compile(rb"\\?\Z"): "Closing quote expected in string.",
    re.compile(rb"(?s:.{0,5})\Z"): "Illegal hex string.",
    re.compile(rb"\\u(?![0-9a-fA-F]{4})"): "Invalid escape sequence.",
    re.compile(rb"\\u[dD][c-fC-F]"): "Invalid unicode code point.",
    re.compile(rb"(?s:.{0,11})\Z|.{6}(?!\\u)"): "Missing low surrogate.",
    re.compile(rb".{8}(?![0-9a-fA-F]{4})"): "Invalid escape sequence.",
    re.compile(rb""): "Invalid low surrogate.",
}


def _parse_leniently(text: str, max_depth: int) -> Value:
    # There is no recursion, because the client decides the depth. The whole text is the outermost container.
    container, name, values = _TEXT, "", list[Any]()
    outer: list[tuple[_Container, str, list[Any]]] = []
    depth: Counter[str] = Counter()
    place, key, position = _VALUE, "", 0
    while True:
        character = text[position : position + 1]
        if character <= " " and (blanks := _BLANKS.match(text, position)):
            position = blanks.end()
            character = text[position : position + 1]
        step = _STEPS[place].get(character)
        if step and step != _END_OF_CONTAINER:
            place, position = step, position + 1
            continue
        if place == _KEY and not step:
            key, position = _key(text, position)
            place = _AFTER_KEY
            continue
        if character in _CONTAINERS and place in (_VALUE, _ELEMENT):
            outer.append((container, name, values))
            container, name, values = _CONTAINERS[character], key, []
            place, key, position = container.first, "", position + 1
            # The original parser counts only objects. We also limit arrays: other code visits them recursively.
            depth[place] += 1
            if depth[place] > max_depth:
                raise JsonSyntaxError(f"Message too deep. Max recursion depth reached for key '{name}'")
            continue
        if step:
            key, value = name, container.close(values)
            if not outer:
                return value
            depth[container.first] -= 1
            container, name, values = outer.pop()
            position += 1
        else:
            value, position = _scalar(text, position, place)
        place = container.after
        values.append((key, value) if place == _AFTER_MEMBER else value)


def _key(text: str, position: int) -> tuple[str, int]:
    if text[position : position + 1] in _STRING_STEPS:
        return _string(text, position)
    word = _BARE_KEY.match(text, position)
    if not word:
        raise _unexpected(text, position, _KEY)
    if word[0] in _WORDS:
        raise _error(text, word.end(), _KEY)
    return word[0], word.end()


def _scalar(text: str, position: int, place: str) -> tuple[Value, int]:
    if place not in (_VALUE, _ELEMENT):
        raise _unexpected(text, position, place)
    if text[position : position + 1] in _STRING_STEPS:
        return _string(text, position)
    if word := _WORD.match(text, position):
        return _WORDS[word[0]], word.end()
    if not (token := _NUMBER.match(text, position)):
        raise _unexpected(text, position, place)
    try:
        return _number(token[0]), token.end()
    except ValueError as error:
        raise _error(text, position, str(error)) from None


def _string(text: str, position: int) -> tuple[str, int]:
    steps, pieces = _STRING_STEPS[text[position]], list[str]()
    position += 1
    while step := steps.match(text, position):
        plain, end, letter, code, high, low = step.groups()
        position = step.end()
        pieces.append(plain)
        if end:
            return "".join(pieces), position
        if letter:
            pieces.append(_ESCAPES.get(letter, letter))
        elif code:
            pieces.append(chr(int(code, 16)))
        else:
            pieces.append(chr(0x10000 + ((int(high, 16) & 0x3FF) << 10 | int(low, 16) & 0x3FF)))
    backslash = text.find("\\", position)
    position = backslash if backslash >= 0 else len(text)
    rest = text[position : position + 12].encode()
    raise _error(text, position, next(reason for fault, reason in _STRING_FAULTS.items() if fault.match(rest)))


def _unexpected(text: str, position: int, place: str) -> JsonSyntaxError:
    if position == len(text):
        return _error(text, position, f"Unexpected end of string. {place}")
    misplaced = place in (_VALUE, _ELEMENT) and _MISPLACED.match(text, position)
    return _error(text, position, "Unexpected token." if misplaced else place)


def _error(text: str, position: int, message: str) -> JsonSyntaxError:
    # The original parser counts bytes: so the context may be cut within a character, and the caret may be misplaced.
    before = text[max(position - 20, 0) : position].encode()[-20:]
    after = text[position : position + 20].encode()[:20]
    return JsonSyntaxError(f"{message}\n{(before + after).decode(errors='replace')}\n{' ' * len(before)}^")
