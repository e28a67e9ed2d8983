"""The real service: its host, and whether a URL leads there."""

from __future__ import annotations

from urllib.parse import urlsplit

HOST = "generativelanguage.googleapis.com"


def is_real(url: str) -> bool:
    """Return whether *url* is one of the real service."""
    try:
        parts = urlsplit(url)
        return (parts.scheme, parts.hostname, parts.port or 443, parts.username) == ("https", HOST, 443, None)
    except ValueError:  # a port that is none
        return False
