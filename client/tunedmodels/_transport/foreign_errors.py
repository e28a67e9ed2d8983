"""Failures: what the libraries beneath raise, as this package's errors, and whether another try may mend it.

The tables name every error of requests and google-auth. A test fails when they grow one that stands in no table.
"""

from __future__ import annotations

from collections.abc import Mapping

import google.auth.exceptions as auth
import requests.exceptions as http
import urllib3.exceptions

from ..errors import CredentialsError, Request, RetrySafety, TransportError

REQUESTS_ERRORS: Mapping[type[Exception], RetrySafety] = {
    http.RequestException: RetrySafety.FINAL,
    http.ConnectionError: RetrySafety.LOST,
    http.ConnectTimeout: RetrySafety.UNSENT,
    http.ProxyError: RetrySafety.LOST,
    http.SSLError: RetrySafety.FINAL,
    http.Timeout: RetrySafety.LOST,
    http.ReadTimeout: RetrySafety.LOST,
    http.ChunkedEncodingError: RetrySafety.LOST,
    http.ContentDecodingError: RetrySafety.LOST,
    http.HTTPError: RetrySafety.FINAL,
    http.InvalidHeader: RetrySafety.FINAL,
    http.InvalidJSONError: RetrySafety.FINAL,
    http.InvalidProxyURL: RetrySafety.FINAL,
    http.InvalidSchema: RetrySafety.FINAL,
    http.InvalidURL: RetrySafety.FINAL,
    http.JSONDecodeError: RetrySafety.FINAL,
    http.MissingSchema: RetrySafety.FINAL,
    http.RetryError: RetrySafety.FINAL,
    http.StreamConsumedError: RetrySafety.FINAL,
    http.TooManyRedirects: RetrySafety.FINAL,
    http.UnrewindableBodyError: RetrySafety.FINAL,
    http.URLRequired: RetrySafety.FINAL,
}

# A token is got before anything is asked of the service.
GOOGLE_AUTH_ERRORS: Mapping[type[Exception], RetrySafety] = {
    auth.GoogleAuthError: RetrySafety.FINAL,
    auth.TransportError: RetrySafety.UNSENT,
    auth.TimeoutError: RetrySafety.UNSENT,
    auth.RefreshError: RetrySafety.FINAL,
    auth.ReauthFailError: RetrySafety.FINAL,
    auth.ReauthSamlChallengeFailError: RetrySafety.FINAL,
    auth.ClientCertError: RetrySafety.FINAL,
    auth.DefaultCredentialsError: RetrySafety.FINAL,
    auth.InvalidOperation: RetrySafety.FINAL,
    auth.InvalidResource: RetrySafety.FINAL,
    auth.InvalidType: RetrySafety.FINAL,
    auth.InvalidValue: RetrySafety.FINAL,
    auth.MalformedError: RetrySafety.FINAL,
    auth.MutualTLSChannelError: RetrySafety.FINAL,
    auth.OAuthError: RetrySafety.FINAL,
    auth.OSError: RetrySafety.FINAL,
    auth.ResponseError: RetrySafety.FINAL,
    auth.UserAccessTokenError: RetrySafety.FINAL,
}

IO_ERRORS = (http.RequestException, urllib3.exceptions.HTTPError, OSError)
"""What sending a request and reading its answer raise."""

SENDING_ERRORS = (*IO_ERRORS, auth.GoogleAuthError, ValueError)
"""What sending raises besides: google-auth's errors where the session is one of its own, and a plain ValueError where
an answer redirects to what is no address."""


_LOG_IN = (
    "give credentials= or api_key=, or log in: gcloud auth application-default login; for a mock server set "
    "TUNEDMODELS_EMULATOR_HOST"
)


def no_answer_error(request: Request, error: Exception) -> TransportError:
    """Return the error for *error*, one of SENDING_ERRORS, which came instead of an answer to *request*."""
    text = f"{request.method} {request.url} was not answered: {error_reason(error)}"
    return TransportError(text, request, None, _retry_safety(error))


def cut_off_error(request: Request, error: Exception) -> TransportError:
    """Return the error for *error*, one of IO_ERRORS, which came in the middle of the answer to *request*."""
    text = f"The answer to {request.method} {request.url} was cut off: {error}"
    return TransportError(text, request, None, RetrySafety.LOST)


def credentials_error(error: Exception) -> CredentialsError:
    """Return the error for *error*, which google-auth raised when it was to say who calls."""
    by_class = next(
        (GOOGLE_AUTH_ERRORS[kind] for kind in type(error).__mro__ if kind in GOOGLE_AUTH_ERRORS), RetrySafety.FINAL
    )
    retry_safety = RetrySafety.UNSENT if getattr(error, "retryable", False) else by_class
    reason = error.args[0] if error.args else error
    return CredentialsError(f"Credentials are missing or not accepted: {reason} ({_LOG_IN})", retry_safety)


def _retry_safety(error: Exception) -> RetrySafety:
    # requests has one error for a connection that was refused and for one that broke; urllib3 beneath has two.
    if isinstance(_reason(error), urllib3.exceptions.NewConnectionError):
        return RetrySafety.UNSENT
    unknown = RetrySafety.FINAL if isinstance(error, ValueError) else RetrySafety.LOST
    by_class = {**GOOGLE_AUTH_ERRORS, **REQUESTS_ERRORS}
    return next((by_class[kind] for kind in type(error).__mro__ if kind in by_class), unknown)


def error_reason(error: Exception) -> str:
    """Return in a few words what *error* says; the URL and the pool of connections it need not repeat."""
    reason = _reason(error)
    if isinstance(error, http.Timeout):
        return "it took too long"
    if isinstance(error, (http.InvalidHeader, http.InvalidURL, http.HTTPError)):
        return type(error).__name__  # what it says has the header or the URL in it
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        reason = str(reason).rpartition(": ")[2] if reason.__cause__ is None else str(reason.__cause__)
        return f"no connection could be made ({reason})"
    return str(reason or error)


def _reason(error: Exception) -> object:
    """Return the error of urllib3 that is beneath one of requests, or None."""
    return getattr(error.args[0] if error.args else None, "reason", None)
