"""The host of the real service, and the function that recognizes URLs of the service."""

from __future__ import annotations

from urllib.parse import urlsplit

HOST = "generativelanguage.googleapis.com"


def is_real(url: str) -> bool:
    """Return whether *url* leads to the real service: https, its host, port 443 and no user name."""
    try:
        parts = urlsplit(url)
        return (parts.scheme, parts.hostname, parts.port or 443, parts.username) == ("https", HOST, 443, None)
    except ValueError:  # the port is invalid
        return False
