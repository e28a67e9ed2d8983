"""Masks secrets, and texts that look like secrets, before anybody reads requests and answers in the journal."""

from __future__ import annotations

import re
from urllib.parse import unquote

from ..callers.credential_patterns import replace_credentials

MASK = "***"

# Bytes to read beyond the limit at which a body is truncated: a secret that crosses the limit is then whole and masked.
MARGIN = 4096

# Names that mean a secret everywhere, in lower case and without separators, because clients write access_token,
# accessToken and Access-Token.
_SECRET_NAMES = (
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "oauthtoken",
    "subjecttoken",
    "actortoken",
    "token",
    "clientsecret",
    "secret",
    "password",
    "privatekey",
    "apikey",
    "xgoogapikey",
    "assertion",
    "clientassertion",
    "codeverifier",
    "authorization",
    "proxyauthorization",
)
_IN_QUERY = frozenset((*_SECRET_NAMES, "key", "code"))  # in JSON these two names have other meanings too
# The ends of all names.
_NAME_ENDINGS = (b'token"', b'secret"', b'password"', b'key"', b'assertion"', b'verifier"', b'authorization"')
_QUOTED = tuple(b'"%s"' % name.encode() for name in _SECRET_NAMES)
_SIMPLIFY = bytes.maketrans(b"'ABCDEFGHIJKLMNOPQRSTUVWXYZ", b'"abcdefghijklmnopqrstuvwxyz')
_SCHEMES = frozenset(("bearer", "basic", "digest", "negotiate", "apikey"))

_MASKED = MASK.encode()
_NAMES = b"|".join(rb"[_-]?".join(re.findall(b".", name.encode())) for name in _SECRET_NAMES)
# A member and its quotes. They are escaped if a JSON text is in a JSON string, and single if a client sent str(dict).
_MEMBER = re.compile(rb'(\\?["\'])((?i:' + _NAMES + rb'))\1(\s*:\s*)(\\?["\'])(?:(?!\4)(?:\\\\\\.|\\.|.))*', re.DOTALL)
_BEARER = re.compile(rb"((?i:bearer)(?:[\s:+]|%20)+)[\w.~+/=-]{8,}")
_ESCAPE = re.compile(rb"\\(?:u00([2-7][0-9A-Fa-f])|(/)|(.))", re.DOTALL)
_QUOTES = b"\"'\\"


def mask_text(value: str) -> str:
    """Return *value*, such as a path, with everything masked that looks like a secret."""
    return mask_body(value.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def mask_query(value: str) -> str:
    """Return the raw query string *value* with its credentials masked, in every spelling of their names."""
    return "&".join(map(_mask_pair, value.split("&"))) if value else ""


def mask_authorization(value: str) -> str:
    """Return the Authorization header *value* with everything masked but a known scheme."""
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and scheme.lower() in _SCHEMES else MASK


def mask_body(data: bytes) -> bytes:
    """Return a JSON body or a form with secret members masked, and everything else that looks like a secret."""
    if b"\\u00" in data or b"\\/" in data:
        # Some encoders escape characters without need. A body without secrets stays as the client sent it.
        plain = _ESCAPE.sub(_unescape, data)
        masked = _mask_secrets(plain)
        return data if masked == plain else masked
    return _mask_secrets(data)


def mask_form(data: bytes) -> bytes:
    """Return the body of a form, such as a request to the token endpoint, with its credentials masked."""
    return mask_query(mask_body(data).decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _mask_secrets(data: bytes) -> bytes:
    # Few bodies have a secret, so search for a text of each pattern first.
    simplified = data.translate(_SIMPLIFY, b"_-\\")
    if any(ending in simplified for ending in _NAME_ENDINGS) and any(name in simplified for name in _QUOTED):
        data = _MEMBER.sub(rb"\1\2\1\3\4" + _MASKED, data)
    if b"bearer" in simplified:
        data = _BEARER.sub(rb"\1" + _MASKED, data)
    return replace_credentials(data, _MASKED)


def _unescape(escape: re.Match[bytes]) -> bytes:
    """Return the character of an *escape*, or the escape itself if JSON requires it."""
    character = bytes([int(escape[1], 16)]) if escape[1] else escape[2]
    return escape[0] if not character or character in _QUOTES else character


def _mask_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    if equals and re.sub(r"[\s$_+-]", "", unquote(name)).lower() in _IN_QUERY:
        return f"{name}={MASK}"
    plain = unquote(pair)
    if mask_text(plain) == plain:
        return pair
    return f"{mask_text(unquote(name))}={MASK}" if equals else mask_text(plain)
