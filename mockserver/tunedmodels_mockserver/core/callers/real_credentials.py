"""Leaks: credentials that look real, which nobody means to send to a fake.

Source: the forms that secret scanners look for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..world_names import without_world
from . import jwt

FORMS = (
    ("API key", re.compile(r"AIza[0-9A-Za-z_-]{35,}")),
    ("API key", re.compile(r"AQ\.[0-9A-Za-z._~+/=-]{20,}")),
    ("access token", re.compile(r"ya29\.[0-9A-Za-z._~+/=-]{20,}")),
    ("refresh token", re.compile(r"1//[0-9A-Za-z._~+/=-]{20,}")),
    ("client secret", re.compile(r"GOCSPX-[0-9A-Za-z_-]{20,}")),
)


_KEY_ID = re.compile(r"[0-9a-f]{40}")


def kind(credentials: Iterable[str]) -> str | None:
    """Return what the first of *credentials* that looks real looks like, or None where none does."""
    for credential in credentials:
        text = without_world(credential.strip())
        for name, form in FORMS:
            if form.fullmatch(text):
                return name
        signed = jwt.read(text)
        # Google's own key ids; the fake's have another form.
        if signed and _KEY_ID.fullmatch(str(signed.header.get("kid"))):
            return "token signed by a service account"
    return None
