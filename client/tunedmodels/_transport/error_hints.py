"""Has hints for known errors of the service. The service says what is wrong, but seldom what the caller can do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SCOPES = "https://www.googleapis.com/auth/cloud-platform,https://www.googleapis.com/auth/generative-language.tuning"

# The keys are reasons of google.rpc.ErrorInfo.
_BY_REASON: Mapping[str, str] = {
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "the token was made without the scope for tuning; make one with it, such as: "
    f"gcloud auth application-default login --scopes={_SCOPES}",
    "CREDENTIALS_MISSING": "this method takes OAuth alone, and no API key; give no api_key, unset GOOGLE_API_KEY and "
    "GEMINI_API_KEY, and let google-auth find credentials, or give credentials=",
    "API_KEY_INVALID": "look at api_key=, or at GOOGLE_API_KEY and GEMINI_API_KEY, of which the first counts",
    "SERVICE_DISABLED": "enable the Generative Language API for the project that the credentials belong to, or name "
    "another with quota_project=",
    "USER_PROJECT_DENIED": "look at quota_project= and at GOOGLE_CLOUD_QUOTA_PROJECT: the caller may not use that "
    "project",
}

# Each row has a status, a pattern that the message must contain, and the hint. The first match applies.
_BY_MESSAGE: tuple[tuple[str, str, str], ...] = (
    (
        "FAILED_PRECONDITION",
        r"is not found for CREATE TUNED MODEL",
        "since May 2025 the Gemini API has no model that can be tuned; client.models.tunable() lists those that a "
        "server has, and a mock server still has some",
    ),
    (
        "NOT_FOUND",
        r"is not found for API version \S+, or is not supported",
        "tuned models are still listed after their base model was withdrawn, and can be called no more; "
        "client.models.list() shows the base models there are",
    ),
    (
        "INVALID_ARGUMENT",
        r"is not ready to use",
        "wait until its operation ends: client.operations.list(name) finds it, and result() waits",
    ),
    (
        "INVALID_ARGUMENT",
        r"^Request contains an invalid argument\.$",
        "the service does not say which; a display_name of more than 40 bytes in UTF-8 is a known one",
    ),
    (
        "PERMISSION_DENIED",
        r"unregistered callers",
        "no credentials were sent; give api_key= or credentials=, or set GEMINI_API_KEY or "
        "GOOGLE_APPLICATION_CREDENTIALS; TUNEDMODELS_EMULATOR_HOST leaves both aside, but for its own key file",
    ),
    (
        "PERMISSION_DENIED",
        r"permission to access tuned model",
        "it is somebody else's, the caller's role in it is too low for this, or the API key is of another project; its "
        "owner can share it by client.tuned_models.permissions(name).create()",
    ),
    (
        "UNAUTHENTICATED",
        r"invalid authentication credentials",
        "the token is expired, revoked or not of this service, and no new one was to be had; log in again, such as by "
        "gcloud auth application-default login, or give other credentials=",
    ),
    (
        "UNAUTHENTICATED",
        r"API keys are not supported by this API",
        _BY_REASON["CREDENTIALS_MISSING"],
    ),
    (
        "PERMISSION_DENIED",
        r"insufficient authentication scopes",
        _BY_REASON["ACCESS_TOKEN_SCOPE_INSUFFICIENT"],
    ),
)


_MAY_EXIST_ALREADY = (
    "an earlier try of this call got no answer and may have made it; client.tuned_models.get() and "
    "client.operations.list() tell"
)


def error_hint(
    status: str, message: str, details: tuple[Mapping[str, Any], ...], *, may_have_executed: bool = False
) -> str:
    """Return a hint what to do about an error of the service, or an empty string if there is none.

    *may_have_executed* says whether the service may have executed an earlier try of the request.
    """
    if may_have_executed and status == "ALREADY_EXISTS":
        return _MAY_EXIST_ALREADY
    for detail in details:
        hint = _BY_REASON.get(str(detail.get("reason")))
        if hint:
            return hint
    return next(
        (text for error_status, pattern, text in _BY_MESSAGE if error_status == status and re.search(pattern, message)),
        "",
    )
