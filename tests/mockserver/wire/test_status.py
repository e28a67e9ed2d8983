"""Tests status codes, the envelope of an HTTP error, and the error for a bad request."""

from __future__ import annotations

import json

import pytest

from tunedmodels_mockserver.wire.protojson.writing import any_to_json
from tunedmodels_mockserver.wire.status import AnyValue, Code, Status, StatusError, Violation, bad_request

# google/rpc/code.proto
CODES = [
    ("OK", 0, 200),
    ("CANCELLED", 1, 499),
    ("UNKNOWN", 2, 500),
    ("INVALID_ARGUMENT", 3, 400),
    ("DEADLINE_EXCEEDED", 4, 504),
    ("NOT_FOUND", 5, 404),
    ("ALREADY_EXISTS", 6, 409),
    ("PERMISSION_DENIED", 7, 403),
    ("RESOURCE_EXHAUSTED", 8, 429),
    ("FAILED_PRECONDITION", 9, 400),
    ("ABORTED", 10, 409),
    ("OUT_OF_RANGE", 11, 400),
    ("UNIMPLEMENTED", 12, 501),
    ("INTERNAL", 13, 500),
    ("UNAVAILABLE", 14, 503),
    ("DATA_LOSS", 15, 500),
    ("UNAUTHENTICATED", 16, 401),
]


def test_codes() -> None:
    """Every code of gRPC, its number and its HTTP status."""
    assert [(code.name, code.value, code.http) for code in Code] == CODES


def test_envelope() -> None:
    """An HTTP error has code, message and status, in this order, and no empty details."""
    status = Status(Code.NOT_FOUND, "Tuned model tunedModels/a does not exist.")

    assert json.dumps(status.envelope([])) == (
        '{"error": {"code": 404, "message": "Tuned model tunedModels/a does not exist.", "status": "NOT_FOUND"}}'
    )


def test_envelope_with_details() -> None:
    """Details come last."""
    error = Status(Code.INVALID_ARGUMENT, "m").envelope([{"@type": "t"}])["error"]

    assert list(error.items()) == [
        ("code", 400),
        ("message", "m"),
        ("status", "INVALID_ARGUMENT"),
        ("details", [{"@type": "t"}]),
    ]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (Code.INVALID_ARGUMENT, "badRequest"),
        (Code.PERMISSION_DENIED, "forbidden"),
        (Code.NOT_FOUND, "notFound"),
        (Code.INTERNAL, "backendError"),
    ],
)
def test_envelope_of_the_first_form(code: Code, reason: str) -> None:
    """The older form has a list of errors between message and status."""
    error = Status(code, "m").envelope([], legacy=True)["error"]

    assert list(error) == ["code", "message", "errors", "status"]
    assert error["errors"] == [{"message": "m", "domain": "global", "reason": reason}]


def test_status_within_an_operation() -> None:
    """An operation's error carries the code of gRPC, not that of HTTP."""
    assert Status(Code.CANCELLED, "m").value() == {"code": 1, "message": "m", "details": []}


def test_error_has_its_status() -> None:
    """The exception has everything that the answer needs."""
    detail = AnyValue("v1beta", "google.rpc.BadRequest", {})

    assert StatusError(Code.ABORTED, "m", detail).status == Status(Code.ABORTED, "m", (detail,))


def test_bad_request_has_every_violation() -> None:
    """One line and one detail for each violation; a violation at the root names no field."""
    status = bad_request([Violation("a.b", "one"), Violation("", "two")]).status

    assert (status.code, status.message) == (Code.INVALID_ARGUMENT, "one\ntwo")
    assert [any_to_json(detail) for detail in status.details] == [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": "a.b", "description": "one"}, {"description": "two"}],
        }
    ]
