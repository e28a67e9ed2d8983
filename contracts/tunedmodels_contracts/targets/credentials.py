"""The credentials of callers of the service itself: those that google-auth finds, and the keys of the environment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google.auth
import google.auth.exceptions
import google.auth.transport.requests
import requests
from google.auth import api_key
from google.auth.credentials import AnonymousCredentials, Credentials
from google.oauth2 import credentials as oauth2

from tunedmodels._transport import environment
from tunedmodels._transport.address import is_loopback_host
from tunedmodels._transport.credentials import SCOPES

from .live.loopback import Loopback
from .target import TargetError

_REAL = ("AIza", "AQ.")

_NONE = (
    "The target live has no credentials: run gcloud auth application-default login, or set "
    f"{environment.CREDENTIALS_FILE}, {' or '.join(environment.API_KEYS)}"
)


@dataclass(frozen=True)
class CallerCredentials:
    """Credentials of two people, and an API key; whom there is not has none."""

    caller: Credentials = field(default_factory=AnonymousCredentials)
    other: Credentials = field(default_factory=AnonymousCredentials)
    key: Credentials = field(default_factory=AnonymousCredentials)

    @classmethod
    def of(cls, token: str = "", second_token: str = "", key: str = "") -> CallerCredentials:
        """Return the people whose tokens and key these are; without a token it is the key that asks."""
        named = api_key.Credentials(key) if key else AnonymousCredentials()
        return cls(bearer(token) if token else named, bearer(second_token), named)

    @property
    def named(self) -> Mapping[str, Credentials]:
        """Those that there are, by what they are called."""
        everybody = {"caller": self.caller, "other": self.other, "key": self.key}
        return {name: who for name, who in everybody.items() if not isinstance(who, AnonymousCredentials)}

    def who(self, request: requests.PreparedRequest) -> str:
        """Return what the sender of *request* is called."""
        sent = [str(request.headers.get(name, "")) for name in ("Authorization", "X-Goog-Api-Key")]
        sent += [value for values in parse_qs(urlsplit(request.url or "").query).values() for value in values]
        for name, credentials in self.named.items():
            if any(credentials.token and text.endswith(credentials.token) for text in sent):
                return name
        return "somebody"

    def secrets(self) -> Iterator[str]:
        """Yield what opens anything."""
        for credentials in self.named.values():
            if len(credentials.token or "") >= 6:
                yield str(credentials.token)


def missing_credentials() -> str:
    """Return what to do where this machine has no credentials and no key; nothing where it has some."""
    return "" if environment.api_key() or _default() else _NONE


def find_credentials(second_token: str, *, stand_in: bool) -> CallerCredentials:
    """Return who there is on this machine. Raises TargetError where there is nobody.

    A stand-in gets nothing that is real: a service account's file whose token endpoint is on this machine, and a key
    that does not look like one of Google's.
    """
    key = environment.api_key() or ""
    if stand_in:
        _refuse_real(key)
    named = api_key.Credentials(key) if key else AnonymousCredentials()
    credentials = _default()
    if credentials is None:
        if not key:
            raise TargetError(_NONE)
        return CallerCredentials(named, bearer(second_token), named)
    caller = RefreshingCredentials(credentials, stand_in=stand_in)
    try:
        caller.before_request(None, "GET", "", {})
    except google.auth.exceptions.GoogleAuthError as error:
        raise TargetError(f"The target live has credentials that are good for no token: {error}") from None
    return CallerCredentials(caller, bearer(second_token), named)


def bearer(token: str) -> Credentials:
    """Return the credentials that a *token* is; nobody's where it is empty."""
    return oauth2.Credentials(token=token) if token else AnonymousCredentials()


class RefreshingCredentials(Credentials):
    """Credentials that get their tokens by themselves, over a session of their own: no token is asked for on a tape."""

    def __init__(self, inner: Any, *, stand_in: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth says no types here
        self._inner = inner
        self._ask: Any = _TokenRequest(stand_in=stand_in)

    def refresh(self, request: Any) -> None:
        """Get a new token."""
        del request
        self._inner.refresh(self._ask)
        self.token = self._inner.token

    def before_request(self, request: Any, method: str, url: str, headers: Any) -> None:
        """Name the caller in *headers*."""
        del request
        self._inner.before_request(self._ask, method, url, headers)
        self.token = self._inner.token


class _TokenRequest(google.auth.transport.requests.Request):
    """How google-auth asks for tokens."""

    def __init__(self, *, stand_in: bool) -> None:
        session = requests.Session()
        if stand_in:
            for scheme in ("https://", "http://"):
                session.mount(scheme, Loopback())
        super().__init__(session)
        self._stand_in = stand_in

    def __deepcopy__(self, memo: Any) -> _TokenRequest:
        """Return another for the service itself; google-auth asks Google with one, and does without where it fails."""
        del memo
        if self._stand_in:
            raise TypeError("a stand-in's token is nothing to show to Google")
        return _TokenRequest(stand_in=False)


def _default() -> Any:
    """Return the credentials that google-auth finds, None where there are none."""
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except google.auth.exceptions.DefaultCredentialsError:
        return None
    return credentials


def _refuse_real(key: str) -> None:
    path = environment.credentials_file()
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError):
        value = None
    uri = value.get("token_uri") if isinstance(value, dict) and value.get("type") == "service_account" else None
    if key.startswith(_REAL) or not isinstance(uri, str) or not is_loopback_host(urlsplit(uri).hostname or ""):
        name = environment.CREDENTIALS_FILE
        raise TargetError(
            f"A stand-in takes nothing that is real: {name} has to name a service account's file whose "
            "token_uri is on this machine, and an API key has to be made up"
        )
