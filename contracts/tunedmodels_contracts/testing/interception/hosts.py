"""Hosts: where the real service is, which nothing reaches while it is intercepted."""

from __future__ import annotations

HOSTS = frozenset({"generativelanguage.googleapis.com", "generativelanguage.mtls.googleapis.com"})
"""Google's names of the service."""

URL = "https://generativelanguage.googleapis.com"
"""Where clients look for it."""


class NotIntercepted(RuntimeError):
    """Something asked for the real service in a way that cannot be intercepted; nothing was sent.

    It is no OSError, so that no client takes it for a bad network and tries again.
    """

    def __init__(self, how: str) -> None:
        super().__init__(
            f"{how} asked for the real Gemini API while it is intercepted, and nothing was sent. What goes by "
            "requests, httpx, aiohttp or google-auth over requests is intercepted; give other clients a mock server's "
            "URL instead: the fixture tunedmodels_world has one."
        )


def is_service_host(host: object) -> bool:
    """Whether *host*, text or bytes, is a name of the service."""
    text = host.decode("latin-1") if isinstance(host, bytes) else host
    return isinstance(text, str) and text.rstrip(".").lower() in HOSTS
