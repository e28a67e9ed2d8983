"""Builds the errors that methods, callers and routes answer. Faults have their own wordings in ``effects``.

*Observed* means that the service sent the error. *Invented* means that no source gives the wording (the form ``*
Request.path: text`` is observed for other requests of this API). ``docs/invented.md`` lists the invented ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..wire.status import AnyValue, Code, StatusError

SERVICE = "generativelanguage.googleapis.com"
_SIGN_IN = "https://developers.google.com/identity/sign-in/web/devconsole-project"
_PROJECT = "https://console.developers.google.com/iam-admin/iam/project?project="


def invalid(request: str, path: str, text: str) -> StatusError:
    """Return the error for an invalid member of a request. The texts are invented, the form is observed."""
    return StatusError(Code.INVALID_ARGUMENT, f"* {request}.{path}: {text}\n")


def not_specified(request: str, path: str) -> StatusError:
    """Return the error for a missing required member. Observed for ``contents``, by analogy for others."""
    return invalid(request, path, f"{path.rpartition('.')[2]} is not specified")


def one_of(request: str, path: str, oneof: str) -> StatusError:
    """Return the error for a required oneof without a member.

    Observed for the parts of contents, by analogy for others.
    """
    where = f"{path}.{oneof}" if path else oneof
    return invalid(request, where, f"required oneof field '{oneof}' must have one initialized field")


def invalid_argument() -> StatusError:
    """Return the service's error without details. Observed for a display name of more than 40 bytes."""
    return StatusError(Code.INVALID_ARGUMENT, "Request contains an invalid argument.")


def no_name() -> StatusError:
    """Return the error for a create call with neither an id nor a display name. Observed (the status is inferred)."""
    return StatusError(Code.INVALID_ARGUMENT, "Either tuned_model_id or display_name must be set.")


def model_missing(name: str) -> StatusError:
    """Return the error for a tuned model that does not exist. Observed."""
    return StatusError(Code.NOT_FOUND, f"Tuned model {name} does not exist.")


def model_forbidden(name: str) -> StatusError:
    """Return the error for a caller without the needed role for this model. Observed (for a create: a bare id)."""
    return StatusError(Code.PERMISSION_DENIED, f"You do not have permission to access tuned model {name}.")


def model_exists(name: str) -> StatusError:
    """Return the error for an id that the caller already uses. The status is observed, the wording invented."""
    return StatusError(Code.ALREADY_EXISTS, f"Tuned model {name} already exists.")


def model_not_ready(name: str) -> StatusError:
    """Return the error for a model that is still CREATING. Observed. Invented for a FAILED model."""
    return StatusError(Code.INVALID_ARGUMENT, f"Tuned model {name} is not ready to use.")


def not_tunable(base_model: str, version: str) -> StatusError:
    """Return the error for a base model that cannot be tuned. Observed."""
    return StatusError(
        Code.FAILED_PRECONDITION,
        f"{base_model} is not found for CREATE TUNED MODEL at API version {version}.",
    )


def not_supported(model: str, version: str, method: str) -> StatusError:
    """Return the error for a base model that does not exist or does not have this method. Observed."""
    return StatusError(
        Code.NOT_FOUND,
        f"{model} is not found for API version {version}, or is not supported for {method}. "
        "Call ListModels to see the list of available models and their supported methods.",
    )


def base_model_missing(name: str, version: str) -> StatusError:
    """Return the error of models.get for a base model that does not exist. Observed in 2026."""
    return StatusError(Code.NOT_FOUND, f"Model is not found: {name} for api version {version}")


def model_name_format(request: str, path: str) -> StatusError:
    """Return the error for a malformed name of a model. Observed for generateContent and models.get."""
    return invalid(request, path, "unexpected model name format")


def not_enabled(feature: str, name: str) -> StatusError:
    """Return the error for a feature that a tuned model lacks. Observed for base models, inferred for tuned ones."""
    return StatusError(Code.INVALID_ARGUMENT, f"{feature} is not enabled for {name}")


def not_owner() -> StatusError:
    """Return the error for a transfer of ownership by another caller. The text is observed, the status inferred."""
    return StatusError(Code.PERMISSION_DENIED, "You need to be the owner of the resource to transfer ownership")


def not_found() -> StatusError:
    """Return the generic wording of Google's APIs. Used for operations, whose wording was never observed (invented)."""
    return StatusError(Code.NOT_FOUND, "Requested entity was not found.")


def permission_missing(name: str) -> StatusError:
    """Return the error for a permission that does not exist (invented wording)."""
    return StatusError(Code.NOT_FOUND, f"Permission {name} does not exist.")


def permission_exists(name: str) -> StatusError:
    """Return the error for a grantee that already has a permission (invented)."""
    return StatusError(Code.ALREADY_EXISTS, f"Permission {name} already exists.")


def unimplemented(what: str) -> StatusError:
    """Return the error for a known method without an implementation.

    The wording is invented; Google's own client notes 501 for one of these methods.
    """
    return StatusError(Code.UNIMPLEMENTED, f"{what} is not implemented.")


def busy() -> StatusError:
    """Return the error for repeated concurrent changes of one model (invented; ABORTED asks the client to retry)."""
    return StatusError(Code.ABORTED, "The tuned model was changed concurrently. Please try again.")


def canned_miss(nearest: str) -> StatusError:
    """Return the error for a call that no canned rule matches, if rules are strict. Ours (invented), not Google's."""
    return StatusError(Code.NOT_FOUND, f"No canned rule of the mock server answers the call: {nearest}.")


def unregistered() -> StatusError:
    """Return the error for a request without any credential. Observed."""
    return StatusError(
        Code.PERMISSION_DENIED,
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
        "other form of API consumer identity to call this API.",
    )


def api_key_invalid() -> StatusError:
    """Return the error for an unknown API key. Observed; the second detail since 2025."""
    text = "API key not valid. Please pass a valid API key."
    localized = AnyValue("v1beta", "google.rpc.LocalizedMessage", {"locale": "en-US", "message": text})
    return StatusError(Code.INVALID_ARGUMENT, text, _error_info("API_KEY_INVALID", {"service": SERVICE}), localized)


def token_invalid() -> StatusError:
    """Return the error for a malformed, expired or revoked token. Observed for a bad one, without details."""
    return StatusError(
        Code.UNAUTHENTICATED,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        f"authentication credential. See {_SIGN_IN}.",
    )


def oauth_needed(rpc: str) -> StatusError:
    """Return the error for an API key on the method called *rpc*, which needs OAuth. Observed for permissions."""
    return StatusError(
        Code.UNAUTHENTICATED,
        "API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials "
        "that assert a principal. See https://cloud.google.com/docs/authentication",
        _error_info("CREDENTIALS_MISSING", {"service": SERVICE, "method": rpc}),
    )


def token_missing(rpc: str) -> StatusError:
    """Return the error for no token on the method *rpc*, which needs OAuth.

    The status is observed, the text comes from other APIs.
    """
    return StatusError(
        Code.UNAUTHENTICATED,
        "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other "
        "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        _error_info("CREDENTIALS_MISSING", {"service": SERVICE, "method": rpc}),
    )


def scopes_insufficient(rpc: str) -> StatusError:
    """Return the error for a token without a scope for the method *rpc*. Documented; the detail is inferred."""
    return StatusError(
        Code.PERMISSION_DENIED,
        "Request had insufficient authentication scopes.",
        _error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", {"service": SERVICE, "method": rpc}),
    )


def project_denied(project: str) -> StatusError:
    """Return the error for a call that cannot be billed to *project*.

    Observed from other APIs of Google, not from this one.
    """
    return StatusError(
        Code.PERMISSION_DENIED,
        f"Caller does not have required permission to use project {project}. Grant the caller the "
        "roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use "
        f"permission, by visiting {_PROJECT}{project} and then retry. Propagation of the new permission may take a "
        "few minutes.",
        AnyValue(
            "v1beta",
            "google.rpc.Help",
            {"links": [{"description": "Google developer console IAM admin", "url": f"{_PROJECT}{project}"}]},
        ),
        _error_info("USER_PROJECT_DENIED", {"service": SERVICE, "consumer": f"projects/{project}"}),
    )


def real_credential(kind: str) -> StatusError:
    """Return the error for a credential that looks real. Ours (invented), not the service's."""
    return StatusError(
        Code.PERMISSION_DENIED,
        f"The request has a credential that looks like a real {kind}, but this is a mock server and not Google's. "
        "It did not store or log the credential. Send what `tunedmodels-mockserver credentials` prints instead, or "
        "start the mock server with --allow-real-credentials.",
    )


def _error_info(reason: str, metadata: Mapping[str, str]) -> AnyValue:
    value = {"reason": reason, "domain": "googleapis.com", "metadata": metadata}
    return AnyValue("v1beta", "google.rpc.ErrorInfo", value)
