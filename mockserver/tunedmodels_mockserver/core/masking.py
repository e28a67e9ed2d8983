"""Masking: what is a secret, or looks like one, is gone before a request is kept."""

from __future__ import annotations

import re
from urllib.parse import unquote

from . import leaks

MASK = "***"

# More than this is read beyond where a body is cut, so that no secret is cut in two and then not known as one.
MARGIN = 4096

_IN_QUERY = frozenset(
    ("key", "access_token", "oauth_token", "token", "refresh_token", "id_token", "assertion", "client_secret", "code")
)
_MEMBERS = r"access_token|refresh_token|id_token|client_secret|private_key|api_key"
_MASKED = MASK.encode()
_IN_JSON = re.compile(rb'("(?:' + _MEMBERS.encode() + rb')"\s*:\s*")(?:[^"\\]|\\.)*', re.DOTALL)
_IN_FORM = re.compile(rb"((?:\A|&)(?:" + "|".join(_IN_QUERY).encode() + rb")=)[^&\s]*")
_REAL = re.compile(
    b"|".join(form.pattern.encode() for _, form in leaks.FORMS)
    + rb"|tunedmodels-(?:access|refresh)~[\w~-]+|eyJ[\w-]{8,}\.[\w.-]*"
    + rb"|-----BEGIN [A-Z ]*PRIVATE KEY-----[^\"]*|(?<=Bearer )[\w.~+/=-]{8,}"
)


def text(value: str) -> str:
    """Return *value*, such as a path, without what looks like a secret in it."""
    return body(value.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def query(value: str) -> str:
    """Return a raw query string whose credentials are masked, whichever way they are spelled."""
    return "&".join(map(_pair, value.split("&"))) if value else ""


def authorization(value: str) -> str:
    """Return an Authorization header of which only the scheme is left."""
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space else MASK


def body(data: bytes) -> bytes:
    """Return a body, JSON or a form, without the values of members that are secret and what looks like a secret."""
    # Few bodies have anything of the kind, and a body is looked through for one byte in no time. Each pattern has a
    # byte, or else a text, that is rare.
    if b"_" in data:
        data = _IN_JSON.sub(rb"\1" + _MASKED, data)
    if (
        (b"A" in data and b"z" in data and b"AIza" in data)
        or b"ya29." in data
        or b"//" in data
        or (b"Q" in data and b"AQ." in data)
        or (b"X" in data and b"GOCSPX-" in data)
        or (b"J" in data and b"eyJ" in data)
        or (b"Y" in data and b"PRIVATE KEY" in data)
        or (b"B" in data and b"Bearer " in data)
        or (b"~" in data and b"tunedmodels-" in data)
    ):
        data = _REAL.sub(_MASKED, data)
    return data


def form(data: bytes) -> bytes:
    """Return the body of a form, such as one for the token endpoint, without its credentials."""
    return body(_IN_FORM.sub(rb"\1" + _MASKED, data))


def _pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    if equals and unquote(name).replace("+", " ").strip().removeprefix("$").lower() in _IN_QUERY:
        return f"{name}={MASK}"
    plain = unquote(pair)
    return pair if text(plain) == plain else f"{text(unquote(name))}={MASK}"
