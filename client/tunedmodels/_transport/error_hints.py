"""Finds the hint for a known error of the service, which says what is wrong, but seldom what the caller can do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._hints import Hint

# The keys are reasons of google.rpc.ErrorInfo.
_BY_REASON: Mapping[str, Hint] = {
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": Hint.SCOPE_MISSING,
    "CREDENTIALS_MISSING": Hint.OAUTH_NEEDED,
    "API_KEY_INVALID": Hint.API_KEY_INVALID,
    "SERVICE_DISABLED": Hint.SERVICE_DISABLED,
    "USER_PROJECT_DENIED": Hint.PROJECT_DENIED,
}

# Each row has a status, a pattern that the message must contain, and the hint. The first match applies.
_BY_MESSAGE: tuple[tuple[str, str, Hint], ...] = (
    ("FAILED_PRECONDITION", r"is not found for CREATE TUNED MODEL", Hint.NO_TUNABLE_MODEL),
    ("NOT_FOUND", r"is not found for API version \S+, or is not supported", Hint.BASE_MODEL_WITHDRAWN),
    ("INVALID_ARGUMENT", r"is not ready to use", Hint.MODEL_NOT_READY),
    ("INVALID_ARGUMENT", r"^Request contains an invalid argument\.$", Hint.ARGUMENT_INVALID),
    ("PERMISSION_DENIED", r"unregistered callers", Hint.CREDENTIALS_NOT_SENT),
    ("PERMISSION_DENIED", r"permission to access tuned model", Hint.MODEL_DENIED),
    ("UNAUTHENTICATED", r"invalid authentication credentials", Hint.TOKEN_REJECTED),
    ("UNAUTHENTICATED", r"API keys are not supported by this API", Hint.OAUTH_NEEDED),
    ("PERMISSION_DENIED", r"insufficient authentication scopes", Hint.SCOPE_MISSING),
)


def error_hint(
    status: str, message: str, details: tuple[Mapping[str, Any], ...], *, may_have_executed: bool = False
) -> str:
    """Return a hint what to do about an error of the service, or an empty string if there is none.

    *may_have_executed* says whether the service may have executed an earlier try of the request.
    """
    if may_have_executed and status == "ALREADY_EXISTS":
        return Hint.MODEL_MAY_EXIST.text
    for detail in details:
        hint = _BY_REASON.get(str(detail.get("reason")))
        if hint is not None:
            return hint.text
    return next(
        (
            hint.text
            for error_status, pattern, hint in _BY_MESSAGE
            if error_status == status and re.search(pattern, message)
        ),
        "",
    )
