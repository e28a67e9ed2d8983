"""Recognizes credentials that look real. Sending one to a mock server is almost certainly a mistake."""

from __future__ import annotations

from functools import lru_cache

from ..world_names import without_world
from . import jwt
from .credential_patterns import REAL_FORMS, REAL_KEY_ID


@lru_cache(maxsize=512)  # a client sends the same credentials with each request
def kind(credentials: tuple[str, ...]) -> str | None:
    """Return the kind of the first of *credentials* that looks real, or None if none does."""
    for credential in credentials:
        text = without_world(credential.strip())
        for name, form in REAL_FORMS:
            if form.fullmatch(text):
                return name
        jwt_ = jwt.read(text)
        if jwt_ and REAL_KEY_ID.fullmatch(str(jwt_.header.get("kid"))):
            return "token signed by a service account"
    return None
