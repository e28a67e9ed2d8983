"""Defines the errors that the client raises if something outside of it fails.

    TunedModelsError            the base class: one ``except`` catches all errors below
    ├── APIError                the service answered with an error
    │   ├── InvalidArgument     400  the request is invalid
    │   ├── FailedPrecondition  400  the request is valid, but not in the present state
    │   ├── OutOfRange          400  the request is valid, but is beyond the valid range
    │   ├── Unauthenticated     401  credentials are missing or not valid
    │   ├── PermissionDenied    403  the caller has no permission, or a scope is missing
    │   ├── NotFound            404  the resource does not exist
    │   ├── AlreadyExists       409  the id is in use
    │   ├── Aborted             409  another client changed the same resource; try again
    │   ├── ResourceExhausted   429  there were too many requests, or the quota is used up
    │   ├── Cancelled           499  the request was cancelled
    │   ├── Internal            500  the service has an internal error
    │   ├── Unknown             500  the service does not say what happened
    │   ├── DataLoss            500  the service lost data
    │   ├── Unimplemented       501  the service does not support the request
    │   ├── Unavailable         503  the service cannot answer now; try again
    │   └── DeadlineExceeded    504  the service took too long
    ├── OperationFailed         a long-running operation ended with an error
    ├── OperationTimeout        the operation did not end in time, and continues; also a TimeoutError
    ├── TransportError          there was no answer, or one that is not of this API
    ├── CredentialsError        credentials are missing, or google-auth gets no token with them
    └── TrainingDataError       the examples cannot be read or break a documented limit; also a ValueError

A status without its own class is a plain ``APIError``. For a mistake of the caller that the client finds before it
sends a request, it raises ``ValueError`` or ``TypeError``, as is usual in Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ._hints import Hint
from ._messages import status as _status
from ._messages.status import ErrorInfo, FieldViolation, HelpLink, QuotaViolation


@dataclass(frozen=True)
class Request:
    """The request, without its body and the credentials."""

    #: The HTTP method.
    method: str
    #: The URL with its query. It never contains an API key.
    url: str


@dataclass(frozen=True)
class Response:
    """The HTTP response of the service."""

    #: The HTTP status.
    status_code: int
    #: The headers, with names in lower case.
    headers: Mapping[str, str]
    #: The body as text. It is empty if the client read the answer as a stream and the stream is invalid.
    body: str


class RetrySafety(Enum):
    """Whether a request without an answer may have had an effect. It tells whether the client may send it again."""

    #: The request never reached the service.
    UNSENT = "unsent"
    #: The service may have executed the request, and the answer is lost.
    LOST = "lost"
    #: Another try fails in the same way.
    FINAL = "final"


class TunedModelsError(Exception):
    """The base class of all errors of this package."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Support pickle and copy, so that the error can pass between processes."""
        return _restore, (type(self), self.args), self.__dict__


class TransportError(TunedModelsError):
    """The error for a missing answer, or one that is not of this API.

    ``__cause__`` is the error of the library that failed, if there is one.
    """

    def __init__(
        self,
        message: str,
        request: Request | None = None,
        response: Response | None = None,
        retry_safety: RetrySafety = RetrySafety.FINAL,
    ) -> None:
        super().__init__(message)
        #: The request.
        self.request = request
        #: The response, or None if there was none.
        self.response = response
        #: Whether the service may have executed the request.
        self.retry_safety = retry_safety


class CredentialsError(TunedModelsError):
    """The error for missing credentials, or for credentials with which google-auth cannot get a token.

    ``__cause__`` is the error of google-auth.
    """

    def __init__(self, message: str, retry_safety: RetrySafety = RetrySafety.FINAL) -> None:
        super().__init__(message)
        #: ``UNSENT`` if another try may get a token, else ``FINAL``.
        self.retry_safety = retry_safety


class TrainingDataError(TunedModelsError, ValueError):
    """The error for training data that cannot be read, or that breaks a limit that the service documents.

    The client has not sent the data.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        line: int | None = None,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        super().__init__(message)
        #: The file or URL, or None if the data is a Python value.
        self.source = source
        #: The line in the file, from 1, or None if there is no line.
        self.line = line
        #: The index of the example in the data, from 0, or None if the error is not about one example.
        self.row = row
        #: The name of the column, or None if the error is not about one column.
        self.column = column


class DuplicateExamplesWarning(UserWarning):
    """The warning for training data that contains an example more than once."""


class _ErrorWithDetails(TunedModelsError):
    """An error of the service with details for programs."""

    details: tuple[Mapping[str, Any], ...]

    @property
    def error_info(self) -> ErrorInfo | None:
        """The reason in a stable form, or None if the service gives none."""
        return next(iter(_status.details_of_type(self.details, ErrorInfo, "ErrorInfo")), None)

    @property
    def field_violations(self) -> tuple[FieldViolation, ...]:
        """The fields of the request that are invalid, each with the reason."""
        return _status.details_of_type(self.details, FieldViolation, "BadRequest", "fieldViolations")

    @property
    def quota_violations(self) -> tuple[QuotaViolation, ...]:
        """The quotas that are used up."""
        return _status.details_of_type(self.details, QuotaViolation, "QuotaFailure", "violations")

    @property
    def links(self) -> tuple[HelpLink, ...]:
        """The links that the service gives for more information."""
        return _status.details_of_type(self.details, HelpLink, "Help", "links")


class APIError(_ErrorWithDetails):
    """An error that the service answered with."""

    def __init__(
        self,
        code: int,
        status: str,
        message: str,
        details: tuple[Mapping[str, Any], ...] = (),
        *,
        hint: str = "",
        retry_delay: float | None = None,
        request: Request | None = None,
        response: Response | None = None,
    ) -> None:
        text = f"{code} {status}: {message.strip()}" if status else f"{code}: {message.strip()}"
        super().__init__(f"{text} ({hint})" if hint else text)
        #: The HTTP status, such as 404.
        self.code = code
        #: The name of the status, such as ``NOT_FOUND``; empty if it is unknown.
        self.status = status
        #: The message of the service, for people.
        self.message = message
        #: The details of the service, for programs: JSON objects, each with an ``@type``.
        self.details = details
        #: A hint that says what to do about the error; empty if this client has none.
        self.hint = hint
        #: The seconds that the service asks the client to wait before another try; None if it does not say.
        self.retry_delay = retry_delay
        #: The request.
        self.request = request
        #: The response.
        self.response = response


class InvalidArgument(APIError):
    """The error for a request that is invalid, whatever the present state (400 INVALID_ARGUMENT)."""


class FailedPrecondition(APIError):
    """The error for a request that does not fit the present state (400 FAILED_PRECONDITION)."""


class OutOfRange(APIError):
    """The error for a request that is beyond the valid range (400 OUT_OF_RANGE)."""


class Unauthenticated(APIError):
    """The error for a request without valid credentials (401 UNAUTHENTICATED)."""


class PermissionDenied(APIError):
    """The error for a caller without the permission for a request (403 PERMISSION_DENIED)."""


class NotFound(APIError):
    """The error for a resource that does not exist (404 NOT_FOUND)."""


class AlreadyExists(APIError):
    """The error for an id that is in use (409 ALREADY_EXISTS)."""


class Aborted(APIError):
    """The error for a resource that another client changed at the same time; try again (409 ABORTED)."""


class ResourceExhausted(APIError):
    """The error for too many requests, or for a quota that is used up (429 RESOURCE_EXHAUSTED)."""


class Cancelled(APIError):
    """The error for a request that was cancelled (499 CANCELLED)."""


class Internal(APIError):
    """The error for an internal error of the service (500 INTERNAL)."""


class Unknown(APIError):
    """The error for a failure that the service does not explain (500 UNKNOWN)."""


class DataLoss(APIError):
    """The error for data that the service lost (500 DATA_LOSS)."""


class Unimplemented(APIError):
    """The error for a request that the service does not support (501 UNIMPLEMENTED)."""


class Unavailable(APIError):
    """The error for a service that cannot answer now; try again (503 UNAVAILABLE)."""


class DeadlineExceeded(APIError):
    """The error for a service that took too long (504 DEADLINE_EXCEEDED)."""


class OperationFailed(_ErrorWithDetails):
    """The error of a long-running operation that failed. A cancelled one has the status ``CANCELLED``."""

    def __init__(
        self, operation: str, code: int, status: str, message: str, details: tuple[Mapping[str, Any], ...] = ()
    ) -> None:
        super().__init__(f"{operation} ended with {status or code}: {message}")
        #: The name of the operation.
        self.operation = operation
        #: The number of the status in google/rpc/code.proto, such as 1 (not an HTTP status).
        self.code = code
        #: The name of the status, such as ``CANCELLED``; empty if it is unknown.
        self.status = status
        #: The message of the service, for people.
        self.message = message
        #: The details of the service, for programs: JSON objects, each with an ``@type``.
        self.details = details


class OperationTimeout(TunedModelsError, TimeoutError):
    """The error for a long-running operation that does not end within the caller's timeout.

    The operation continues at the service.
    """

    def __init__(self, operation: str, timeout: float) -> None:
        super().__init__(f"{operation} has not ended within {timeout:g} seconds; {Hint.RUN_CONTINUES.text}")
        #: The name of the operation.
        self.operation = operation
        #: The timeout in seconds that the caller set.
        self.timeout = timeout


def _restore(kind: type[TunedModelsError], args: tuple[Any, ...]) -> TunedModelsError:
    """Return an error with its text in *args*, but without its attributes, which pickle sets."""
    error = kind.__new__(kind)  # __init__ would make the text once more
    error.args = args
    return error
