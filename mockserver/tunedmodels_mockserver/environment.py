"""The environment variables that the mock server's command reads and writes."""

from __future__ import annotations

import os
from collections.abc import Mapping

DEFAULT_PORT = 9480

PREFIX = "TUNEDMODELS_MOCKSERVER"
"""What the variables for the options of ``serve`` begin with: ``TUNEDMODELS_MOCKSERVER_PORT``."""

EMULATOR_HOST = "TUNEDMODELS_EMULATOR_HOST"
"""Where a mock server listens: ``host:port``, with or without a scheme."""

EXEC_MARK = "TUNEDMODELS_EXEC"
"""By what ``exec`` knows the processes that its command leaves behind."""


def emulator_url() -> str:
    """Return the URL of the mock server that the environment names, else of one on this machine's usual port.

    ``TUNEDMODELS_MOCKSERVER_PORT`` changes the usual port, so that in a container every command finds its server.
    """
    port = os.environ.get(f"{PREFIX}_PORT", "")
    usual = port if port.isascii() and port.isdecimal() and int(port) else DEFAULT_PORT
    return with_scheme(os.environ.get(EMULATOR_HOST) or f"127.0.0.1:{usual}")


def with_scheme(host: str) -> str:
    """Return *host*, a URL or ``host:port``, as a URL without a slash at its end."""
    return (host if "://" in host else f"http://{host}").rstrip("/")


def pointed_at(url: str, api_key: str) -> Mapping[str, str]:
    """Return the variables that point clients, google-genai and ours among them, at the mock server at *url*."""
    return {
        "GOOGLE_GEMINI_BASE_URL": url,
        "GEMINI_API_KEY": api_key,
        "GOOGLE_API_KEY": api_key,
        EMULATOR_HOST: url,
    }


def settings() -> list[str]:
    """Return the names of the variables that are there to set options, known or not."""
    return sorted(name for name in os.environ if name.startswith(f"{PREFIX}_"))
