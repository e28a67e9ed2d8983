"""Reads the parts of a JSON Web Token, without verification."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import msgspec

_MAX_LENGTH = 20_000  # characters; a token that Google's libraries make has some thousand


class Jwt(msgspec.Struct, frozen=True):
    """A JSON Web Token. ``signature`` is the signature of the bytes in ``signed``."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def read(token: str) -> Jwt | None:
    """Return the parts of *token*, or None if it is not a JWT."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _MAX_LENGTH:
        return None
    header, body = _object(parts[0]), _object(parts[1])
    try:
        signature = _decode(parts[2])
    except ValueError:
        return None
    if header is None or body is None:
        return None
    return Jwt(header, body, f"{parts[0]}.{parts[1]}".encode(), signature)


def claims(token: str) -> Mapping[str, Any] | None:
    """Return the claims of *token*, without reading its other parts. None if it is not a JWT."""
    parts = token.split(".")
    return _object(parts[1]) if len(parts) == 3 and len(token) <= _MAX_LENGTH else None


def _object(part: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(_decode(part))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
