"""Contains the hints, which say what to do about an error.

Each hint has two texts: one in the words of the Python API, and one in the words of the command ``tunedmodels``. An
error contains the text for Python, unless it is made inside ``for_command_line``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum

_is_command_line: ContextVar[bool] = ContextVar("is_command_line", default=False)

_SCOPES = "https://www.googleapis.com/auth/cloud-platform,https://www.googleapis.com/auth/generative-language.tuning"
_SCOPE_MISSING = (
    f"the token has no scope for tuning; get one with: gcloud auth application-default login --scopes={_SCOPES}"
)


class Hint(Enum):
    """A hint. The value is its text for Python and its text for the command line."""

    SCOPE_MISSING = (_SCOPE_MISSING, _SCOPE_MISSING)
    OAUTH_NEEDED = (
        "this method needs OAuth, and an API key does not work; give no api_key=, unset GOOGLE_API_KEY and "
        "GEMINI_API_KEY, and let google-auth find credentials, or give credentials=",
        "this command needs OAuth, and an API key does not work; give no --api-key, unset GOOGLE_API_KEY and "
        "GEMINI_API_KEY, and let google-auth find credentials",
    )
    API_KEY_INVALID = (
        "check api_key=, or GOOGLE_API_KEY and GEMINI_API_KEY; if both are set, the first one counts",
        "check --api-key, or GOOGLE_API_KEY and GEMINI_API_KEY; if both are set, the first one counts",
    )
    SERVICE_DISABLED = (
        "enable the Generative Language API for the project of the credentials, or give another project with "
        "quota_project=",
        "enable the Generative Language API for the project of the credentials, or give another project with "
        "--quota-project",
    )
    PROJECT_DENIED = (
        "check quota_project= and GOOGLE_CLOUD_QUOTA_PROJECT: the caller may not use that project",
        "check --quota-project and GOOGLE_CLOUD_QUOTA_PROJECT: the caller may not use that project",
    )
    NO_TUNABLE_MODEL = (
        "since May 2025 the Gemini API has no model that can be tuned; client.models.tunable() lists the models that "
        "a server can tune, and a mock server still has some",
        "since May 2025 the Gemini API has no model that can be tuned; `tunedmodels models --tunable` lists the models "
        "that a server can tune, and a mock server still has some",
    )
    BASE_MODEL_WITHDRAWN = (
        "tuned models are still listed after their base model was withdrawn, but cannot be called any more; "
        "client.models.list() shows the base models that exist",
        "tuned models are still listed after their base model was withdrawn, but cannot be called any more; "
        "`tunedmodels models` shows the base models that exist",
    )
    MODEL_NOT_READY = (
        "wait until its operation ends: client.operations.list(name) finds it, and result() waits",
        "wait until its operation ends, with `tunedmodels watch`",
    )
    ARGUMENT_INVALID = (
        "the service does not say which; a known cause is a display_name of more than 40 bytes in UTF-8",
        "the service does not say which; a known cause is a --display-name of more than 40 bytes in UTF-8",
    )
    CREDENTIALS_NOT_SENT = (
        "no credentials were sent; give api_key= or credentials=, or set GEMINI_API_KEY or "
        "GOOGLE_APPLICATION_CREDENTIALS; TUNEDMODELS_EMULATOR_HOST makes the client ignore both, except keys that "
        "begin with test- and the mock server's own key file",
        "no credentials were sent; give --api-key, or set GEMINI_API_KEY or GOOGLE_APPLICATION_CREDENTIALS; "
        "TUNEDMODELS_EMULATOR_HOST makes the client ignore both, except keys that begin with test- and the mock "
        "server's own key file",
    )
    MODEL_DENIED = (
        "another user owns the model, the caller's role is too low for this, or the API key belongs to another "
        "project; the owner can share the model with client.tuned_models.permissions(name).create()",
        "another user owns the model, the caller's role is too low for this, or the API key belongs to another "
        "project; the owner can share the model with `tunedmodels permissions create`",
    )
    TOKEN_REJECTED = (
        "the token is expired, revoked or not of this service, and could not be renewed; log in again, for example "
        "with gcloud auth application-default login, or give other credentials=",
        "the token is expired, revoked or not of this service, and could not be renewed; log in again, for example "
        "with gcloud auth application-default login",
    )
    MODEL_MAY_EXIST = (
        "an earlier try of this call got no answer and may have created the model; check with "
        "client.tuned_models.get() and client.operations.list()",
        "an earlier try of this call got no answer and may have created the model; check with `tunedmodels show` and "
        "`tunedmodels operations list`",
    )
    LOG_IN = (
        "give credentials= or api_key=, or log in: gcloud auth application-default login; for a mock server, set "
        "TUNEDMODELS_EMULATOR_HOST",
        "give --api-key, or log in: gcloud auth application-default login; for a mock server, set "
        "TUNEDMODELS_EMULATOR_HOST",
    )
    RUN_CONTINUES = (
        "it continues; get it with client.operations.get()",
        "it continues; wait for it again with `tunedmodels watch`",
    )
    INPUT_COLUMN = ("name the column with input_key", "name the column with --input-key")
    OUTPUT_COLUMN = ("name the column with output_key", "name the column with --output-key")
    IS_BASE_MODEL = ("to tune it, give it as base_model", "to tune it, give it with --base-model")
    IS_TUNED_MODEL = ("to tune it further, give it as source_model", "to tune it further, give it with --source-model")

    @property
    def text(self) -> str:
        """The text for Python, or the text for the command line inside ``for_command_line``."""
        return self.value[_is_command_line.get()]


@contextmanager
def for_command_line() -> Iterator[None]:
    """Give the errors that are made inside the block the hints for the command line."""
    token = _is_command_line.set(True)
    try:
        yield
    finally:
        _is_command_line.reset(token)
