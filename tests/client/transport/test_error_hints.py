"""Each observed error of the service has its error class, and a hint if the client has one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tunedmodels import errors
from tunedmodels._transport.error_hints import error_hint
from tunedmodels._transport.error_responses import from_response
from tunedmodels.errors import Request, Response


def info(reason: str) -> list[dict[str, Any]]:
    return [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}]


KEYS = (
    "API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials that "
    "assert a principal. See https://cloud.google.com/docs/authentication"
)
SCOPES = "Request had insufficient authentication scopes."
UNREGISTERED = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
    "form of API consumer identity to call this API."
)
TOKEN = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
KEY = "API key not valid. Please pass a valid API key."
WITHDRAWN = (
    "models/gemini-1.5-flash-001-tuning is not found for API version v1beta, or is not supported for "
    "generateContent. Call ListModels to see the list of available models and their supported methods."
)
QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this "
    "error, head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)
INTERNAL = (
    "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/"
    "troubleshooting"
)

NOT_READY = "Tuned model tunedModels/x is not ready to use."
NO_TUNING = "models/gemini-2.5-flash is not found for CREATE TUNED MODEL at API version v1beta."
NO_ACCESS = "You do not have permission to access tuned model "
OVERLOADED = "The model is overloaded. Please try again later."
WRONG_NAME = "* GenerateContentRequest.model: unexpected model name format\n"
DISABLED = "Generative Language API has not been used in project 1 before or it is disabled."
DENIED = "The caller does not have permission"
NOT_OWNER = "You need to be the owner of the resource to transfer ownership"
INVALID_ARGUMENT = "Request contains an invalid argument."

# Errors of the service from 2023 to 2025: code, error class, message, reason, and the beginning of the hint, or "".
OBSERVED: list[tuple[int, type[errors.APIError], str, str, str]] = [
    (404, errors.NotFound, "Tuned model tunedModels/x does not exist.", "", ""),
    (400, errors.FailedPrecondition, NO_TUNING, "", "since May 2025 the Gemini API has no model that can be tuned"),
    (400, errors.InvalidArgument, NOT_READY, "", "wait until its operation ends"),
    (400, errors.InvalidArgument, "Either tuned_model_id or display_name must be set.", "", ""),
    (403, errors.PermissionDenied, f"{NO_ACCESS}tunedModels/x.", "", "another user owns the model"),
    (403, errors.PermissionDenied, f"{NO_ACCESS}x.", "", "another user owns the model"),
    (409, errors.AlreadyExists, "", "", ""),
    (403, errors.PermissionDenied, NOT_OWNER, "", ""),
    (
        400,
        errors.InvalidArgument,
        INVALID_ARGUMENT,
        "",
        "the service does not say which; a known cause is",
    ),
    (401, errors.Unauthenticated, TOKEN, "", "the token is expired, revoked or not of this service"),
    (401, errors.Unauthenticated, KEYS, "CREDENTIALS_MISSING", "this method needs OAuth, and an API key does not work"),
    (401, errors.Unauthenticated, KEYS, "", "this method needs OAuth, and an API key does not work"),
    (403, errors.PermissionDenied, SCOPES, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "the token has no scope for tuning"),
    (403, errors.PermissionDenied, SCOPES, "", "the token has no scope for tuning"),
    (400, errors.InvalidArgument, KEY, "API_KEY_INVALID", "check api_key=, or GOOGLE_API_KEY"),
    (403, errors.PermissionDenied, UNREGISTERED, "", "no credentials were sent"),
    (403, errors.PermissionDenied, DISABLED, "SERVICE_DISABLED", "enable the Generative Language API"),
    (403, errors.PermissionDenied, DENIED, "USER_PROJECT_DENIED", "check quota_project="),
    (403, errors.PermissionDenied, DENIED, "", ""),
    (429, errors.ResourceExhausted, "Resource has been exhausted (e.g. check quota).", "", ""),
    (429, errors.ResourceExhausted, QUOTA, "", ""),
    (404, errors.NotFound, WITHDRAWN, "", "tuned models are still listed after their base model was withdrawn"),
    (400, errors.InvalidArgument, WRONG_NAME, "", ""),
    (503, errors.Unavailable, OVERLOADED, "", ""),
    (500, errors.Internal, INTERNAL, "", ""),
    (400, errors.InvalidArgument, "Json mode is not enabled for tunedModels/x", "", ""),
]


@pytest.mark.parametrize(("code", "kind", "message", "reason", "hint"), OBSERVED)
def test_observed_errors(code: int, kind: type[errors.APIError], message: str, reason: str, hint: str) -> None:
    """Each error has the class of its status, and a hint if the client knows more than the service says."""
    status = re.sub("(?<=[a-z])(?=[A-Z])", "_", kind.__name__).upper()
    value = {"code": code, "message": message, "status": status, "details": info(reason) if reason else []}
    response = Response(code, {}, json.dumps({"error": value}, indent=2))
    error = from_response(Request("GET", "https://service.test"), response)

    assert type(error) is kind
    assert error.code == code
    assert bool(error.hint) is bool(hint)
    assert error.hint.startswith(hint)
    assert not hint or str(error).endswith(f"({error.hint})")
    assert not message or error.message == message


def test_hint_by_reason_needs_no_known_message() -> None:
    """The reason does not change if the service changes its message."""
    for reason in ("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "CREDENTIALS_MISSING", "API_KEY_INVALID"):
        assert error_hint("ANY", "New words.", tuple(info(reason)))


def test_message_with_another_status() -> None:
    """A known message with another status, or with more text, has no hint."""
    assert error_hint("NOT_FOUND", "Tuned model tunedModels/x is not ready to use.", ()) == ""
    assert error_hint("INVALID_ARGUMENT", "Request contains an invalid argument. And more.", ()) == ""


@pytest.mark.parametrize("details", [({"reason": 5},), ({"reason": ["API_KEY_INVALID"]},), ({},)], ids=repr)
def test_reason_that_is_not_a_string(details: tuple[dict[str, Any], ...]) -> None:
    """A reason that is not a known string is ignored."""
    assert error_hint("INVALID_ARGUMENT", "No.", details) == ""


def test_hint_names_the_scopes_of_the_client() -> None:
    """A token with the scopes in the hint is accepted."""
    text = error_hint("PERMISSION_DENIED", SCOPES, ())

    assert "auth/generative-language.tuning" in text
    assert "auth/cloud-platform" in text
