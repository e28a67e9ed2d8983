"""The environment variables that the mock server's command reads."""

from __future__ import annotations

import os

DEFAULT_PORT = 9480

EMULATOR_HOST = "TUNEDMODELS_EMULATOR_HOST"
"""Where a mock server listens: ``host:port``, with or without a scheme."""


def emulator_url() -> str:
    """Return the URL of the mock server that the environment names, else of one on this machine's usual port."""
    host = os.environ.get(EMULATOR_HOST) or f"127.0.0.1:{DEFAULT_PORT}"
    return (host if "://" in host else f"http://{host}").rstrip("/")
