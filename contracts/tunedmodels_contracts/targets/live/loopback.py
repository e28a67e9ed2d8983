"""Connects the target live to a stand-in for the real service, in tests. A stand-in is on this machine and is never
evidence.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from tunedmodels.connection import is_loopback_host

from ..target import TargetError

VARIABLE = "TUNEDMODELS_CONTRACTS_TEST_ONLY_STAND_IN"
"""The environment variable with the base URL of the stand-in. Its answers are never called live."""


def stand_in_url() -> str:
    """Return the base URL of the stand-in, or an empty text if there is none and the target uses the real service.

    Raises TargetError if the URL is not https or not on this machine.
    """
    url = os.environ.get(VARIABLE, "").strip().rstrip("/")
    split_url = urlsplit(url)
    if url and not (split_url.scheme == "https" and is_loopback_host(split_url.hostname or "")):
        raise TargetError(
            f"{VARIABLE} is {url!r:.100}; it must be an https:// URL on this machine; it is only for tests"
        )
    return url


class Loopback(HTTPAdapter):
    """An adapter that sends to this machine alone, so that no test reaches the service by mistake."""

    def send(self, request: requests.PreparedRequest, *how: Any, **more: Any) -> requests.Response:
        """Send *request*. Raises TargetError if it would leave this machine."""
        host = urlsplit(request.url or "").hostname or ""
        if not is_loopback_host(host):
            raise TargetError(f"A stand-in is in use, but a request would go to {host}")
        return super().send(request, *how, **more)
