"""Signs and reads self-contained texts, so that the server recognizes what it issued without storing it.

This also works after a restart and in another process. The key is public and protects nothing: a mock server has no
secrets. The signature only separates the server's own tokens and keys from foreign ones and from typing errors.
"""

from __future__ import annotations

import base64
import json
from hashlib import blake2b
from typing import Any

_KEY = b"tunedmodels"
_MARK = "tunedmodels"
_MAX_LENGTH = 200_000  # characters


def sign(kind: str, content: Any) -> str:
    """Return *content*, plain JSON, as a signed text that names its *kind*.

    The text has only characters that a bearer token (RFC 6750) may have, and no dot, so it never looks like a JWT.
    """
    payload = _encode(json.dumps(content, separators=(",", ":")).encode())
    return f"{_MARK}-{kind}~{payload}~{_signature(kind, payload)}"


def unsign(kind: str, text: str) -> Any:
    """Return the content of *text*, or None if it is not of this *kind* or has no valid signature."""
    mark, _, rest = text.partition("~")
    payload, _, proof = rest.partition("~")
    if (
        not text.isascii()
        or len(text) > _MAX_LENGTH
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
