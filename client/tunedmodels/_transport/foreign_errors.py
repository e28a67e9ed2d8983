"""Converts the errors of requests, urllib3 and google-auth to errors of this package that say if a retry is safe.

The tables contain every error class of requests and google-auth. A test fails if one of the libraries adds a class
that no table contains.
"""

from __future__ import annotations

from collections.abc import Mapping

import google.auth.exceptions as auth
import requests.exceptions as http
import urllib3.exceptions

from .._hints import Hint
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

# google-auth gets a token before the client sends its request, so none of these errors is LOST.
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
"""The errors that sending a request or reading its answer can raise."""

SENDING_ERRORS = (*IO_ERRORS, auth.GoogleAuthError, ValueError)
"""The errors that sending can raise. They include the errors of google-auth, for a session of its own, and ValueError,
for an answer that redirects to an invalid address."""


def no_answer_error(request: Request, error: Exception) -> TransportError:
    """Return the error of this package for *error*, one of SENDING_ERRORS, if *request* got no answer."""
    text = f"{request.method} {request.url} was not answered: {error_reason(error)}"
    return TransportError(text, request, None, _retry_safety(error))


def cut_off_error(request: Request, error: Exception) -> TransportError:
    """Return the error of this package for *error*, one of IO_ERRORS, that cut off the answer to *request*."""
    text = f"The answer to {request.method} {request.url} was cut off: {error}"
    return TransportError(text, request, None, RetrySafety.LOST)


def credentials_error(error: Exception) -> CredentialsError:
    """Return the error of this package for *error*, which google-auth raised for the credentials."""
    by_class = next(
        (GOOGLE_AUTH_ERRORS[kind] for kind in type(error).__mro__ if kind in GOOGLE_AUTH_ERRORS), RetrySafety.FINAL
    )
    retry_safety = RetrySafety.UNSENT if getattr(error, "retryable", False) else by_class
    reason = error.args[0] if error.args else error
    return CredentialsError(f"Credentials are missing or not accepted: {reason} ({Hint.LOG_IN.text})", retry_safety)


def _retry_safety(error: Exception) -> RetrySafety:
    # requests raises the same error for a connection that was refused and for one that broke; urllib3 does not.
    if isinstance(_reason(error), urllib3.exceptions.NewConnectionError):
        return RetrySafety.UNSENT
    default = RetrySafety.FINAL if isinstance(error, ValueError) else RetrySafety.LOST
    by_class = {**GOOGLE_AUTH_ERRORS, **REQUESTS_ERRORS}
    return next((by_class[kind] for kind in type(error).__mro__ if kind in by_class), default)


def error_reason(error: Exception) -> str:
    """Return a short reason for *error*. It leaves out the URL and the connection pool if it can."""
    reason = _reason(error)
    if isinstance(error, http.Timeout):
        return "timed out"
    if isinstance(error, (http.InvalidHeader, http.InvalidURL, http.HTTPError)):
        return type(error).__name__  # its message contains the header or the URL
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        reason = str(reason).rpartition(": ")[2] if reason.__cause__ is None else str(reason.__cause__)
        return f"no connection could be made ({reason})"
    return str(reason or error)


def _reason(error: Exception) -> object:
    """Return the urllib3 error inside an error of requests, or None."""
    return getattr(error.args[0] if error.args else None, "reason", None)
