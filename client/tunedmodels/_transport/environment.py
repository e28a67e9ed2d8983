"""The environment variables that a client reads where its caller gives nothing."""

from __future__ import annotations

import os

EMULATOR_HOST = "TUNEDMODELS_EMULATOR_HOST"
"""Where a mock server listens: ``host:port``, with or without a scheme. Only a made-up key is looked for then."""

BASE_URL = "GOOGLE_GEMINI_BASE_URL"
"""Where the service is, as Google's own client google-genai reads it; the scheme may be left out for this machine."""

API_KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""The API key; where both are set the first counts, as in google-genai."""

MOCK_KEY_PREFIX = "test-"
"""With this begins a key that is nobody's: the name of a world of a mock server follows."""

CREDENTIALS_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
"""A file with credentials, as google-auth reads it."""

QUOTA_PROJECT = "GOOGLE_CLOUD_QUOTA_PROJECT"
"""The project that is billed, as google-auth reads it."""

METADATA_HOST = "GCE_METADATA_HOST"
"""The host and port of a metadata server, as google-auth reads it."""


def emulator_host() -> str | None:
    """Return where the mock server is that the environment names, or None."""
    return os.environ.get(EMULATOR_HOST, "").strip() or None


def base_url() -> str | None:
    """Return the base URL that the environment names, or None."""
    return os.environ.get(BASE_URL, "").strip() or None


def api_key(*, mock_only: bool = False) -> str | None:
    """Return the API key that the environment has, or None; with *mock_only* one made up for a mock server.

    Such a key begins with ``test-``, which chooses a world there, and looks like none of Google's.
    """
    key = next((key for name in API_KEYS if (key := os.environ.get(name))), None)
    return None if mock_only and not (key and key.startswith(MOCK_KEY_PREFIX)) else key


def credentials_file() -> str | None:
    """Return the path of the credentials that the environment names, or None."""
    return os.environ.get(CREDENTIALS_FILE) or None


def metadata_host() -> str | None:
    """Return the host and port of the metadata server that the environment names, or None."""
    return os.environ.get(METADATA_HOST) or None


def quota_project() -> str | None:
    """Return the project that the environment names, or None."""
    return os.environ.get(QUOTA_PROJECT) or None
