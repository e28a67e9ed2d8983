"""Sends the requests with which google-auth gets a token."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import google.auth.exceptions
import google.auth.transport.requests
import requests

from .address import is_loopback_host
from .no_auth import no_auth


class TokenRequest(google.auth.transport.requests.Request):
    """The transport with which google-auth requests a token: the client's session, within the time that is left."""

    def __init__(self, session: requests.Session, seconds_left: Callable[[], float], *, is_google: bool) -> None:
        super().__init__(session)
        self._seconds_left = seconds_left
        self._is_google = is_google

    def __deepcopy__(self, memo: Any) -> TokenRequest:
        """Return a copy if the service is Google's, else raise TypeError.

        google-auth needs a copy to ask Google, in a separate thread, in which regions a service account may be used.
        Without a copy, google-auth skips this. A mock server's token must not be sent to Google.
        """
        if not self._is_google:
            raise TypeError("only a request for a token of Google can be copied")
        return TokenRequest(copy.deepcopy(self.session, memo), self._seconds_left, is_google=True)

    def __del__(self) -> None:
        """Leave the session open. The base class would close it here, but the session belongs to the client."""

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: Any = None,
        headers: Any = None,
        timeout: Any = None,
        **more: Any,
    ) -> Any:
        seconds = min(self._seconds_left(), timeout or float("inf"))
        if seconds <= 0:
            raise google.auth.exceptions.TransportError("no time was left to get a token")
        send: Any = super().__call__  # google-auth declares no types here
        proxy_options = (
            {"proxies": {"no_proxy": urlsplit(url).hostname}} if is_loopback_host(urlsplit(url).hostname or "") else {}
        )
        return send(url, method, body, headers, seconds, **{"auth": no_auth, **proxy_options, **more})
