"""Fills placeholders such as ``{{prompt}}`` in the texts of canned answers. Placeholders are names, not expressions.

The placeholders are ``{{prompt}}``, ``{{model}}`` (the full name), ``{{model_id}}``, ``{{caller}}`` (an e-mail
address), ``{{call}}`` (how often the rule has answered, this time included), ``{{json:$.path}}`` (the first value that
the path finds in the request) and ``{{match:1}}`` (a group of the rule's regex, by number or name). ``\\{{`` writes two
braces.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from ..strict_input import nearest
from . import patterns
from .query import PromptQuery

_NAMES = ("prompt", "model", "model_id", "caller", "call", "json:", "match:")
_PLACEHOLDER = re.compile(r"(?P<escaped>\\\{\{)|\{\{(?P<name>[^{}]*)\}\}|(?P<open>\{\{)")


class TemplateSources(msgspec.Struct, frozen=True):
    """The sources of the values: the call, the rule's regex (or None), and how often the rule has answered."""

    query: PromptQuery
    regex: str | None
    hits: int

    def fill(self, value: Any) -> Any:
        """Return plain JSON *value* with the placeholders in all its texts replaced by their values."""
        if isinstance(value, str):
            return _PLACEHOLDER.sub(self._value, value) if "{{" in value else value
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.fill(item) for item in value]
        return value

    def _value(self, placeholder: re.Match[str]) -> str:
        if placeholder["escaped"]:
            return "{{"
        name, _, argument = placeholder["name"].strip().partition(":")
        query = self.query
        if name == "json":
            values = patterns.select(argument.strip(), query.document)
            return _text(values[0]) if values else ""
        if name == "match":
            match = patterns.regex(self.regex or "").search(query.text)
            return (match and match.group(_group(argument))) or ""
        return str(self.hits if name == "call" else query.text if name == "prompt" else getattr(query, name))


def check(value: Any, regex: str | None) -> None:
    """Raise ValueError if a text in *value* has an invalid placeholder. *regex* is that of the rule, or None."""
    if isinstance(value, str):
        for placeholder in _PLACEHOLDER.finditer(value):
            _check(placeholder, regex)
    elif isinstance(value, dict):
        for item in value.values():
            check(item, regex)
    elif isinstance(value, list | tuple):
        for item in value:
            check(item, regex)


def _check(placeholder: re.Match[str], regex: str | None) -> None:
    if placeholder["escaped"]:
        return
    if placeholder["open"]:
        raise ValueError("a text has {{ without a name and }} after it; write \\{{ for two braces")
    name, colon, argument = placeholder["name"].strip().partition(":")
    if f"{name}{colon}" not in _NAMES:
        near = nearest(f"{name}{colon}", list(_NAMES))
        raise ValueError(
            f"{placeholder[0]} is not a known placeholder{near}; known are {', '.join(_NAMES)}; write "
            f"\\{{{{ for two braces"
        )
    if name == "json":
        patterns.json_path(argument.strip())
    elif name == "match":
        if regex is None:
            raise ValueError(f"{placeholder[0]} needs a condition regex in the rule")
        pattern, group = patterns.regex(regex), _group(argument)
        if group not in pattern.groupindex and group not in range(pattern.groups + 1):
            groups = f"{pattern.groups} group{'' if pattern.groups == 1 else 's'}"
            raise ValueError(f"{placeholder[0]} names a group that the regex {regex!r} does not have; it has {groups}")


def _group(argument: str) -> int | str:
    text = argument.strip()
    return int(text) if text.isascii() and text.isdigit() else text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
