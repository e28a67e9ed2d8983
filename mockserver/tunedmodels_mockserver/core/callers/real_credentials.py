"""Recognizes credentials that look real. Sending one to a mock server is almost certainly a mistake.

Source: the forms that secret scanners search for.
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
    """Return the kind of the first of *credentials* that looks real, or None if none does."""
    for credential in credentials:
        text = without_world(credential.strip())
        for name, form in FORMS:
            if form.fullmatch(text):
                return name
        jwt_ = jwt.read(text)
        # The form of Google's key ids. Key ids of this server have another form.
        if jwt_ and _KEY_ID.fullmatch(str(jwt_.header.get("kid"))):
            return "token signed by a service account"
    return None
