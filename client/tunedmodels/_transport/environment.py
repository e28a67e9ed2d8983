"""Reads the environment variables that the client uses for arguments that the caller does not give."""

from __future__ import annotations

import os

EMULATOR_HOST = "TUNEDMODELS_EMULATOR_HOST"
"""The address of a mock server: ``host:port``, with or without a scheme. With it, the client takes an API key from the
environment only if the key is made up for a mock server."""

BASE_URL = "GOOGLE_GEMINI_BASE_URL"
"""The base URL of the service. Google's own client google-genai reads the same variable. The scheme is optional for
this machine."""

API_KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""The API key. If both variables are set, the first one counts, as in google-genai."""

MOCK_KEY_PREFIX = "test-"
"""The prefix of a key that is made up for a mock server. The name of one of its worlds follows."""

CREDENTIALS_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
"""The path of a file with credentials. google-auth reads the same variable."""

QUOTA_PROJECT = "GOOGLE_CLOUD_QUOTA_PROJECT"
"""The project that is billed. google-auth reads the same variable."""

METADATA_HOST = "GCE_METADATA_HOST"
"""The host and port of a metadata server. google-auth reads the same variable."""


def emulator_host() -> str | None:
    """Return the address of the mock server in the environment, or None."""
    return os.environ.get(EMULATOR_HOST, "").strip() or None


def base_url() -> str | None:
    """Return the base URL in the environment, or None."""
    return os.environ.get(BASE_URL, "").strip() or None


def api_key(*, mock_only: bool = False) -> str | None:
    """Return the API key in the environment, or None. With *mock_only*, return only a key made up for a mock server.

    Such a key begins with ``test-``, selects a world of the mock server, and does not look like a key of Google's.
    """
    key = next((key for name in API_KEYS if (key := os.environ.get(name))), None)
    return None if mock_only and not (key and key.startswith(MOCK_KEY_PREFIX)) else key


def credentials_file() -> str | None:
    """Return the path of the file with credentials in the environment, or None."""
    return os.environ.get(CREDENTIALS_FILE) or None


def metadata_host() -> str | None:
    """Return the host and port of the metadata server in the environment, or None."""
    return os.environ.get(METADATA_HOST) or None


def quota_project() -> str | None:
    """Return the quota project in the environment, or None."""
    return os.environ.get(QUOTA_PROJECT) or None
