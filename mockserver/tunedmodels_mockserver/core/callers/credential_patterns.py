"""Defines the forms of real credentials, which the server refuses, and of secrets, which the journal masks.

The server refuses only what has the length of a real credential, because tests make up keys such as ``AIza-key``. The
journal masks shorter texts too. Source: the forms that secret scanners search for. The client and the contracts have
patterns of their own; ``tests/test_credential_patterns.py`` checks that all agree.
"""

from __future__ import annotations

import re

REAL_FORMS = (
    ("API key", re.compile(r"AIza[0-9A-Za-z_-]{35,}")),
    ("API key", re.compile(r"AQ\.[0-9A-Za-z._~+/=-]{20,}")),
    ("access token", re.compile(r"ya29\.[0-9A-Za-z._~+/=-]{20,}")),
    ("refresh token", re.compile(r"1//[0-9A-Za-z._~+/=-]{20,}")),
    ("client secret", re.compile(r"GOCSPX-[0-9A-Za-z_-]{20,}")),
)
"""The kinds of Google's credentials, and their forms."""

REAL_KEY_ID = re.compile(r"[0-9a-f]{40}")
"""The form of Google's key ids, in the header of a JWT. Key ids of this server have another form."""

# A rare byte and a text that each token has at its beginning, and the form of the beginning.
_BEGINNINGS = (
    (b"z", b"AIza", rb"AIza[\w-]{10}"),
    (b"Q", b"AQ.", rb"AQ\.[\w.~+/=-]{20}|(?<![\w.])AQ\.[\w.~+/=-]{10}"),
    (b"9", b"ya29.", rb"ya29\.[\w.~+/=-]{4}"),
    (b"/", b"1//", rb"1//[\w.~+/=-]{20}"),
    (b"/", b"4/", rb"(?<![\w/])4/[\w-]{20}"),  # an authorization code
    (b"X", b"GOCSPX-", rb"GOCSPX-[\w-]{10}"),
    (b"J", b"eyJ", rb"eyJ[\w-]{5}"),  # a JWT, even if it is cut
    (b"~", b"tunedmodels-", rb"tunedmodels-(?:access|refresh)~"),  # a token of this server
)
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----[^\"]*")
_TOKEN = re.compile(b"(?:" + b"|".join(beginning for _, _, beginning in _BEGINNINGS) + rb")[\w.~+/=-]*")


def replace_credentials(data: bytes, replacement: bytes) -> bytes:
    """Return *data* with *replacement* in place of everything that has the form of a credential."""
    # Few bodies have a credential, and the search for one byte is very fast.
    if b"Y" in data and b"PRIVATE KEY" in data:
        data = _PRIVATE_KEY.sub(replacement, data)
    if any(byte in data and text in data for byte, text, _ in _BEGINNINGS):
        data = _TOKEN.sub(replacement, data)
    return data
