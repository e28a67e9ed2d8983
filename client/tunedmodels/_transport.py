"""The one place that sends: JSON in, JSON out, or one of this package's errors."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import google.auth
import google.auth.credentials
import google.auth.exceptions
import google.auth.transport.requests
import requests

from .errors import TransportError, from_response

Json = dict[str, Any]

SCOPES = (
    "https://www.googleapis.com/auth/generative-language.tuning",
    "https://www.googleapis.com/auth/cloud-platform",
)


class Transport:
    """Sends to one base URL, over one session, with one caller's credentials.

    *credentials* None means those that google-auth finds, looked for at the first call. *timeout* is in seconds.
    Raises ValueError for a base URL that is none, and for one to which credentials would go in plain text.
    """

    def __init__(
        self,
        base_url: str,
        credentials: google.auth.credentials.Credentials | None,
        session: requests.Session,
        timeout: float,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"A base URL begins with http:// or https:// and names a host; {base_url!r} does not.")
        self.base_url = base_url.rstrip("/")
        self._loopback = _is_loopback(parts.hostname)
        if parts.scheme == "http" and not self._loopback and not _is_anonymous(credentials):
            raise ValueError(
                f"An API key or token is not sent to {self.base_url}: that is plain http to another machine, where "
                "anyone on the way can read it. Use https, or a loopback address such as http://127.0.0.1:9480, or "
                "send none: credentials=google.auth.credentials.AnonymousCredentials()."
            )
        self._host = parts.hostname
        self._session = session
        self._timeout = timeout
        # A service account's credentials say no scopes of their own; others keep those they have.
        self._credentials: Any = google.auth.credentials.with_scopes_if_required(credentials, SCOPES)
        self._refreshing = google.auth.transport.requests.Request(session)

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Json:
        """Send one request and return the JSON object that answers it.

        *path* begins with the API version and is not quoted yet. Raises APIError where the service refuses,
        TransportError where no answer of this API comes, and ValueError for a body that JSON cannot hold.
        """
        url = f"{self.base_url}/{quote(path, safe='/:')}"
        _check_json(body)
        try:
            response = self._session.request(
                method,
                url,
                params=query,
                json=body,
                headers=self._headers(method, url),
                # Without an auth of ours requests would put a password of ~/.netrc in the place of the token.
                auth=_leave,
                timeout=self._timeout,
                # A redirect would take the API key to wherever it leads.
                allow_redirects=False,
                # What is on this machine is not asked for through a proxy.
                proxies={"no_proxy": self._host} if self._loopback else None,
            )
        except google.auth.exceptions.GoogleAuthError as error:
            raise TransportError(f"Credentials for {self.base_url} are missing or not accepted: {error}") from error
        except requests.RequestException as error:
            raise TransportError(f"{method} {url} was not answered: {error}") from error
        text = response.content.decode("utf-8", "replace")
        if not 200 <= response.status_code < 300:
            raise from_response(response.status_code, text)
        try:
            answer = json.loads(text)
        except ValueError as error:
            raise TransportError(f"{method} {url} was answered with no JSON: {text[:200]!r}") from error
        if not isinstance(answer, dict):
            raise TransportError(f"{method} {url} was answered with no JSON object: {text[:200]!r}")
        return answer

    def _headers(self, method: str, url: str) -> dict[str, str]:
        """Return the headers that name the caller: token or key, and the project that pays."""
        if self._credentials is None:
            self._credentials, _ = google.auth.default(scopes=SCOPES)
        headers: dict[str, str] = {}
        self._credentials.before_request(self._refreshing, method, url, headers)
        return headers


def _check_json(body: Json | None) -> None:
    try:
        json.dumps(body, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"JSON has no NaN and no infinity, so the request cannot be sent: {error}") from None


def _is_anonymous(credentials: google.auth.credentials.Credentials | None) -> bool:
    return isinstance(credentials, google.auth.credentials.AnonymousCredentials)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _leave(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
