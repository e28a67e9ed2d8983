"""Finds the credentials of callers, by google-auth or in the API keys of the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google.auth
import google.auth.exceptions
import google.auth.transport.requests
import requests
from google.auth import api_key
from google.auth.credentials import AnonymousCredentials, Credentials
from google.oauth2 import credentials as oauth2

from tunedmodels import connection

from ..recordings.secret_patterns import looks_real
from .live.loopback import Loopback
from .target import TargetError

_NONE = (
    "The target live has no credentials: run gcloud auth application-default login, or set "
    f"{connection.CREDENTIALS_FILE}, {' or '.join(connection.API_KEYS)}"
)


@dataclass(frozen=True)
class CallerCredentials:
    """The credentials of two users, and an API key. Those that are missing are anonymous."""

    caller: Credentials = field(default_factory=AnonymousCredentials)
    other: Credentials = field(default_factory=AnonymousCredentials)
    key: Credentials = field(default_factory=AnonymousCredentials)

    @classmethod
    def of(cls, token: str = "", second_token: str = "", key: str = "") -> CallerCredentials:
        """Return the credentials for two tokens and a key. Without *token*, the key is the caller."""
        key_credentials = api_key.Credentials(key) if key else AnonymousCredentials()
        return cls(bearer(token) if token else key_credentials, bearer(second_token), key_credentials)

    @property
    def available(self) -> Mapping[str, Credentials]:
        """The credentials that are not anonymous, by the name of the caller: ``caller``, ``other`` or ``key``."""
        callers = {"caller": self.caller, "other": self.other, "key": self.key}
        return {name: one for name, one in callers.items() if not isinstance(one, AnonymousCredentials)}

    def caller_name(self, request: requests.PreparedRequest) -> str:
        """Return the name of the caller whose credentials *request* has, or ``somebody`` if they are unknown."""
        texts = [str(request.headers.get(name, "")) for name in ("Authorization", "X-Goog-Api-Key")]
        texts += [value for values in parse_qs(urlsplit(request.url or "").query).values() for value in values]
        for name, credentials in self.available.items():
            if any(credentials.token and text.endswith(credentials.token) for text in texts):
                return name
        return "somebody"

    def secrets(self) -> Iterator[str]:
        """Yield each token or key that has at least six characters."""
        for credentials in self.available.values():
            if len(credentials.token or "") >= 6:
                yield str(credentials.token)


def missing_credentials() -> str:
    """Return what to do if this machine has neither credentials nor an API key; an empty text if it has one of them."""
    return "" if connection.api_key() or _default() else _NONE


def find_credentials(second_token: str, *, stand_in: bool) -> CallerCredentials:
    """Return the callers whose credentials this machine has; *second_token* is the token of the other user.

    A stand-in gets nothing real: only a service account file whose token endpoint is on this machine, and a key that
    does not look like one of Google's. One of the two is enough. Raises TargetError for other credentials, and if there
    are none or google-auth gets no token with them.
    """
    key = connection.api_key() or ""
    if stand_in:
        _refuse_real(key)
    key_credentials = api_key.Credentials(key) if key else AnonymousCredentials()
    # Without a file, google-auth would find real credentials.
    credentials = None if stand_in and not connection.credentials_file() else _default()
    if credentials is None:
        if not key:
            raise TargetError(_NONE)
        return CallerCredentials(key_credentials, bearer(second_token), key_credentials)
    caller = RefreshingCredentials(credentials, stand_in=stand_in)
    try:
        caller.before_request(None, "GET", "", {})
    except google.auth.exceptions.GoogleAuthError as error:
        raise TargetError(f"The target live cannot get a token with its credentials: {error}") from None
    return CallerCredentials(caller, bearer(second_token), key_credentials)


def bearer(token: str) -> Credentials:
    """Return credentials with *token*, or anonymous ones if it is empty."""
    return oauth2.Credentials(token=token) if token else AnonymousCredentials()


class RefreshingCredentials(Credentials):
    """Credentials that get their tokens over a session of their own, so that no recording has a token request."""

    def __init__(self, inner: Any, *, stand_in: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth has no types here
        self._inner = inner
        self._token_request: Any = _TokenRequest(stand_in=stand_in)

    def refresh(self, request: Any) -> None:
        """Get a new token."""
        del request
        self._inner.refresh(self._token_request)
        self.token = self._inner.token

    def before_request(self, request: Any, method: str, url: str, headers: Any) -> None:
        """Add the token to *headers*."""
        del request
        self._inner.before_request(self._token_request, method, url, headers)
        self.token = self._inner.token


class _TokenRequest(google.auth.transport.requests.Request):
    """The transport by which google-auth gets tokens."""

    def __init__(self, *, stand_in: bool) -> None:
        session = requests.Session()
        if stand_in:
            for scheme in ("https://", "http://"):
                session.mount(scheme, Loopback())
        super().__init__(session)
        self._stand_in = stand_in

    def __deepcopy__(self, memo: Any) -> _TokenRequest:
        """Return a transport to the real service. google-auth uses the copy to call Google, and goes on without it if
        that fails.
        """
        del memo
        if self._stand_in:
            raise TypeError("a stand-in's token must not be sent to Google")
        return _TokenRequest(stand_in=False)


def _default() -> Any:
    """Return the credentials that google-auth finds, or None."""
    try:
        credentials, _ = google.auth.default(scopes=connection.SCOPES)
    except google.auth.exceptions.DefaultCredentialsError:
        return None
    return credentials


def _refuse_real(key: str) -> None:
    path = connection.credentials_file()
    endpoint = urlsplit(connection.token_endpoint(path) if path else "").hostname or ""
    is_refused = not connection.is_loopback_host(endpoint) if path else not key
    if is_refused or looks_real(key):
        name = connection.CREDENTIALS_FILE
        raise TargetError(
            f"A stand-in refuses real credentials: set {name} to a service account file whose token_uri is on this "
            "machine, and use a made-up API key"
        )
