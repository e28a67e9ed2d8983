"""JSON text to values, as leniently and with the same complaints as the JSON front of Google's APIs.

The behaviour is that of protobuf's JSON stream parser, `google/protobuf/util/internal/json_stream_parser.cc`
("the twin" below), given the whole text at once. Two readers share the work. Strict JSON, which almost every
client sends, is read by the standard library, at its speed. What that refuses or might read differently goes
to the lenient reader, the only one to complain. On what both accept, they agree.
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
    """The (key, value) pairs of an object, in the order of the text; a repeated key is there each time."""

    __slots__ = ()


class JsonSyntaxError(ValueError):
    """The text cannot be read. ``args[0]`` is the whole message, with the place in the text if it has one."""


def parse(data: bytes, *, max_depth: int = 100) -> Value:
    """Read *data* as JSON, or raise `JsonSyntaxError` with the message of protobuf's JSON stream parser.

    As that parser does, it takes trailing commas, single quotes, bare keys, raw control characters and any
    escaped character in strings, and numbers such as ``1.`` and ``-.5``. Integers that fit 64 bits, signed or
    not, become `int`, other numbers `float`. More than *max_depth* nested objects, or arrays, are refused.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        context = data[:20].decode(errors="replace")
        raise JsonSyntaxError(f"Encountered non UTF-8 code points.\n{context}\n^") from None
    try:
        return _parse_strictly(text, max_depth)
    except (ValueError, RecursionError):
        pass  # and leave the handler, lest the refusal of one reader shows in the traceback of the other
    return _parse_leniently(text, max_depth)


def _number(token: str) -> int | float:
    digits = token.removeprefix("-")
    if digits.startswith("0") and len(digits) > 1 and set(".eE").isdisjoint(digits):
        raise ValueError("Octal/hex numbers are not valid JSON values.")
    # The longest integers of 64 bits have 20 characters, the sign included.
    if digits.isdigit() and len(token) <= 20 and -(2**63) <= (integer := int(token)) < 2**64:
        return integer
    try:
        number = float(token)
    except ValueError:
        raise ValueError("Unable to parse number.") from None
    if math.isinf(number):
        raise ValueError("Number exceeds the range of double.")
    return number


# -- The strict reader. A ValueError from it means no more than: let the lenient reader look. ----------------

_STRICT = json.JSONDecoder(
    object_pairs_hook=Members,
    parse_int=_number,
    parse_float=_number,
    parse_constant=int,  # refuses NaN, Infinity and -Infinity, which are not JSON
    strict=False,  # takes raw control characters
)


def _parse_strictly(text: str, max_depth: int) -> Value:
    value: Value = _STRICT.decode(text)
    # The decoder neither counts levels nor minds lone surrogates, so the tree is looked over level by level.
    # An object is two levels here, itself and its pairs: what passes is not too deep, and the lenient reader
    # counts the rest exactly.
    level: list[Value | tuple[str, Value]] = [value]
    for _ in range(max_depth):
        "".join([node for node in level if isinstance(node, str)]).encode()  # refuses surrogates
        level = [child for node in level if isinstance(node, (list, tuple)) for child in node]
        if not level:
            return value
    raise ValueError


# -- The lenient reader --------------------------------------------------------------------------------------
#
# A place in the text is named by the complaint for not finding there what is expected. The first table tells
# which mark leads from a place to which other; keys and values have too many beginnings for a table.

_VALUE = "Expected a value."
_ELEMENT = "Expected a value or ] within an array."
_AFTER_ELEMENT = "Expected , or ] after array value."
_KEY = "Expected an object key or }."
_AFTER_KEY = "Expected : between key:value pair."
_AFTER_MEMBER = "Expected , or } after key:value pair."
_AFTER_TEXT = "Parsing terminated before end of input."
_CLOSE = "What was opened last ends here."

_STEPS = {
    _VALUE: {},
    _ELEMENT: {"]": _CLOSE},
    _AFTER_ELEMENT: {",": _ELEMENT, "]": _CLOSE},
    _KEY: {"}": _CLOSE},
    _AFTER_KEY: {":": _VALUE},
    _AFTER_MEMBER: {",": _KEY, "}": _CLOSE},
    _AFTER_TEXT: {"": _CLOSE},
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
_MISPLACED = re.compile(r"[A-Za-z_${}\[\]:,]")  # begins some token, though not a value

# A step through a string: plain characters, then its end, an escaped character, a code, or two surrogates.
_STRING_STEPS = {
    quote: re.compile(
        rf"([^{quote}\\]*)(?:({quote})|\\([^u])|\\u(?![dD][89a-fA-F])([0-9a-fA-F]{{4}})"
        r"|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2}))"
    )
    for quote in "\"'"
}
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}

# Why there is no such step: the first that fits the bytes from the end of the plain characters on.
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
    # Not recursive, for the text decides how deep it goes. The text itself is the outermost container.
    container, name, values = _TEXT, "", list[Any]()
    outer: list[tuple[_Container, str, list[Any]]] = []
    depth: Counter[str] = Counter()
    place, key, position = _VALUE, "", 0
    while True:
        mark = text[position : position + 1]
        if mark <= " " and (blanks := _BLANKS.match(text, position)):
            position = blanks.end()
            mark = text[position : position + 1]
        step = _STEPS[place].get(mark)
        if step and step != _CLOSE:
            place, position = step, position + 1
            continue
        if place == _KEY and not step:
            key, position = _key(text, position)
            place = _AFTER_KEY
            continue
        if mark in _CONTAINERS and place in (_VALUE, _ELEMENT):
            outer.append((container, name, values))
            container, name, values = _CONTAINERS[mark], key, []
            place, key, position = container.first, "", position + 1
            # The twin counts objects only. The bound on arrays is ours: who walks the value may recurse.
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
    except ValueError as problem:
        raise _error(text, position, str(problem)) from None


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
    raise _error(text, position, next(why for fault, why in _STRING_FAULTS.items() if fault.match(rest)))


def _unexpected(text: str, position: int, place: str) -> JsonSyntaxError:
    if position == len(text):
        return _error(text, position, f"Unexpected end of string. {place}")
    misplaced = place in (_VALUE, _ELEMENT) and _MISPLACED.match(text, position)
    return _error(text, position, "Unexpected token." if misplaced else place)


def _error(text: str, position: int, complaint: str) -> JsonSyntaxError:
    # In bytes, as the twin counts: the context may be cut, and the caret be off, within a character.
    before = text[max(position - 20, 0) : position].encode()[-20:]
    after = text[position : position + 20].encode()[:20]
    return JsonSyntaxError(f"{complaint}\n{(before + after).decode(errors='replace')}\n{' ' * len(before)}^")
