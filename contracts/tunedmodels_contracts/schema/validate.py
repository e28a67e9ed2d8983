"""The judge: what in an answer is not as the facts of the published API say.

It sees one answer at a time. How the answers of a run follow from each other is a matter of the laws.
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
    """Return what is wrong with *value*, as ``parse`` gives it, as a *message* in an answer of *version*.

    *partial* is for answers that were asked to have some members alone, *enum_numbers* for those that were asked to
    spell enums as numbers. Raises ValueError for a version or message that the facts do not have.
    """
    on = surface(version)
    if message not in on.messages:
        raise ValueError(f"The facts of {version} have no message {message!r}.")
    walk = Validator(partial=partial, enum_numbers=enum_numbers)
    walk.message(on, on.messages[message], value, "")
    return walk.findings


def validate_error(
    value: Any, http_status: int, *, version: str = "v1beta", legacy: bool = False
) -> list[SchemaViolation]:
    """Return what is wrong with *value* as the error answer of *http_status*.

    *legacy* is for answers to ``$.xgafv=1``, which alone have the member ``errors``.
    """
    on = surface(version)
    findings = validate(value, "ErrorAnswer", version=version)
    error = value.get("error") if isinstance(value, dict) else None
    if not isinstance(error, dict):
        return findings
    if legacy and "errors" not in error:
        findings.append(SchemaViolation("missing-member", "error.errors", "it was asked for"))
    if not legacy and "errors" in error:
        findings.append(SchemaViolation("unknown-member", "error.errors", "nobody asked for the legacy form"))
    code, status = error.get("code"), error.get("status")
    if isinstance(code, int) and code != http_status:
        findings.append(
            SchemaViolation("status-mismatch", "error.code", f"it is {code}, and the HTTP status {http_status}")
        )
    if isinstance(status, str) and status in on.http and on.http[status] != http_status:
        problem = f"{status} goes with the HTTP status {on.http[status]}, not with {http_status}"
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
    """Return what is wrong with *value* as the answer of a method (``tunedModels.get``) with the HTTP *status*.

    The answer of a streaming method is the list of its messages; its refusal may be in a list. Raises ValueError
    where the facts of *version* have no such method.
    """
    on = surface(version)
    method = on.methods.get(method_id)
    if method is None:
        raise ValueError(f"The facts of {version} have no method {method_id!r}.")
    if status >= 400:
        refusal = value[0] if method.stream and isinstance(value, list) and len(value) == 1 else value
        return validate_error(refusal, status, version=version, legacy=legacy)
    walk = Validator(partial=partial or method.partial, enum_numbers=enum_numbers)
    if not method.stream:
        _answer(walk, on, method, value, "", whole=not (partial or method.partial))
    elif isinstance(value, list):
        for index, message in enumerate(value):
            _answer(walk, on, method, message, f"[{index}]", whole=not partial)
    else:
        return [SchemaViolation("wrong-type", "", "the answer of a streaming method is a list of messages")]
    return walk.findings


def _answer(walk: Validator, on: Surface, method: Method, value: Any, place: str, *, whole: bool) -> None:
    message = on.messages[method.response]
    walk.message(on, message, value, place)
    if whole and isinstance(value, dict):
        walk.require(message, method.required, value, place)
