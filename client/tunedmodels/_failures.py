"""Failures: what the libraries beneath raise, as this package's errors, and whether another try may mend it.

The tables name every error of requests and google-auth. A test fails when they grow one that stands in no table.
"""

from __future__ import annotations

from collections.abc import Mapping

import google.auth.exceptions as auth
import requests.exceptions as http
import urllib3.exceptions

from .errors import CredentialsError, Failure, Request, TransportError

OF_REQUESTS: Mapping[type[Exception], Failure] = {
    http.RequestException: Failure.FINAL,
    http.ConnectionError: Failure.LOST,
    http.ConnectTimeout: Failure.UNSENT,
    http.ProxyError: Failure.LOST,
    http.SSLError: Failure.FINAL,
    http.Timeout: Failure.LOST,
    http.ReadTimeout: Failure.LOST,
    http.ChunkedEncodingError: Failure.LOST,
    http.ContentDecodingError: Failure.LOST,
    http.HTTPError: Failure.FINAL,
    http.InvalidHeader: Failure.FINAL,
    http.InvalidJSONError: Failure.FINAL,
    http.InvalidProxyURL: Failure.FINAL,
    http.InvalidSchema: Failure.FINAL,
    http.InvalidURL: Failure.FINAL,
    http.JSONDecodeError: Failure.FINAL,
    http.MissingSchema: Failure.FINAL,
    http.RetryError: Failure.FINAL,
    http.StreamConsumedError: Failure.FINAL,
    http.TooManyRedirects: Failure.FINAL,
    http.UnrewindableBodyError: Failure.FINAL,
    http.URLRequired: Failure.FINAL,
}

# A token is got before anything is asked of the service.
OF_GOOGLE_AUTH: Mapping[type[Exception], Failure] = {
    auth.GoogleAuthError: Failure.FINAL,
    auth.TransportError: Failure.UNSENT,
    auth.TimeoutError: Failure.UNSENT,
    auth.RefreshError: Failure.FINAL,
    auth.ReauthFailError: Failure.FINAL,
    auth.ReauthSamlChallengeFailError: Failure.FINAL,
    auth.ClientCertError: Failure.FINAL,
    auth.DefaultCredentialsError: Failure.FINAL,
    auth.InvalidOperation: Failure.FINAL,
    auth.InvalidResource: Failure.FINAL,
    auth.InvalidType: Failure.FINAL,
    auth.InvalidValue: Failure.FINAL,
    auth.MalformedError: Failure.FINAL,
    auth.MutualTLSChannelError: Failure.FINAL,
    auth.OAuthError: Failure.FINAL,
    auth.OSError: Failure.FINAL,
    auth.ResponseError: Failure.FINAL,
    auth.UserAccessTokenError: Failure.FINAL,
}

BENEATH = (http.RequestException, urllib3.exceptions.HTTPError, OSError)
"""What sending a request and reading its answer raise."""

SENDING = (*BENEATH, ValueError)
"""What sending raises: a plain ValueError too, where an answer redirects to what is no address."""


def not_answered(request: Request, error: Exception) -> TransportError:
    """Return the error for *error*, one of SENDING, which came instead of an answer to *request*."""
    return TransportError(f"{request.method} {request.url} was not answered: {error}", request, None, _failure(error))


def cut_off(request: Request, error: Exception) -> TransportError:
    """Return the error for *error*, one of BENEATH, which came in the middle of the answer to *request*."""
    text = f"The answer to {request.method} {request.url} was cut off: {error}"
    return TransportError(text, request, None, Failure.LOST)


def no_credentials(error: Exception) -> CredentialsError:
    """Return the error for *error*, which google-auth raised when it was to say who calls."""
    known = next((OF_GOOGLE_AUTH[kind] for kind in type(error).__mro__ if kind in OF_GOOGLE_AUTH), Failure.FINAL)
    failure = Failure.UNSENT if getattr(error, "retryable", False) else known
    return CredentialsError(f"Credentials are missing or not accepted: {error}", failure)


def _failure(error: Exception) -> Failure:
    # requests has one error for a connection that was refused and for one that broke; urllib3 beneath has two.
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return Failure.UNSENT
    unknown = Failure.FINAL if isinstance(error, ValueError) else Failure.LOST
    return next((OF_REQUESTS[kind] for kind in type(error).__mro__ if kind in OF_REQUESTS), unknown)
