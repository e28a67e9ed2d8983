"""Reads the identity of the caller from a request's credentials.

A token that names a caller wins over a key: the server's own token, or one that contains an e-mail address. Credentials
that name no caller, and no credentials at all, all mean the same developer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from ..defaults import DEVELOPER as DEVELOPER
from . import grants, jwt

_SUBJECT = re.compile(r"[ -~]{1,400}")
ADDRESS = re.compile(r"[^\s/@,;<>\"]{1,200}@[^\s/@,;<>\"]{1,200}")


class Caller(msgspec.Struct, frozen=True):
    """The caller: an e-mail address, the project number to bill (None if the project is no number), and the groups."""

    email: str = DEVELOPER
    project: int | None = None
    groups: frozenset[str] = frozenset()


@lru_cache(maxsize=512)  # a client sends the same credentials with each request
def caller(token: str | None, key: str | None, project: str | None) -> Caller:
    """Return the caller that a bearer *token* or an API *key* names, billed to *project*."""
    emails = (person(text) for text in (token, key) if text)
    return Caller(next((email for email in emails if email), DEVELOPER), project_number(project))


def person(credential: str) -> str | None:
    """Return the email or subject that *credential* names, without verification. None if it names no caller."""
    grant = grants.read_access(credential) or grants.read_refresh(credential)
    if grant:
        return grant.email
    match = ADDRESS.search(credential)
    return match[0].lower() if match else subject(jwt.claims(credential) or {})


def address(text: str) -> str:
    """Return the e-mail address *text* in lower case. Raise ValueError if *text* is not an e-mail address."""
    if not ADDRESS.fullmatch(text):
        raise ValueError(f"{text[:200]!r} is not an e-mail address. The form is alice@example.com.")
    return text.lower()


def subject(claims: Mapping[str, Any]) -> str | None:
    """Return the subject of the JWT *claims* in lower case, or None if it is not a valid name."""
    value = claims.get("sub")
    return value.lower() if isinstance(value, str) and _SUBJECT.fullmatch(value) else None


def project_number(project: str | None) -> int | None:
    """Return *project* as a number, or None if it is not a number."""
    return int(project) if project and re.fullmatch(r"[0-9]{1,18}", project) else None
