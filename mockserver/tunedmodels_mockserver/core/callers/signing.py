"""Seals: how the fake knows again what it made, after a restart and in another process, without keeping any of it.

The key is no secret and the seal no protection: a fake guards nothing. It only has to tell its own tokens and keys
from typing errors and from those of others.
"""

from __future__ import annotations

import base64
import json
from hashlib import blake2b
from typing import Any

_KEY = b"tunedmodels"
_MARK = "tunedmodels"
_LONGEST = 200_000  # characters


def sign(kind: str, content: Any) -> str:
    """Return *content*, plain JSON, as a text of the fake's own that says its *kind*.

    The text has no character that a bearer token (RFC 6750) may not have, and no dot: it is never taken for a JWT.
    """
    payload = _encode(json.dumps(content, separators=(",", ":")).encode())
    return f"{_MARK}-{kind}~{payload}~{_signature(kind, payload)}"


def unsign(kind: str, text: str) -> Any:
    """Return the content of *text*; None for what is not of this *kind*, or not the fake's."""
    mark, _, rest = text.partition("~")
    payload, _, proof = rest.partition("~")
    if (
        not text.isascii()
        or len(text) > _LONGEST
        or mark != f"{_MARK}-{kind}"
        or not payload
        or proof != _signature(kind, payload)
    ):
        return None
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def _signature(kind: str, payload: str) -> str:
    return _encode(blake2b(f"{kind}~{payload}".encode(), key=_KEY, digest_size=12).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
