"""Observed errors of the service: the error class and the hint for each of them."""

from __future__ import annotations

import json
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
NOBODY = (
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

# What the service said from 2023 to 2025: status, message, details, class, and how the hint begins (None: no hint).
OBSERVED: list[Any] = [
    pytest.param(
        404, "NOT_FOUND", "Tuned model tunedModels/x does not exist.", [], errors.NotFound, None, id="no such model"
    ),
    pytest.param(
        400,
        "FAILED_PRECONDITION",
        "models/gemini-2.5-flash is not found for CREATE TUNED MODEL at API version v1beta.",
        [],
        errors.FailedPrecondition,
        "since May 2025 the Gemini API has no model that can be tuned",
        id="nothing can be tuned",
    ),
    pytest.param(
        400,
        "INVALID_ARGUMENT",
        "Tuned model tunedModels/x is not ready to use.",
        [],
        errors.InvalidArgument,
        "wait until its operation ends",
        id="still creating",
    ),
    pytest.param(
        400,
        "INVALID_ARGUMENT",
        "Either tuned_model_id or display_name must be set.",
        [],
        errors.InvalidArgument,
        None,
        id="no name at all",
    ),
    pytest.param(
        403,
        "PERMISSION_DENIED",
        "You do not have permission to access tuned model tunedModels/x.",
        [],
        errors.PermissionDenied,
        "another user owns the model",
        id="somebody else's",
    ),
    pytest.param(
        403,
        "PERMISSION_DENIED",
        "You do not have permission to access tuned model x.",
        [],
        errors.PermissionDenied,
        "another user owns the model",
        id="somebody else's id",
    ),
    pytest.param(409, "ALREADY_EXISTS", "", [], errors.AlreadyExists, None, id="taken"),
    pytest.param(
        403,
        "PERMISSION_DENIED",
        "You need to be the owner of the resource to transfer ownership",
        [],
        errors.PermissionDenied,
        None,
        id="not the owner",
    ),
    pytest.param(
        400,
        "INVALID_ARGUMENT",
        "Request contains an invalid argument.",
        [],
        errors.InvalidArgument,
        "the service does not say which; a known cause is a display_name of more than 40 bytes",
        id="display name too long",
    ),
    pytest.param(
        401,
        "UNAUTHENTICATED",
        TOKEN,
        [],
        errors.Unauthenticated,
        "the token is expired, revoked or not of this service",
        id="bad token",
    ),
    pytest.param(
        401,
        "UNAUTHENTICATED",
        KEYS,
        info("CREDENTIALS_MISSING"),
        errors.Unauthenticated,
        "this method needs OAuth, and an API key does not work",
        id="key where OAuth is needed",
    ),
    pytest.param(
        401,
        "UNAUTHENTICATED",
        KEYS,
        [],
        errors.Unauthenticated,
        "this method needs OAuth, and an API key does not work",
        id="key where OAuth is needed, without details",
    ),
    pytest.param(
        403,
        "PERMISSION_DENIED",
        SCOPES,
        info("ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
        errors.PermissionDenied,
        "the token has no scope for tuning",
        id="scope",
    ),
    pytest.param(
        403,
        "PERMISSION_DENIED",
        SCOPES,
        [],
        errors.PermissionDenied,
        "the token has no scope for tuning",
        id="scope, without details",
    ),
    pytest.param(
        400,
        "INVALID_ARGUMENT",
        KEY,
        info("API_KEY_INVALID"),
        errors.InvalidArgument,
        "check api_key=, or GOOGLE_API_KEY",
        id="bad key",
    ),
    pytest.param(
        403, "PERMISSION_DENIED", NOBODY, [], errors.PermissionDenied, "no credentials were sent", id="nobody"
    ),
    pytest.param(
        403,
        "PERMISSION_DENIED",
        "Generative Language API has not been used in project 1 before or it is disabled.",
        info("SERVICE_DISABLED"),
        errors.PermissionDenied,
        "enable the Generative Language API",
        id="disabled",
    ),
    pytest.param(
        403,
        "PERMISSION_DENIED",
        "The caller does not have permission",
        info("USER_PROJECT_DENIED"),
        errors.PermissionDenied,
        "check quota_project=",
        id="project",
    ),
    pytest.param(
        403, "PERMISSION_DENIED", "The caller does not have permission", [], errors.PermissionDenied, None, id="denied"
    ),
    pytest.param(
        429,
        "RESOURCE_EXHAUSTED",
        "Resource has been exhausted (e.g. check quota).",
        [],
        errors.ResourceExhausted,
        None,
        id="quota of 2024",
    ),
    pytest.param(429, "RESOURCE_EXHAUSTED", QUOTA, [], errors.ResourceExhausted, None, id="quota of 2025"),
    pytest.param(
        404,
        "NOT_FOUND",
        WITHDRAWN,
        [],
        errors.NotFound,
        "tuned models are still listed after their base model was withdrawn",
        id="withdrawn",
    ),
    pytest.param(
        400,
        "INVALID_ARGUMENT",
        "* GenerateContentRequest.model: unexpected model name format\n",
        [],
        errors.InvalidArgument,
        None,
        id="name of another form",
    ),
    pytest.param(
        503,
        "UNAVAILABLE",
        "The model is overloaded. Please try again later.",
        [],
        errors.Unavailable,
        None,
        id="overloaded",
    ),
    pytest.param(500, "INTERNAL", INTERNAL, [], errors.Internal, None, id="internal"),
    pytest.param(
        400,
        "INVALID_ARGUMENT",
        "Json mode is not enabled for tunedModels/x",
        [],
        errors.InvalidArgument,
        None,
        id="JSON mode",
    ),
]


@pytest.mark.parametrize(("code", "status", "message", "details", "kind", "begins"), OBSERVED)
def test_observed_errors(
    code: int,
    status: str,
    message: str,
    details: list[dict[str, Any]],
    kind: type[errors.APIError],
    begins: str | None,
) -> None:
    """Each error has the class of its status, and a hint if the client knows more than the service says."""
    body = json.dumps({"error": {"code": code, "message": message, "status": status, "details": details}}, indent=2)
    error = from_response(Request("GET", "https://service.test"), Response(code, {}, body))

    assert type(error) is kind
    assert error.code == code
    assert bool(error.hint) is (begins is not None)
    assert error.hint.startswith(begins or "")
    assert not error.hint or str(error).endswith(f"({error.hint})")
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


def test_id_in_use_after_a_lost_answer() -> None:
    """If an earlier try got no answer, it may have created the model."""
    assert "an earlier try of this call" in error_hint("ALREADY_EXISTS", "", (), may_have_executed=True)
    assert error_hint("ALREADY_EXISTS", "", ()) == ""
    assert error_hint("NOT_FOUND", "", (), may_have_executed=True) == ""


def test_hint_names_the_scopes_of_the_client() -> None:
    """A token with the scopes in the hint is accepted."""
    text = error_hint("PERMISSION_DENIED", SCOPES, ())

    assert "auth/generative-language.tuning" in text
    assert "auth/cloud-platform" in text
