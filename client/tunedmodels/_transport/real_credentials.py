"""Recognizes credentials that look real, which a mock server must not get and plain http must not carry.

The mock server and the contracts have such patterns too. ``tests/test_credential_patterns.py`` checks that they agree.
"""

from __future__ import annotations

import re

_REAL = re.compile(
    r"AIza[\w-]{35,}"  # an API key
    r"|AQ\.[\w.~+/=-]{20,}"  # an API key of the newer form
    r"|ya29\.[\w.~+/=-]{20,}"  # an access token
    r"|(?<![\w-])1//[\w.~+/=-]{20,}"  # a refresh token
    r"|GOCSPX-[\w-]{20,}"  # a client secret
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]+"  # a signed JWT
)


def looks_real(credential: str) -> bool:
    """Return whether *credential*, or a part of it, has the form of a real one."""
    return _REAL.search(credential) is not None
