"""Searches the final text of a recording's file for secrets. It prefers a false alarm to a missed secret."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from ..strict_yaml import reader
from ..strict_yaml.errors import RecordingError
from .secret_patterns import HEADERS, PLACEHOLDER, find_secrets
from .secret_scrubber import LITERAL, header_secrets

_MAX_DEPTH = 4

# Text that no rule matches may still look random: long, with lower-case and upper-case letters, and digits.
_RANDOM = re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=(?:[A-Za-z_-]*\d){3})[A-Za-z0-9_-]{30,}")
# These are also long and random, but they give no access.
_HARMLESS = re.compile(r"""(?i)(?:page_?token|thought_?signature|response_?id|etag)\\?["']?\s*[:=]\s*\\?["']?$""")
_BASE64 = re.compile(r"(?m)^(\s*body_base64: )\S+$")


@dataclass(frozen=True)
class Leak:
    """A text that looks like a secret: its *kind*, its *place*, and an *excerpt* that is safe to print."""

    kind: str
    place: str
    excerpt: str


def scan(text: str) -> list[Leak]:
    """Return the possible secrets in *text* of a file: in the raw text, and in each value after parsing."""
    try:
        value = reader.read(text, "the file")
    except RecordingError:
        value = None
    return find_leaks(text, value)


def find_leaks(text: str, value: Any) -> list[Leak]:
    """Return the possible secrets in *text* and in its parsed *value*; *value* is None if *text* has no value."""
    # Bodies in base64 are searched after decoding.
    raw = text if value is None else _BASE64.sub(r"\1", text)
    leaks = [
        Leak(kind, f"line {raw.count(chr(10), 0, start) + 1}", _excerpt(secret))
        for kind, start, secret in _secrets(raw)
    ]
    for place, name, inner in _texts(value, ""):
        views = [inner] if name != "body_base64" else _decode_base64(inner)
        for view in views:
            leaks += [Leak(kind, place, _excerpt(secret)) for kind, secret in _secrets_in_header(name, view)]
            leaks += [Leak(kind, place, _excerpt(secret)) for kind, secret in _secrets_in_views(view, _MAX_DEPTH)]
    return list(dict.fromkeys(leaks))


def _secrets_in_views(text: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the secrets in *text*, and in *text* after decoding its URL and JSON escapes."""
    for kind, _, secret in _secrets(text):
        yield kind, secret
    if not depth:
        return
    if "%" in text:
        unquoted = unquote_plus(text)
        if unquoted != text:
            yield from _secrets_in_views(unquoted, depth - 1)
    for match in LITERAL.finditer(text):
        if "\\" in match[0]:
            try:
                yield from _secrets_in_views(json.loads(match[0], strict=False), depth - 1)
            except ValueError:
                continue


def _secrets(text: str) -> Iterator[tuple[str, int, str]]:
    for secret in find_secrets(text):
        yield secret.kind, secret.start, text[secret.start : secret.end]
    for match in _RANDOM.finditer(text):
        if not PLACEHOLDER.search(match[0]) and not _HARMLESS.search(text[max(0, match.start() - 40) : match.start()]):
            yield "long and random", match.start(), match[0]


def _secrets_in_header(name: str, value: str) -> Iterator[tuple[str, str]]:
    kind = HEADERS.get(name.lower())
    if kind is None:
        return
    for start, end in header_secrets(name.lower(), value):
        if not PLACEHOLDER.fullmatch(value[start:end]):
            yield kind, value[start:end]


def _texts(value: Any, place: str) -> Iterator[tuple[str, str, str]]:
    """Yield each text in *value*: its place, its name, and the text itself."""
    if isinstance(value, dict):
        for key, inner in value.items():
            path = f"{place}.{key}" if place else key
            yield path, "", key
            if isinstance(inner, str):
                yield path, key, inner
            else:
                yield from _texts(inner, path)
    elif isinstance(value, list):
        # A list of two texts can be a header.
        named = len(value) == 2 and all(isinstance(inner, str) for inner in value)
        for number, inner in enumerate(value, 1):
            if isinstance(inner, str):
                yield f"{place}.{number}", value[0] if named and number == 2 else "", inner
            else:
                yield from _texts(inner, f"{place}.{number}")


def _decode_base64(text: str) -> list[str]:
    try:
        return [base64.b64decode(text).decode("latin-1")]
    except binascii.Error:
        return [text]


def _excerpt(secret: str) -> str:
    return f"{secret[:4]}… ({len(secret)} characters)" if len(secret) > 12 else f"({len(secret)} characters)"
