"""Removes secrets from exchanges before they are written to a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from .exchange import Exchange, Headers, SentRequest
from .secret_patterns import HEADERS, PLACEHOLDER, SecretMatch, find_secrets, is_placeholder, placeholder

LITERAL = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
"""A JSON string literal."""

_PART = r"(?:[\w.~+@:!$*()-]|%[0-9A-Fa-f]{2})*"
QUOTED = re.compile(rf"(?<![\w.~+@:!$*()%-]){_PART}%[0-9A-Fa-f]{{2}}{_PART}")
"""A part of a URL or of a form with percent-encoded characters."""

_SHORTEST_KNOWN = 6  # characters: a shorter secret is replaced only at its own place, not at every occurrence
_PASSES = 8
_MAX_DEPTH = 4  # levels of JSON strings inside JSON strings


class Scrubber:
    """Replaces each secret by a placeholder, and uses the same placeholder for every occurrence of that secret.

    The caller gives known *secrets*. Other secrets are recognized by their place (header, parameter, member) or by
    their form.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._placeholders: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._known_pattern: re.Pattern[str] | None = None
        self._spellings: dict[str, str] = {}
        for secret in secrets:
            if len(secret) < _SHORTEST_KNOWN:
                raise ValueError(
                    f"a secret needs {_SHORTEST_KNOWN} characters or more, to be distinguishable from other text"
                )
            self._learn("secret", secret)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the replaced secrets."""
        return tuple(sorted(self._counts))

    def scrub(self, exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
        """Return *exchanges* without secrets.

        A secret that is recognized in one exchange is removed from all of them.
        """
        before = -1
        while before != len(self._placeholders):  # replacing one secret can reveal another
            before = len(self._placeholders)
            for exchange in exchanges:
                self._scrub_exchange(exchange)
        return tuple(self._scrub_exchange(exchange) for exchange in exchanges)

    def scrub_text(self, text: str, depth: int = _MAX_DEPTH) -> str:
        """Return *text* without secrets."""
        if depth:
            text = LITERAL.sub(lambda match: self._scrub_literal(match[0], depth), text)
            text = QUOTED.sub(lambda match: self._scrub_quoted(match[0], depth), text)
        text = self._replace_known(text)
        for _ in range(_PASSES):  # replacing one secret can reveal a secret inside it
            matches = sorted(find_secrets(text), key=lambda match: (match.start, -match.end))
            if not matches:
                break
            text = self._replace(text, matches)
        return text

    def _scrub_exchange(self, exchange: Exchange) -> Exchange:
        request, response = exchange.request, exchange.response
        return replace(
            exchange,
            request=SentRequest(
                request.method,
                self.scrub_text(request.url),
                self._scrub_headers(request.headers),
                self._scrub_body(request.body),
            ),
            response=replace(
                response,
                reason=self.scrub_text(response.reason),
                headers=self._scrub_headers(response.headers),
                body=self._scrub_body(response.body),
            ),
        )

    def _scrub_headers(self, headers: Headers) -> Headers:
        return tuple((self.scrub_text(name), self._scrub_header(name.lower(), value)) for name, value in headers)

    def _scrub_header(self, name: str, value: str) -> str:
        kind = HEADERS.get(name)
        if kind is not None:
            matches = [SecretMatch(kind, start, end) for start, end in header_secrets(name, value)]
            value = self._replace(
                value, [match for match in matches if not is_placeholder(value[match.start : match.end])]
            )
        return self.scrub_text(value)

    def _scrub_body(self, body: bytes) -> bytes:
        try:
            return self.scrub_text(body.decode()).encode()
        except UnicodeDecodeError:
            # Each byte is a Latin-1 character, so bytes that are no secret do not change.
            return self.scrub_text(body.decode("latin-1")).encode("latin-1", "replace")

    def _scrub_literal(self, literal: str, depth: int) -> str:
        if "\\" not in literal:
            return literal  # without escapes, the value equals the text
        try:
            value = json.loads(literal, strict=False)
        except ValueError:
            return literal
        instead = self.scrub_text(value, depth - 1)
        return literal if instead == value else json.dumps(instead, ensure_ascii=literal.isascii())

    def _scrub_quoted(self, quoted: str, depth: int) -> str:
        value = unquote(quoted)
        instead = self.scrub_text(value, depth - 1)
        return quoted if instead == value else quote(instead, safe="@")

    def _replace_known(self, text: str) -> str:
        if self._known_pattern is None:
            longest = sorted(self._spellings, key=len, reverse=True)
            patterns = [rf"(?<!\d){each}(?!\d)" if each.isdigit() else re.escape(each) for each in longest]
            self._known_pattern = re.compile("|".join([f"(?P<scrubbed>{PLACEHOLDER.pattern})", *patterns]))
        return self._known_pattern.sub(lambda match: match["scrubbed"] or self._spellings[match[0]], text)

    def _replace(self, text: str, matches: Iterable[SecretMatch]) -> str:
        pieces: list[str] = []
        end = 0
        for match in matches:
            instead = self._learn(match.kind, text[match.start : match.end])
            if match.start >= end:  # an overlapping match is learned but not replaced here
                pieces += [text[end : match.start], instead]
                end = match.end
        return "".join([*pieces, text[end:]])

    def _learn(self, kind: str, text: str) -> str:
        secret = _decode(text)
        instead = self._placeholders.get(secret)
        if instead is None:
            self._counts[kind] = number = self._counts.get(kind, 0) + 1
            instead = self._placeholders[secret] = placeholder(kind, number, secret)
        # A text with a % or a backslash can be an encoding of another text, or the secret itself.
        for each in {text, secret}:
            if len(each) >= _SHORTEST_KNOWN and each not in self._spellings:
                self._spellings.update(dict.fromkeys(spellings(each), instead))
                self._known_pattern = None
        return instead


def header_secrets(name: str, value: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each secret in *value* of the header *name*; *name* is in lower case."""
    if name == "cookie":
        pairs = re.finditer(r"=\s*([^;]+)", value)
        yield from ((match.start(1), match.end(1)) for match in pairs)
    elif name == "set-cookie":
        first = re.match(r"[^=;]*=\s*([^;]+)", value)
        if first:
            yield first.span(1)
    else:
        scheme = re.match(r"\s*(?:(?:bearer|basic)\s+)?", value, re.IGNORECASE)
        start = scheme.end() if scheme else 0
        if value[start:].strip():
            yield start, len(value.rstrip())


def _decode(text: str) -> str:
    """Return the secret that *text* encodes, as in a URL or in JSON."""
    if "\\" in text:
        try:
            return str(json.loads(f'"{text}"', strict=False))
        except ValueError:
            return text
    return unquote_plus(text) if "%" in text else text


def spellings(secret: str) -> set[str]:
    """Return the encodings of *secret* in URLs, forms and JSON."""
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret), quote(secret, safe="/:@")}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), text) for text in quoted}
    dumped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {secret, *quoted, *lower, *dumped}
