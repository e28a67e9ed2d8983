"""Checks an answer against the schema of the method that the request calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from ..schema.methods import method_of
from ..schema.strict_json import parse
from ..schema.surface import VERSIONS, surface
from ..schema.validate import validate_answer, validate_error
from ..schema.violation import SchemaViolation
from .answer import Answer

_EVENT = "data: "
_MASK = "X-Goog-FieldMask"
_OVERRIDE = "X-HTTP-Method-Override"


class NonconformingAnswer(AssertionError):
    """An answer violates the schema. The message has a line for each violation."""

    @classmethod
    def with_findings(cls, findings: Sequence[str]) -> NonconformingAnswer:
        """Return the failure of a clause whose answers have *findings*."""
        return cls("an answer violates the schema of the API: " + "\n".join(findings))


def schema_violations(request: requests.PreparedRequest, answer: Answer, *, whole: bool = True) -> list[str]:
    """Return a line for each place where *answer* violates the schema of the method that *request* calls.

    A line has the method, the place, the problem and the revision of the schema. Set *whole* to false if the answer
    may have only some of its members. Return nothing for a successful answer of a method that the schema does not
    know, and nothing if the request asks for another format than JSON.
    """
    query = dict(parse_qsl(urlsplit(request.url or "").query, keep_blank_values=True))
    form = query.get("$alt", query.get("alt", "json"))
    if form.partition(";")[0] not in ("json", "sse") or {"callback", "$callback"} & set(query):
        return []
    version = urlsplit(request.url or "").path.lstrip("/").partition("/")[0]
    legacy = query.get("$.xgafv") == "1"
    api_and_method = method_of(str(request.headers.get(_OVERRIDE) or request.method), request.url or "")
    if api_and_method is None:
        schema_version = version if version in VERSIONS else VERSIONS[-1]
        return _unknown_method_violations(answer, schema_version, legacy=legacy)
    api, method = api_and_method
    try:
        value = _events(answer.text) if _is_stream(answer) else parse(answer.text)
    except ValueError as error:
        # A version without a schema may not have the method at all.
        problem = SchemaViolation("wrong-type", "", f"it is not JSON: {error}")
        return _lines([problem], method.id, api.version) if version == api.version or answer.status < 400 else []
    findings = validate_answer(
        method.id,
        api.version,
        answer.status,
        value,
        partial=not whole or bool({"fields", "$fields"} & set(query)) or _MASK in request.headers,
        enum_numbers="enum-encoding=int" in form,
        legacy=legacy,
    )
    return _lines(findings, method.id, api.version)


def _unknown_method_violations(answer: Answer, version: str, *, legacy: bool) -> list[str]:
    """Check the answer of an unknown path. Only an error in an envelope has a known form."""
    if answer.status < 400:
        return []
    try:
        value = parse(answer.text)
    except ValueError:
        return []
    return _lines(validate_error(value, answer.status, version=version, legacy=legacy), answer.request, version)


def _lines(findings: Iterable[SchemaViolation], what: str, version: str) -> list[str]:
    return [f"{what}: {finding} (facts of {version}, revision {surface(version).revision})" for finding in findings]


def _is_stream(answer: Answer) -> bool:
    return (answer.header("Content-Type") or "").startswith("text/event-stream")


def _events(text: str) -> list[Any]:
    return [parse(line.removeprefix(_EVENT)) for line in text.splitlines() if line.startswith(_EVENT)]
