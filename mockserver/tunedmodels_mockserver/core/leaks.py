"""Leaks: credentials that look real, which nobody means to send to a fake.

Source: the forms that secret scanners look for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .worlds import bare

_FORMS = (
    ("API key", re.compile(r"AIza[0-9A-Za-z_-]{35,}")),
    ("API key", re.compile(r"AQ\.[0-9A-Za-z._~+/=-]{20,}")),
    ("access token", re.compile(r"ya29\.[0-9A-Za-z._~+/=-]{20,}")),
    ("refresh token", re.compile(r"1//[0-9A-Za-z._~+/=-]{20,}")),
    ("client secret", re.compile(r"GOCSPX-[0-9A-Za-z_-]{20,}")),
)


def kind(credentials: Iterable[str]) -> str | None:
    """Return what the first of *credentials* that looks real looks like, or None where none does."""
    for credential in credentials:
        text = bare(credential.strip())
        for name, form in _FORMS:
            if form.fullmatch(text):
                return name
    return None
