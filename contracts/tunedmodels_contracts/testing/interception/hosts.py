"""The host names of the real service, and the error for calls to it that cannot be intercepted."""

from __future__ import annotations

HOSTS = frozenset({"generativelanguage.googleapis.com", "generativelanguage.mtls.googleapis.com"})
"""Google's host names for the service."""

URL = "https://generativelanguage.googleapis.com"
"""The base URL of the service, which clients use by default."""


class NotIntercepted(RuntimeError):
    """Code called the real service in a way that cannot be intercepted. Nothing was sent.

    The error is not an OSError, because a client would treat that as a network error and try again.
    """

    def __init__(self, client_name: str) -> None:
        super().__init__(
            f"{client_name} called the real Gemini API during an interception; nothing was sent. Calls through "
            "requests, httpx, aiohttp and google-auth (over requests) are intercepted. Give other clients the URL of "
            "a mock server, for example from the fixture tunedmodels_world."
        )


def is_service_host(host: object) -> bool:
    """Return whether *host*, text or bytes, is a host name of the service."""
    text = host.decode("latin-1") if isinstance(host, bytes) else host
    return isinstance(text, str) and text.rstrip(".").lower() in HOSTS
