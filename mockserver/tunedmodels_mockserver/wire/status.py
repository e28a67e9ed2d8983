"""Defines gRPC's status codes with their HTTP statuses, and the error that answers a request with one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

import msgspec


class Code(IntEnum):
    """The codes of google/rpc/code.proto."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16

    @property
    def http(self) -> int:
        """The HTTP status of the code (code.proto)."""
        return _HTTP[self]

    @classmethod
    def of_http(cls, status: int) -> Code | None:
        """Return the code that Google's APIs use most often with the HTTP *status*, or None if no code has it."""
        return _USUAL.get(status) or next((code for code in cls if code.http == status), None)


_HTTP = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}

# The most common code, if several codes have the same HTTP status.
_USUAL = {400: Code.INVALID_ARGUMENT, 409: Code.ABORTED, 500: Code.INTERNAL}

# The reasons in the v1 error format (``$.xgafv=1``), by HTTP status. They are names of Google's older APIs.
_REASONS = {
    400: "badRequest",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "conflict",
    429: "rateLimitExceeded",
    501: "notImplemented",
    503: "backendError",
}


class AnyValue(msgspec.Struct, frozen=True):
    """A message in a ``google.protobuf.Any``: its value, the name of its type, and the version of the surface."""

    version: str
    type: str
    value: Mapping[str, Any]


class Status(msgspec.Struct, frozen=True):
    """A google.rpc.Status."""

    code: Code
    message: str
    details: tuple[AnyValue, ...] = ()

    def value(self) -> dict[str, Any]:
        """Return the status as the message in the ``error`` of an operation."""
        return {"code": int(self.code), "message": self.message, "details": list(self.details)}

    def envelope(self, details: Sequence[Any], *, legacy: bool = False) -> dict[str, Any]:
        """Return the body of an HTTP error. *details* are the details of this status as plain JSON.

        With *legacy* the body has the v1 error format, which adds a list ``errors``.
        """
        error: dict[str, Any] = {"code": self.code.http, "message": self.message}
        if legacy:
            reason = _REASONS.get(self.code.http, "backendError")
            error["errors"] = [{"message": self.message, "domain": "global", "reason": reason}]
        error["status"] = self.code.name
        if details:
            error["details"] = list(details)
        return {"error": error}


class StatusError(Exception):
    """The error that answers a request with a status other than OK."""

    def __init__(self, code: Code, message: str, *details: AnyValue) -> None:
        super().__init__(message)
        self.status = Status(code, message, details)


class Violation(msgspec.Struct, frozen=True):
    """One violation in one field of a request. ``field`` is empty for the root of the request."""

    field: str
    description: str


def bad_request(violations: Sequence[Violation]) -> StatusError:
    """Return the error for a request that does not fit its message type, with one line and one detail per violation.

    Observed on this API. A violation at the root has no member ``field``.
    """
    rows = [{"field": item.field, "description": item.description} for item in violations]
    return StatusError(
        Code.INVALID_ARGUMENT,
        "\n".join(item.description for item in violations),
        AnyValue("v1beta", "google.rpc.BadRequest", {"field_violations": rows}),
    )
