"""The client: where the service is, who calls, and what can be asked of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from urllib.parse import urlsplit

import google.auth.api_key
import google.auth.credentials
import requests

from . import _environment
from ._operations import Wait
from ._transport import Transport
from ._tuned_models import TunedModels

BASE_URL = "https://generativelanguage.googleapis.com"


class Client:
    """A client of the Gemini API's model tuning, or of a mock server of it.

    What is not given comes from the environment:

    * *base_url*: ``TUNEDMODELS_EMULATOR_HOST`` (``host:port``), else ``GOOGLE_GEMINI_BASE_URL``, else Google.
    * *credentials* (any of google-auth's) or *api_key*: where ``TUNEDMODELS_EMULATOR_HOST`` names the server,
      none; else ``GOOGLE_API_KEY`` or ``GEMINI_API_KEY``; else, for https, what ``google.auth.default()`` finds
      at the first call.

    *session* is a ``requests.Session`` of the caller's own, for proxies, certificates or adapters; the caller
    closes it. *timeout* is how many seconds the service may take to connect, and to send each part of an answer.
    *sleep* and *clock* (both in seconds) are what waiting for an operation is done with; a test hands in its own.

    Raises ValueError where both credentials and an API key are given, where the key or the base URL cannot be
    one, and where a key or token would go by plain http to another machine. Each client stands for itself: two
    with different callers or servers can be used side by side. It is a context manager that closes itself.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        credentials: google.auth.credentials.Credentials | None = None,
        api_key: str | None = None,
        session: requests.Session | None = None,
        timeout: float = 60.0,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        emulator = _environment.emulator_url() if base_url is None else None
        if base_url is None:
            base_url = emulator or _environment.base_url() or BASE_URL
        if credentials is not None and api_key is not None:
            raise ValueError("Give credentials or api_key, not both.")
        if credentials is None:
            key = _environment.api_key() if api_key is None and emulator is None else api_key
            credentials = _from_key(key, looked_for=emulator is None and urlsplit(base_url).scheme == "https")
        self._session = session or requests.Session()
        self._owns_session = session is None
        self._transport = Transport(base_url, credentials, self._session, timeout)
        #: The tuned models: create, get, list, delete, generate_content.
        self.tuned_models = TunedModels(self._transport, Wait(sleep, clock))

    @property
    def base_url(self) -> str:
        """Where the requests go, without a slash at the end."""
        return self._transport.base_url

    def close(self) -> None:
        """Close the connections; a session that was given stays open."""
        if self._owns_session:
            self._session.close()

    def __enter__(self) -> Client:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def __repr__(self) -> str:
        """Say where the requests go, and nothing of the credentials."""
        return f"<Client of {self.base_url}>"


def _from_key(key: str | None, *, looked_for: bool) -> google.auth.credentials.Credentials | None:
    """Return the credentials that *key* makes; without one None where others are to be *looked for*."""
    if key is None:
        return None if looked_for else google.auth.credentials.AnonymousCredentials()
    if not (key.isascii() and key.isprintable() and key.strip()):
        raise ValueError("An API key is one line of ASCII characters, and not empty; the one given is not.")
    return google.auth.api_key.Credentials(key)
