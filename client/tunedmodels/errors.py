"""Everything that this client raises for what happens outside of it.

    TunedModelsError            the root: one ``except`` for all of them
    ├── APIError                the service answered with an error
    │   ├── InvalidArgument     400  the request is wrong
    │   ├── FailedPrecondition  400  right, but not in the present state of things
    │   ├── Unauthenticated     401  no credentials, or none that count
    │   ├── PermissionDenied    403  somebody else's, or a scope is missing
    │   ├── NotFound            404  there is no such thing
    │   ├── AlreadyExists       409  the id is taken
    │   ├── Aborted             409  somebody else was faster; try again
    │   ├── ResourceExhausted   429  too many requests, or the quota is used up
    │   ├── Cancelled           499  the request was cancelled
    │   ├── Internal            500  the service is at fault
    │   ├── Unimplemented       501  the service does not do that
    │   ├── Unavailable         503  not now; try again
    │   └── DeadlineExceeded    504  the service took too long
    ├── OperationFailed         a long-running operation ended with an error
    ├── OperationTimeout        it did not end in time, and goes on; a TimeoutError too
    └── TransportError          no answer came, or none that this API gives

A status without a class of its own is a plain ``APIError``. What the caller did wrong before anything was sent is
a ``ValueError`` or a ``TypeError``, as everywhere in Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_SHOWN = 200  # characters of a body that is not the API's own


class TunedModelsError(Exception):
    """The root of all errors of this package."""


class TransportError(TunedModelsError):
    """No answer came, or one that this API does not give; ``__cause__`` is the error beneath, if there is one."""


class APIError(TunedModelsError):
    """The service answered with an error."""

    def __init__(
        self,
        code: int,
        status: str,
        message: str,
        details: tuple[Mapping[str, Any], ...] = (),
        response: Any = None,
    ) -> None:
        super().__init__(f"{code} {status}: {message}" if status else f"{code}: {message}")
        #: The HTTP status, such as 404.
        self.code = code
        #: The name of the status, such as ``NOT_FOUND``; empty where none is known.
        self.status = status
        #: What the service said, for people to read.
        self.message = message
        #: What it said for programs to read: JSON objects with an ``@type`` each.
        self.details = details
        #: The whole body as JSON, or None where it is none.
        self.response = response

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes."""
        return type(self), (self.code, self.status, self.message, self.details, self.response)


class InvalidArgument(APIError):
    """The request is wrong, whatever the state of things (400 INVALID_ARGUMENT)."""


class FailedPrecondition(APIError):
    """The request does not fit the present state of things (400 FAILED_PRECONDITION)."""


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


class Unimplemented(APIError):
    """The service does not do that (501 UNIMPLEMENTED)."""


class Unavailable(APIError):
    """The service cannot answer now; try again (503 UNAVAILABLE)."""


class DeadlineExceeded(APIError):
    """The service took too long (504 DEADLINE_EXCEEDED)."""


class OperationFailed(TunedModelsError):
    """A long-running operation ended with an error; a cancelled one has the status ``CANCELLED``."""

    def __init__(self, operation: str, error: Mapping[str, Any]) -> None:
        #: The name of the operation.
        self.operation = operation
        #: The number of the status in google/rpc/code.proto, such as 1 (this is no HTTP status).
        self.code = _integer(error.get("code"))
        #: The name of the status, such as ``CANCELLED``; empty where none is known.
        self.status = _CODES.get(self.code, "")
        #: What the service said, for people to read.
        self.message = _text(error.get("message"))
        #: What it said for programs to read: JSON objects with an ``@type`` each.
        self.details = _details(error.get("details"))
        super().__init__(f"{operation} ended with {self.status or self.code}: {self.message}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes."""
        error = {"code": self.code, "message": self.message, "details": [*self.details]}
        return type(self), (self.operation, error)


class OperationTimeout(TunedModelsError, TimeoutError):
    """A long-running operation did not end in the time that the caller gave it. It goes on at the service."""

    def __init__(self, operation: str, timeout: float) -> None:
        super().__init__(f"{operation} has not ended within {timeout:g} seconds; it goes on")
        #: The name of the operation.
        self.operation = operation
        #: The seconds that the caller gave it.
        self.timeout = timeout

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes."""
        return type(self), (self.operation, self.timeout)


def from_response(code: int, body: str) -> APIError:
    """Return the error that an answer with the HTTP status *code* stands for, whatever its *body* is.

    The status that the body names decides on the class. A body that is not the API's, such as a proxy's page of
    HTML or none at all, leaves that to *code*.
    """
    try:
        response = json.loads(body)
    except ValueError:
        response = None
    error = response.get("error") if isinstance(response, Mapping) else None
    if not isinstance(error, Mapping):
        error = {}
    status = _text(error.get("status")) or _BY_HTTP.get(code, "")
    message = _text(error.get("message")) or _glimpse(body)
    kind = _CLASSES.get(status, APIError)
    return kind(code, status, message, _details(error.get("details")), response)


def _glimpse(body: str) -> str:
    """Return in a few words what a body says that is not the API's."""
    title = re.search(r"<title[^>]*>(.*?)</title>", body, re.IGNORECASE | re.DOTALL)
    words = " ".join((title[1] if title else body).split())
    return words[:_SHOWN] or "the answer has no body"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _details(value: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


_CLASSES: Mapping[str, type[APIError]] = {
    "INVALID_ARGUMENT": InvalidArgument,
    "FAILED_PRECONDITION": FailedPrecondition,
    "UNAUTHENTICATED": Unauthenticated,
    "PERMISSION_DENIED": PermissionDenied,
    "NOT_FOUND": NotFound,
    "ALREADY_EXISTS": AlreadyExists,
    "ABORTED": Aborted,
    "RESOURCE_EXHAUSTED": ResourceExhausted,
    "CANCELLED": Cancelled,
    "INTERNAL": Internal,
    "UNIMPLEMENTED": Unimplemented,
    "UNAVAILABLE": Unavailable,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
}

# What an HTTP status stands for where the body names no status. The first of two is the more general one; 502 is
# a proxy's word for a service that cannot answer now.
_BY_HTTP: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

# google/rpc/code.proto, without OK.
_CODES: Mapping[int, str] = {
    1: "CANCELLED",
    2: "UNKNOWN",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    10: "ABORTED",
    11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    15: "DATA_LOSS",
    16: "UNAUTHENTICATED",
}
