"""Failures: what the libraries beneath raise, as this package's errors, and whether another try may mend it.

The tables name every error of requests and google-auth. A test fails when they grow one that stands in no table.
"""

from __future__ import annotations

from collections.abc import Mapping

import google.auth.exceptions as auth
import requests.exceptions as http
import urllib3.exceptions

from ..errors import CredentialsError, Failure, Request, TransportError

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

SENDING = (*BENEATH, auth.GoogleAuthError, ValueError)
"""What sending raises besides: google-auth's errors where the session is one of its own, and a plain ValueError where
an answer redirects to what is no address."""


_LOG_IN = (
    "give credentials= or api_key=, or log in: gcloud auth application-default login; for a mock server set "
    "TUNEDMODELS_EMULATOR_HOST"
)


def not_answered(request: Request, error: Exception) -> TransportError:
    """Return the error for *error*, one of SENDING, which came instead of an answer to *request*."""
    text = f"{request.method} {request.url} was not answered: {said(error)}"
    return TransportError(text, request, None, _failure(error))


def cut_off(request: Request, error: Exception) -> TransportError:
    """Return the error for *error*, one of BENEATH, which came in the middle of the answer to *request*."""
    text = f"The answer to {request.method} {request.url} was cut off: {error}"
    return TransportError(text, request, None, Failure.LOST)


def no_credentials(error: Exception) -> CredentialsError:
    """Return the error for *error*, which google-auth raised when it was to say who calls."""
    known = next((OF_GOOGLE_AUTH[kind] for kind in type(error).__mro__ if kind in OF_GOOGLE_AUTH), Failure.FINAL)
    failure = Failure.UNSENT if getattr(error, "retryable", False) else known
    said = error.args[0] if error.args else error
    return CredentialsError(f"Credentials are missing or not accepted: {said} ({_LOG_IN})", failure)


def _failure(error: Exception) -> Failure:
    # requests has one error for a connection that was refused and for one that broke; urllib3 beneath has two.
    if isinstance(_reason(error), urllib3.exceptions.NewConnectionError):
        return Failure.UNSENT
    unknown = Failure.FINAL if isinstance(error, ValueError) else Failure.LOST
    known = {**OF_GOOGLE_AUTH, **OF_REQUESTS}
    return next((known[kind] for kind in type(error).__mro__ if kind in known), unknown)


def said(error: Exception) -> str:
    """Return in a few words what *error* says; the URL and the pool of connections it need not repeat."""
    reason = _reason(error)
    if isinstance(error, http.Timeout):
        return "it took too long"
    if isinstance(error, (http.InvalidHeader, http.InvalidURL, http.HTTPError)):
        return type(error).__name__  # what it says has the header or the URL in it
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        said = str(reason).rpartition(": ")[2] if reason.__cause__ is None else str(reason.__cause__)
        return f"no connection could be made ({said})"
    return str(reason or error)


def _reason(error: Exception) -> object:
    """Return the error of urllib3 that is beneath one of requests, or None."""
    return getattr(error.args[0] if error.args else None, "reason", None)
