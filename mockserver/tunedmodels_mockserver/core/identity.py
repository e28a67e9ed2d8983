"""Identity: which world a request belongs to and who calls, read from its credentials.

A key or token may say both: ``test-w1/alice@example.com`` is Alice in the world ``w1``. A token that names
somebody wins over a key; whatever names nobody, and no credential at all, is one and the same developer.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass

DEVELOPER = "developer@example.com"
DEFAULT_WORLD = ""

_WORLD = re.compile(r"test-([A-Za-z0-9._-]{1,100})")
_ADDRESS = re.compile(r"[^\s/@,;<>\"]{1,200}@[^\s/@,;<>\"]{1,200}")
WORLD_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an address, and the project number that the call is billed to, if it is a number."""

    email: str = DEVELOPER
    project: int | None = None


def world_name(test_id: str | None, *credentials: str | None) -> str:
    """Return the name of the world that *test_id* or the first of *credentials* that names one asks for."""
    if test_id:
        return test_id
    for credential in credentials:
        match = _WORLD.match(credential or "")
        if match:
            return match[1]
    return DEFAULT_WORLD


def caller(token: str | None, key: str | None, project: str | None) -> Caller:
    """Return the caller that a bearer *token* or an API *key* names, billed to *project*."""
    named = (_address(text) for text in (token, key) if text)
    email = next((address for address in named if address), DEVELOPER)
    return Caller(email, int(project) if project and re.fullmatch(r"[0-9]{1,18}", project) else None)


def _address(credential: str) -> str | None:
    match = _ADDRESS.search(credential)
    if match:
        return match[0].lower()
    return _subject(credential)


def _subject(token: str) -> str | None:
    """Return the subject of a JWT, which is not verified; None for anything else."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > 20_000:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return subject.lower() if isinstance(subject, str) and 0 < len(subject) <= 400 else None
