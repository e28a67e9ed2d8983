"""Checks one answer against the schema of the published API.

``harness.operation_invariants`` checks how the answers of a run follow from each other.
"""

from __future__ import annotations

from typing import Any

from .strict_json import parse as parse
from .surface import Method, Surface, surface
from .validator import Validator
from .violation import SchemaViolation as SchemaViolation


def validate(
    value: Any, message: str, *, version: str = "v1beta", partial: bool = False, enum_numbers: bool = False
) -> list[SchemaViolation]:
    """Return the violations in *value*, as ``parse`` returns it, as a *message* in an answer of *version*.

    Set *partial* if the request asked for some members alone, and *enum_numbers* if it asked for enums by number.
    Raises ValueError if the schema does not have the version or the message.
    """
    schema = surface(version)
    if message not in schema.messages:
        raise ValueError(f"The schema of {version} has no message {message!r}.")
    validator = Validator(partial=partial, enum_numbers=enum_numbers)
    validator.message(schema, schema.messages[message], value, "")
    return validator.findings


def validate_error(
    value: Any, http_status: int, *, version: str = "v1beta", legacy: bool = False
) -> list[SchemaViolation]:
    """Return the violations in *value* as the error answer with *http_status*.

    Set *legacy* for answers to ``$.xgafv=1``. Only they have the member ``errors``.
    """
    schema = surface(version)
    findings = validate(value, "ErrorAnswer", version=version)
    error = value.get("error") if isinstance(value, dict) else None
    if not isinstance(error, dict):
        return findings
    if legacy and "errors" not in error:
        findings.append(SchemaViolation("missing-member", "error.errors", "the request asked for it"))
    if not legacy and "errors" in error:
        findings.append(
            SchemaViolation("unknown-member", "error.errors", "the request did not ask for the legacy form")
        )
    code, status = error.get("code"), error.get("status")
    if isinstance(code, int) and code != http_status:
        findings.append(
            SchemaViolation("status-mismatch", "error.code", f"it is {code}, but the HTTP status is {http_status}")
        )
    if isinstance(status, str) and status in schema.http and schema.http[status] != http_status:
        problem = f"{status} belongs to the HTTP status {schema.http[status]}, not to {http_status}"
        findings.append(SchemaViolation("status-mismatch", "error.status", problem))
    return findings


def validate_answer(
    method_id: str,
    version: str,
    status: int,
    value: Any,
    *,
    partial: bool = False,
    enum_numbers: bool = False,
    legacy: bool = False,
) -> list[SchemaViolation]:
    """Return the violations in *value* as the answer of a method (such as ``tunedModels.get``) with the HTTP *status*.

    The answer of a streaming method is the list of its messages, and its error may be in a list. Raises ValueError if
    the schema of *version* has no such method.
    """
    schema = surface(version)
    method = schema.methods.get(method_id)
    if method is None:
        raise ValueError(f"The schema of {version} has no method {method_id!r}.")
    if status >= 400:
        error_body = value[0] if method.stream and isinstance(value, list) and len(value) == 1 else value
        return validate_error(error_body, status, version=version, legacy=legacy)
    validator = Validator(partial=partial or method.partial, enum_numbers=enum_numbers)
    if not method.stream:
        _answer(validator, schema, method, value, "", is_complete=not (partial or method.partial))
    elif isinstance(value, list):
        for index, message in enumerate(value):
            _answer(validator, schema, method, message, f"[{index}]", is_complete=not partial)
    else:
        return [SchemaViolation("wrong-type", "", "the answer of a streaming method must be a list of messages")]
    return validator.findings


def _answer(
    validator: Validator, schema: Surface, method: Method, value: Any, place: str, *, is_complete: bool
) -> None:
    message = schema.messages[method.response]
    validator.message(schema, message, value, place)
    if is_complete and isinstance(value, dict):
        validator.require(message, method.required, value, place)
