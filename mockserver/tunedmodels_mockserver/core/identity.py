"""Identity: who calls, read from a request's credentials.

A token that names somebody wins over a key; whatever names nobody, and no credential at all, is one and the same
developer.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass

DEVELOPER = "developer@example.com"

_SUBJECT = re.compile(r"[ -~]{1,400}")
ADDRESS = re.compile(r"[^\s/@,;<>\"]{1,200}@[^\s/@,;<>\"]{1,200}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an address, and the project number that the call is billed to, if it is a number."""

    email: str = DEVELOPER
    project: int | None = None


def caller(token: str | None, key: str | None, project: str | None) -> Caller:
    """Return the caller that a bearer *token* or an API *key* names, billed to *project*."""
    named = (_address(text) for text in (token, key) if text)
    email = next((address for address in named if address), DEVELOPER)
    return Caller(email, int(project) if project and re.fullmatch(r"[0-9]{1,18}", project) else None)


def _address(credential: str) -> str | None:
    match = ADDRESS.search(credential)
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
    return subject.lower() if isinstance(subject, str) and _SUBJECT.fullmatch(subject) else None
