"""Refusals: every error that the simulation answers, each with its wording in one place.

What is marked *observed* was seen from the service; *invented* means that no source gives the wording (the form
``* Request.path: text`` is observed for other requests of this API). ``docs/invented.md`` lists the latter.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..wire.status import AnyValue, Code, StatusError

SERVICE = "generativelanguage.googleapis.com"
_SIGN_IN = "https://developers.google.com/identity/sign-in/web/devconsole-project"
_PROJECT = "https://console.developers.google.com/iam-admin/iam/project?project="


def invalid(request: str, path: str, text: str) -> StatusError:
    """A request's member is refused by the service's own checks; the texts are invented, the form observed."""
    return StatusError(Code.INVALID_ARGUMENT, f"* {request}.{path}: {text}\n")


def not_specified(request: str, path: str) -> StatusError:
    """A required member is missing; observed for ``contents``, by analogy for others."""
    return invalid(request, path, f"{path.rpartition('.')[2]} is not specified")


def one_of(request: str, path: str, oneof: str) -> StatusError:
    """No member of a required oneof is set; observed for the parts of contents, by analogy for others."""
    where = f"{path}.{oneof}" if path else oneof
    return invalid(request, where, f"required oneof field '{oneof}' must have one initialized field")


def invalid_argument() -> StatusError:
    """The service's bare refusal; observed for a display name of more than 40 bytes."""
    return StatusError(Code.INVALID_ARGUMENT, "Request contains an invalid argument.")


def no_name() -> StatusError:
    """Neither an id nor a display name was given; observed (the status is inferred)."""
    return StatusError(Code.INVALID_ARGUMENT, "Either tuned_model_id or display_name must be set.")


def model_missing(name: str) -> StatusError:
    """There is no such tuned model; observed."""
    return StatusError(Code.NOT_FOUND, f"Tuned model {name} does not exist.")


def model_forbidden(name: str) -> StatusError:
    """The caller lacks the role for this tuned model; observed (with a bare id for a create)."""
    return StatusError(Code.PERMISSION_DENIED, f"You do not have permission to access tuned model {name}.")


def model_exists(name: str) -> StatusError:
    """The caller has a model of this id; the status is observed, the wording invented."""
    return StatusError(Code.ALREADY_EXISTS, f"Tuned model {name} already exists.")


def model_not_ready(name: str) -> StatusError:
    """The model is still CREATING; observed. Invented for a FAILED one."""
    return StatusError(Code.INVALID_ARGUMENT, f"Tuned model {name} is not ready to use.")


def not_tunable(base_model: str, version: str) -> StatusError:
    """The base model cannot be tuned; observed."""
    return StatusError(
        Code.FAILED_PRECONDITION,
        f"{base_model} is not found for CREATE TUNED MODEL at API version {version}.",
    )


def not_supported(model: str, version: str, method: str) -> StatusError:
    """There is no such base model, or it has no such method; observed."""
    return StatusError(
        Code.NOT_FOUND,
        f"{model} is not found for API version {version}, or is not supported for {method}. "
        "Call ListModels to see the list of available models and their supported methods.",
    )


def base_model_missing(name: str, version: str) -> StatusError:
    """There is no such base model to get; observed in 2026."""
    return StatusError(Code.NOT_FOUND, f"Model is not found: {name} for api version {version}")


def model_name_format(request: str, path: str) -> StatusError:
    """A model's name has a form that no model has; observed for generateContent and models.get."""
    return invalid(request, path, "unexpected model name format")


def not_enabled(feature: str, name: str) -> StatusError:
    """A tuned model lacks a feature; observed for base models, inferred for tuned ones."""
    return StatusError(Code.INVALID_ARGUMENT, f"{feature} is not enabled for {name}")


def not_owner() -> StatusError:
    """Only the owner hands a model on; the text is observed, the status inferred."""
    return StatusError(Code.PERMISSION_DENIED, "You need to be the owner of the resource to transfer ownership")


def not_found() -> StatusError:
    """The generic wording of Google's APIs; used for operations, for which none was seen (invented)."""
    return StatusError(Code.NOT_FOUND, "Requested entity was not found.")


def permission_missing(name: str) -> StatusError:
    """There is no such permission (invented wording)."""
    return StatusError(Code.NOT_FOUND, f"Permission {name} does not exist.")


def permission_exists(name: str) -> StatusError:
    """The grantee has a permission already (invented)."""
    return StatusError(Code.ALREADY_EXISTS, f"Permission {name} already exists.")


def unimplemented(what: str) -> StatusError:
    """The method is known and not served (invented wording; Google's own client notes 501 for one of them)."""
    return StatusError(Code.UNIMPLEMENTED, f"{what} is not implemented.")


def busy() -> StatusError:
    """Somebody else kept changing the same model (invented; ABORTED asks for another try)."""
    return StatusError(Code.ABORTED, "The tuned model was changed concurrently. Please try again.")


def canned_miss(nearest: str) -> StatusError:
    """No canned rule matches a call where rules are strict; ours (invented), and no answer of the service."""
    return StatusError(Code.NOT_FOUND, f"No canned rule of this fake answers the call: {nearest}.")


def unregistered() -> StatusError:
    """There is no credential at all; observed."""
    return StatusError(
        Code.PERMISSION_DENIED,
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
        "other form of API consumer identity to call this API.",
    )


def api_key_invalid() -> StatusError:
    """Nobody has registered such an API key; observed, the second detail since 2025."""
    text = "API key not valid. Please pass a valid API key."
    localized = AnyValue("v1beta", "google.rpc.LocalizedMessage", {"locale": "en-US", "message": text})
    return StatusError(Code.INVALID_ARGUMENT, text, _error_info("API_KEY_INVALID", {"service": SERVICE}), localized)


def token_invalid() -> StatusError:
    """A token is malformed, expired or revoked; observed for a bad one, without details."""
    return StatusError(
        Code.UNAUTHENTICATED,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        f"authentication credential. See {_SIGN_IN}.",
    )


def oauth_needed(rpc: str) -> StatusError:
    """An API key does not open the method called *rpc*; observed for permissions."""
    return StatusError(
        Code.UNAUTHENTICATED,
        "API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials "
        "that assert a principal. See https://cloud.google.com/docs/authentication",
        _error_info("CREDENTIALS_MISSING", {"service": SERVICE, "method": rpc}),
    )


def token_missing(rpc: str) -> StatusError:
    """Only OAuth opens the method *rpc*, and there is none; the status is observed, the text is of other APIs."""
    return StatusError(
        Code.UNAUTHENTICATED,
        "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other "
        "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        _error_info("CREDENTIALS_MISSING", {"service": SERVICE, "method": rpc}),
    )


def scopes_insufficient(rpc: str) -> StatusError:
    """A token has none of the scopes that open the method called *rpc*; documented, the detail inferred."""
    return StatusError(
        Code.PERMISSION_DENIED,
        "Request had insufficient authentication scopes.",
        _error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", {"service": SERVICE, "method": rpc}),
    )


def project_denied(project: str) -> StatusError:
    """The call cannot be billed to *project*; observed from other APIs of Google, not from this one."""
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
    """A credential that looks real came here; ours (invented), and no answer of the service."""
    return StatusError(
        Code.PERMISSION_DENIED,
        "A secret nearly went to a fake: this is no server of Google's, and the request carried what looks like a real "
        f"{kind}. Nothing of it was kept or logged. Send what `tunedmodels-mockserver credentials` prints instead, or "
        "start the fake with --allow-real-credentials.",
    )


def _error_info(reason: str, metadata: Mapping[str, str]) -> AnyValue:
    value = {"reason": reason, "domain": "googleapis.com", "metadata": metadata}
    return AnyValue("v1beta", "google.rpc.ErrorInfo", value)
