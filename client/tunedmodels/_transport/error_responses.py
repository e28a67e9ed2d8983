"""Converts the service's error responses to errors of this package. All code for this is here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from .. import errors
from .._messages import status as _status
from ..errors import APIError, OperationFailed, Request, Response
from .error_hints import error_hint

NOTE_HEADER = "x-tunedmodels-note"  # a note of the mock server about its answer, for people

_EXCERPT_LENGTH = 200  # the maximum number of characters to quote of a body that is not the API's


def from_response(request: Request, response: Response, *, may_have_executed: bool = False) -> APIError:
    """Return the error for *response*, whatever its body is.

    The status in the body selects the class. If the body is not the API's, for example a proxy's HTML page or an
    empty one, the HTTP status selects it. *may_have_executed* says whether an earlier try got no answer.
    """
    try:
        value = json.loads(response.body)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, list) and value:  # for a stream, the service puts the error into an array
        value = value[0]
    error = value.get("error") if isinstance(value, Mapping) else None
    return from_error(
        error if isinstance(error, Mapping) else {}, request, response, may_have_executed=may_have_executed
    )


def from_error(
    error: Mapping[str, Any], request: Request, response: Response, *, may_have_executed: bool = False
) -> APIError:
    """Return the error for *error*, the member ``error`` of the response's body."""
    code = _integer(error.get("code")) or response.status_code
    status = _text(error.get("status")) or _STATUS_BY_HTTP.get(code, "")
    message = _text(error.get("message"))
    details = _details(error.get("details"))
    kind = _CLASS_BY_STATUS.get(status, APIError)
    return kind(
        code,
        status,
        message if message.strip() else f"{request.method} {request.url} was answered with {_excerpt(response.body)}",
        details,
        hint=error_hint(status, message, details, may_have_executed=may_have_executed)
        or response.headers.get(NOTE_HEADER, ""),
        retry_delay=retry_delay(details, response.headers),
        request=request,
        response=response,
    )


def from_operation(name: str, error: Any) -> OperationFailed:
    """Return the error for *error*, the member ``error`` of the operation *name* after its end."""
    error = error if isinstance(error, Mapping) else {}
    code = _integer(error.get("code"))
    return OperationFailed(
        name, code, _STATUS_BY_CODE.get(code, ""), _text(error.get("message")), _details(error.get("details"))
    )


def retry_delay(details: tuple[Mapping[str, Any], ...], headers: Mapping[str, str]) -> float | None:
    """Return the larger delay of RetryInfo and the header Retry-After, in seconds, or None if there is neither."""
    text = headers.get("retry-after", "")
    after = float(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else _seconds_between(text, headers.get("date", ""))
    return max(filter(None, (after, _status.retry_delay(details))), default=None)


def _seconds_between(moment: str, now: str) -> float | None:
    """Return the seconds from *now* to *moment*, both HTTP dates of the answer. Return None if one is not a date."""
    try:
        seconds = (parsedate_to_datetime(moment) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError):
        return None
    return max(seconds, 0.0)


def _excerpt(body: str) -> str:
    """Return the beginning of a body that is not the API's, or the title if it is HTML."""
    title = re.search(r"<title[^>]*>(.*?)</title>", body[:100_000], re.IGNORECASE | re.DOTALL)
    words = " ".join((title[1] if title else body).split())
    return f"{words[:_EXCERPT_LENGTH]!r}" if words else "an empty body"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _details(value: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


_CLASS_BY_STATUS: Mapping[str, type[APIError]] = {
    "INVALID_ARGUMENT": errors.InvalidArgument,
    "FAILED_PRECONDITION": errors.FailedPrecondition,
    "OUT_OF_RANGE": errors.OutOfRange,
    "UNAUTHENTICATED": errors.Unauthenticated,
    "PERMISSION_DENIED": errors.PermissionDenied,
    "NOT_FOUND": errors.NotFound,
    "ALREADY_EXISTS": errors.AlreadyExists,
    "ABORTED": errors.Aborted,
    "RESOURCE_EXHAUSTED": errors.ResourceExhausted,
    "CANCELLED": errors.Cancelled,
    "INTERNAL": errors.Internal,
    "UNKNOWN": errors.Unknown,
    "DATA_LOSS": errors.DataLoss,
    "UNIMPLEMENTED": errors.Unimplemented,
    "UNAVAILABLE": errors.Unavailable,
    "DEADLINE_EXCEEDED": errors.DeadlineExceeded,
}

# The status for each HTTP status, for a body that names no status. If several statuses share an HTTP status, the table
# has the more general one. A proxy sends 502 if the service cannot answer now.
_STATUS_BY_HTTP: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

# The codes of google/rpc/code.proto, without OK.
_STATUS_BY_CODE: Mapping[int, str] = {
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
