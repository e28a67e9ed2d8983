"""Everything that this client raises for what happens outside of it.

    TunedModelsError            the root: one ``except`` for all of them
    ├── APIError                the service answered with an error
    │   ├── InvalidArgument     400  the request is wrong
    │   ├── FailedPrecondition  400  right, but not in the present state of things
    │   ├── OutOfRange          400  right, but beyond the end
    │   ├── Unauthenticated     401  no credentials, or none that count
    │   ├── PermissionDenied    403  somebody else's, or a scope is missing
    │   ├── NotFound            404  there is no such thing
    │   ├── AlreadyExists       409  the id is taken
    │   ├── Aborted             409  somebody else was faster; try again
    │   ├── ResourceExhausted   429  too many requests, or the quota is used up
    │   ├── Cancelled           499  the request was cancelled
    │   ├── Internal            500  the service is at fault
    │   ├── Unknown             500  the service does not say what happened
    │   ├── DataLoss            500  the service lost data
    │   ├── Unimplemented       501  the service does not do that
    │   ├── Unavailable         503  not now; try again
    │   └── DeadlineExceeded    504  the service took too long
    ├── OperationFailed         a long-running operation ended with an error
    ├── OperationTimeout        it did not end in time, and goes on; a TimeoutError too
    ├── TransportError          no answer came, or none that this API gives
    ├── CredentialsError        credentials are missing, or were refused before anything was asked
    └── TrainingDataError       the examples cannot be read or break a documented limit; a ValueError too

A status without a class of its own is a plain ``APIError``. What the caller did wrong before anything was sent is
a ``ValueError`` or a ``TypeError``, as everywhere in Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ._messages import status as _status
from ._messages.status import ErrorInfo, FieldViolation, HelpLink, QuotaViolation


@dataclass(frozen=True)
class Request:
    """What was asked, without body and credentials."""

    #: The HTTP method.
    method: str
    #: The URL with its query; an API key never is part of it.
    url: str


@dataclass(frozen=True)
class Response:
    """What was answered."""

    #: The HTTP status.
    status_code: int
    #: The headers; the names are in lower case.
    headers: Mapping[str, str]
    #: The body as text.
    body: str


class RetrySafety(Enum):
    """What is known of a request that got no answer."""

    #: It never reached the service.
    UNSENT = "unsent"
    #: The service may have done what was asked, and the answer is lost.
    LOST = "lost"
    #: It fails again in the same way.
    FINAL = "final"


class TunedModelsError(Exception):
    """The root of all errors of this package."""


class TransportError(TunedModelsError):
    """No answer came, or one that this API does not give; ``__cause__`` is the error beneath, if there is one."""

    def __init__(
        self,
        message: str,
        request: Request | None = None,
        response: Response | None = None,
        retry_safety: RetrySafety = RetrySafety.FINAL,
    ) -> None:
        super().__init__(message)
        #: What was asked.
        self.request = request
        #: What was answered, where anything was.
        self.response = response
        #: Whether the service may have done what was asked.
        self.retry_safety = retry_safety

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes."""
        return type(self), (str(self), self.request, self.response, self.retry_safety)


class CredentialsError(TunedModelsError):
    """Credentials are missing, or google-auth could not get a token with them; ``__cause__`` is its error."""

    def __init__(self, message: str, retry_safety: RetrySafety = RetrySafety.FINAL) -> None:
        super().__init__(message)
        #: ``UNSENT`` where another try may get a token, else ``FINAL``.
        self.retry_safety = retry_safety

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes."""
        return type(self), (str(self), self.retry_safety)


class TrainingDataError(TunedModelsError, ValueError):
    """Training data cannot be read, or breaks a limit that the service documents. Nothing was sent."""

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
        #: The file or URL; None for data that was handed in as a value.
        self.source = source
        #: The line in the file, from 1, where there is one.
        self.line = line
        #: The place of the example in the data, from 0, where it is about one.
        self.row = row
        #: The name of the column, where it is about one.
        self.column = column

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes."""
        return type(self), (str(self),), self.__dict__


class DuplicateExamplesWarning(UserWarning):
    """Some examples come more than once in the training data."""


class _ErrorWithDetails(TunedModelsError):
    """What the errors of the service say for programs to read."""

    details: tuple[Mapping[str, Any], ...]

    @property
    def error_info(self) -> ErrorInfo | None:
        """The reason in words that do not change, None where the service gives none."""
        return next(iter(_status.details_of_type(self.details, ErrorInfo, "ErrorInfo")), None)

    @property
    def field_violations(self) -> tuple[FieldViolation, ...]:
        """What is wrong with which field of the request."""
        return _status.details_of_type(self.details, FieldViolation, "BadRequest", "fieldViolations")

    @property
    def quota_violations(self) -> tuple[QuotaViolation, ...]:
        """The quotas that are used up."""
        return _status.details_of_type(self.details, QuotaViolation, "QuotaFailure", "violations")

    @property
    def links(self) -> tuple[HelpLink, ...]:
        """Where the service says that more can be read."""
        return _status.details_of_type(self.details, HelpLink, "Help", "links")


class APIError(_ErrorWithDetails):
    """The service answered with an error."""

    def __init__(
        self,
        code: int,
        status: str,
        message: str,
        details: tuple[Mapping[str, Any], ...] = (),
        *,
        advice: str = "",
        retry_delay: float | None = None,
        request: Request | None = None,
        response: Response | None = None,
    ) -> None:
        text = f"{code} {status}: {message.strip()}" if status else f"{code}: {message.strip()}"
        super().__init__(f"{text} ({advice})" if advice else text)
        #: The HTTP status, such as 404.
        self.code = code
        #: The name of the status, such as ``NOT_FOUND``; empty where none is known.
        self.status = status
        #: What the service said, for people to read.
        self.message = message
        #: What it said for programs to read: JSON objects with an ``@type`` each.
        self.details = details
        #: What to do about it, where this client knows; empty where it does not.
        self.advice = advice
        #: After how many seconds the service wants to be asked again; None where it does not say.
        self.retry_delay = retry_delay
        #: What was asked.
        self.request = request
        #: What was answered.
        self.response = response

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes."""
        keywords = {name: getattr(self, name) for name in ("advice", "retry_delay", "request", "response")}
        return _rebuild, (type(self), self.code, self.status, self.message, self.details, keywords)


class InvalidArgument(APIError):
    """The request is wrong, whatever the state of things (400 INVALID_ARGUMENT)."""


class FailedPrecondition(APIError):
    """The request does not fit the present state of things (400 FAILED_PRECONDITION)."""


class OutOfRange(APIError):
    """The request goes beyond the end (400 OUT_OF_RANGE)."""


class Unauthenticated(APIError):
    """The request has no credentials, or none that count (401 UNAUTHENTICATED)."""


class PermissionDenied(APIError):
    """The caller may not do that (403 PERMISSION_DENIED)."""


class NotFound(APIError):
    """There is no such thing (404 NOT_FOUND)."""


class AlreadyExists(APIError):
    """The id is taken (409 ALREADY_EXISTS)."""


class Aborted(APIError):
    """Somebody else changed the same thing; try again (409 ABORTED)."""


class ResourceExhausted(APIError):
    """There were too many requests, or the quota is used up (429 RESOURCE_EXHAUSTED)."""


class Cancelled(APIError):
    """The request was cancelled (499 CANCELLED)."""


class Internal(APIError):
    """The service is at fault (500 INTERNAL)."""


class Unknown(APIError):
    """The service does not say what happened (500 UNKNOWN)."""


class DataLoss(APIError):
    """The service lost data (500 DATA_LOSS)."""


class Unimplemented(APIError):
    """The service does not do that (501 UNIMPLEMENTED)."""


class Unavailable(APIError):
    """The service cannot answer now; try again (503 UNAVAILABLE)."""


class DeadlineExceeded(APIError):
    """The service took too long (504 DEADLINE_EXCEEDED)."""


class OperationFailed(_ErrorWithDetails):
    """A long-running operation ended with an error; a cancelled one has the status ``CANCELLED``."""

    def __init__(
        self, operation: str, code: int, status: str, message: str, details: tuple[Mapping[str, Any], ...] = ()
    ) -> None:
        super().__init__(f"{operation} ended with {status or code}: {message}")
        #: The name of the operation.
        self.operation = operation
        #: The number of the status in google/rpc/code.proto, such as 1 (this is no HTTP status).
        self.code = code
        #: The name of the status, such as ``CANCELLED``; empty where none is known.
        self.status = status
        #: What the service said, for people to read.
        self.message = message
        #: What it said for programs to read: JSON objects with an ``@type`` each.
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes."""
        return type(self), (self.operation, self.code, self.status, self.message, self.details)


class OperationTimeout(TunedModelsError, TimeoutError):
    """A long-running operation did not end in the time that the caller gave it. It goes on at the service."""

    def __init__(self, operation: str, timeout: float) -> None:
        super().__init__(
            f"{operation} has not ended within {timeout:g} seconds; it goes on, and client.operations.get() finds it"
        )
        #: The name of the operation.
        self.operation = operation
        #: The seconds that the caller gave it.
        self.timeout = timeout

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes."""
        return type(self), (self.operation, self.timeout)


def _rebuild(
    kind: type[APIError],
    code: int,
    status: str,
    message: str,
    details: tuple[Mapping[str, Any], ...],
    keywords: dict[str, Any],
) -> APIError:
    return kind(code, status, message, details, **keywords)
