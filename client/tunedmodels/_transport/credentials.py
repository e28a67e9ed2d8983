"""Identifies the caller to the service. All credentials are those of google-auth."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import google.auth
import google.auth.api_key
import google.auth.credentials
import google.auth.exceptions
import requests

from . import environment
from .address import Address
from .foreign_errors import credentials_error

if TYPE_CHECKING:
    from .token_request import TokenRequest

SCOPES = (
    "https://www.googleapis.com/auth/generative-language.tuning",
    "https://www.googleapis.com/auth/cloud-platform",
)

QUOTA_PROJECT = "x-goog-user-project"

# These need no token, and have no quota project: an API key belongs to a project, and an anonymous caller has none.
_WITHOUT_TOKEN = (google.auth.api_key.Credentials, google.auth.credentials.AnonymousCredentials)


def api_key_credentials(key: str) -> google.auth.credentials.Credentials:
    """Return credentials for the API key *key*. Raise ValueError if it cannot be a key."""
    if re.fullmatch(r"[!-~]([ -~]*[!-~])?", key) is None:
        raise ValueError("The API key is not valid. It must be one line of ASCII, not empty, without spaces around it.")
    return google.auth.api_key.Credentials(key)


def emulator_credentials(address: Address) -> google.auth.credentials.Credentials:
    """Return the environment's credentials for the mock server at *address*, or anonymous credentials.

    The function uses a service account's file only if the mock server is its token endpoint, and a metadata server
    only if it is the mock server. It does not look for other credentials, so that a mock server never gets real ones.
    """
    path = environment.credentials_file()
    if path and address.is_same_server(token_endpoint(path)):
        from google.oauth2 import service_account

        try:
            credentials: google.auth.credentials.Credentials = service_account.Credentials.from_service_account_file(
                path
            )
        except (google.auth.exceptions.GoogleAuthError, ValueError) as error:
            raise credentials_error(error) from error
        return credentials
    host = environment.metadata_host()
    if host and address.is_same_server(f"http://{host}"):
        from google.auth import compute_engine

        return compute_engine.Credentials()
    return google.auth.credentials.AnonymousCredentials()


class Caller:
    """The caller of one service: the credentials, and the project that is billed. Threads can share it.

    If *credentials* is None, google-auth looks for credentials at the first call.
    """

    def __init__(
        self,
        address: Address,
        credentials: google.auth.credentials.Credentials | None,
        quota_project: str | None,
        session: requests.Session,
    ) -> None:
        self._address = address
        self._is_google = address.host.endswith(".googleapis.com")
        # A service account's credentials have no scopes, so they get these; other credentials keep their own.
        self._credentials: Any = google.auth.credentials.with_scopes_if_required(credentials, SCOPES)
        if quota_project is None and not isinstance(credentials, _WITHOUT_TOKEN):
            quota_project = getattr(credentials, "quota_project_id", None) or environment.quota_project()
        self._quota_project = quota_project
        self._session = session
        self._lock = threading.Lock()
        if isinstance(credentials, google.auth.api_key.Credentials):
            address.check_credential(str(credentials.token))

    def headers(self, method: str, url: str, seconds_left: Callable[[], float]) -> dict[str, str]:
        """Return the headers that identify the caller, with a token that stays valid for a while.

        *seconds_left* returns the seconds that getting a token may take. Raise CredentialsError if there is no token,
        and ValueError if the token does not fit into a header or must not be sent to this address.
        """
        headers: dict[str, str] = {}
        try:
            with self._exclusive_access(seconds_left):
                if self._credentials is None:
                    self._credentials, _ = google.auth.default(scopes=SCOPES)
                self._credentials.before_request(self._request(seconds_left), method, url, headers)
        except (google.auth.exceptions.GoogleAuthError, ValueError) as error:
            raise credentials_error(error) from error
        for name, value in headers.items():
            if name.lower() in ("authorization", "x-goog-api-key"):
                if re.fullmatch(r"[ -~]*\S", value) is None:
                    raise ValueError(
                        "The token of the credentials is not one line of ASCII, so it does not fit into a header."
                    )
                self._address.check_credential(value)
        if self._quota_project:
            headers[QUOTA_PROJECT] = self._quota_project
        return headers

    def renew(self, rejected_headers: Mapping[str, str], seconds_left: Callable[[], float]) -> bool:
        """Get a new token after the service rejected the one in *rejected_headers*. Return whether there is one.

        If another thread has got a new token already, that one counts. An API key cannot be renewed, and neither can
        credentials that consist of a token only.
        """
        header = next((value for name, value in rejected_headers.items() if name.lower() == "authorization"), None)
        try:
            with self._exclusive_access(seconds_left):
                if header == f"Bearer {self._credentials.token}":
                    self._credentials.refresh(self._request(seconds_left))
        except (google.auth.exceptions.GoogleAuthError, ValueError, NotImplementedError):
            return False
        return header is not None

    @contextmanager
    def _exclusive_access(self, seconds_left: Callable[[], float]) -> Iterator[None]:
        """Hold the lock, so that one thread gets a token for all. Wait for the lock until no *seconds_left* remain."""
        if not self._lock.acquire(timeout=min(max(seconds_left(), 0), threading.TIMEOUT_MAX)):
            raise google.auth.exceptions.TransportError("another thread was still getting a token")
        try:
            yield
        finally:
            self._lock.release()

    def _request(self, seconds_left: Callable[[], float]) -> TokenRequest | None:
        if type(self._credentials) in _WITHOUT_TOKEN:
            return None
        # Imported here, because google-auth's transport imports cryptography, and an API key needs neither.
        from .token_request import TokenRequest

        return TokenRequest(self._session, seconds_left, is_google=self._is_google)


def token_endpoint(path: str) -> str:
    """Return the token endpoint in the service account's file at *path*, or an empty string if there is none."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    uri = value.get("token_uri") if isinstance(value, dict) and value.get("type") == "service_account" else None
    return uri if isinstance(uri, str) else ""
