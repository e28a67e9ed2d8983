"""The errors: one tree, one place that makes them from answers."""

from __future__ import annotations

import json
import pickle
import re
from typing import Any

import pytest

from tunedmodels import errors

STATUSES = [
    (400, "INVALID_ARGUMENT", errors.InvalidArgument),
    (400, "FAILED_PRECONDITION", errors.FailedPrecondition),
    (401, "UNAUTHENTICATED", errors.Unauthenticated),
    (403, "PERMISSION_DENIED", errors.PermissionDenied),
    (404, "NOT_FOUND", errors.NotFound),
    (409, "ALREADY_EXISTS", errors.AlreadyExists),
    (409, "ABORTED", errors.Aborted),
    (429, "RESOURCE_EXHAUSTED", errors.ResourceExhausted),
    (499, "CANCELLED", errors.Cancelled),
    (500, "INTERNAL", errors.Internal),
    (501, "UNIMPLEMENTED", errors.Unimplemented),
    (503, "UNAVAILABLE", errors.Unavailable),
    (504, "DEADLINE_EXCEEDED", errors.DeadlineExceeded),
]


def body_of(**error: Any) -> str:
    return json.dumps({"error": error})


def defined() -> dict[str, type[Exception]]:
    """The errors that the module defines, by name."""
    return {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}


@pytest.mark.parametrize(("code", "status", "kind"), STATUSES)
def test_class_of_each_status(code: int, status: str, kind: type[errors.APIError]) -> None:
    """The status that the body names is the class; all that was said is on the error."""
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "9s"}]
    body = body_of(code=code, message="No.", status=status, details=details)
    error = errors.from_response(code, body)

    assert type(error) is kind
    assert (error.code, error.status, error.message) == (code, status, "No.")
    assert error.details == tuple(details)
    assert error.response == json.loads(body)
    assert str(error) == f"{code} {status}: No."


@pytest.mark.parametrize("status", ["OUT_OF_RANGE", "DATA_LOSS", "UNKNOWN", "SOMETHING_NEW"])
def test_status_without_a_class(status: str) -> None:
    """A status that has no class of its own is a plain APIError and keeps its name."""
    error = errors.from_response(400, body_of(code=400, message="No.", status=status))

    assert type(error) is errors.APIError
    assert error.status == status


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, errors.InvalidArgument),
        (401, errors.Unauthenticated),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (409, errors.Aborted),
        (429, errors.ResourceExhausted),
        (499, errors.Cancelled),
        (500, errors.Internal),
        (501, errors.Unimplemented),
        (502, errors.Unavailable),
        (503, errors.Unavailable),
        (504, errors.DeadlineExceeded),
        (418, errors.APIError),
        (302, errors.APIError),
    ],
)
def test_class_without_a_status(code: int, kind: type[errors.APIError]) -> None:
    """Where the body is not the API's, the HTTP status decides."""
    assert type(errors.from_response(code, "")) is kind


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "the answer has no body"),
        (" \r\n", "the answer has no body"),
        ("<html><head><title>\nError 404\n(Not Found)!!1</title></head>…", "Error 404 (Not Found)!!1"),
        ("<p>no\n title</p>", "<p>no title</p>"),
        ("upstream connect error", "upstream connect error"),
        ("x" * 1000, "x" * 200),
    ],
)
def test_body_that_is_not_the_apis(body: str, message: str) -> None:
    """The message is a page's title or the beginning of the text, and there is no JSON."""
    error = errors.from_response(404, body)

    assert error.message == message
    assert error.response is None
    assert error.details == ()


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "null",
        '"text"',
        '{"error": "invalid_grant"}',
        '{"error": null}',
        '{"error": {"status": 5, "message": null, "details": "none"}}',
        '{"error": {"details": [1, null]}}',
    ],
)
def test_json_of_another_form(body: str) -> None:
    """JSON that is no error of this API is shown as it is and breaks nothing."""
    error = errors.from_response(503, body)

    assert type(error) is errors.Unavailable
    assert error.message == body
    assert error.response == json.loads(body)
    assert error.details == ()


def test_error_without_any_status() -> None:
    """Where no status is known, the message begins with the code."""
    assert str(errors.from_response(418, "short and stout")) == "418: short and stout"


def test_one_root() -> None:
    """One except clause catches everything."""
    assert {name for name, kind in defined().items() if not issubclass(kind, errors.TunedModelsError)} == set()


def test_tree_in_the_docstring() -> None:
    """The tree that people read has each error once, below its parent."""
    parents: list[str] = []
    tree: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ((?:│   |    )*)(├── |└── )?(\w+)  ", line)
        if match:
            depth = len(match[1]) // 4 + bool(match[2])
            tree[match[3]] = parents[depth - 1] if depth else "Exception"
            parents[depth:] = [match[3]]

    assert tree == {name: kind.__bases__[0].__name__ for name, kind in defined().items()}


def test_operation_failed() -> None:
    """A failed operation says which it is and with what it ended."""
    detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo"}
    error = errors.OperationFailed(
        "tunedModels/m/operations/o", {"code": 1, "message": "Stopped.", "details": [detail]}
    )

    assert str(error) == "tunedModels/m/operations/o ended with CANCELLED: Stopped."
    assert (error.operation, error.code, error.status) == ("tunedModels/m/operations/o", 1, "CANCELLED")
    assert (error.message, error.details) == ("Stopped.", (detail,))


def test_operation_failed_with_a_code_of_its_own() -> None:
    """A number that google/rpc/code.proto does not have is shown as it is."""
    error = errors.OperationFailed("o", {"code": 99})

    assert str(error) == "o ended with 99: "
    assert error.status == ""


def test_operation_timeout_is_a_timeout() -> None:
    """Code that waits with Python's own TimeoutError in mind works."""
    error = errors.OperationTimeout("tunedModels/m/operations/o", 2.5)

    assert isinstance(error, TimeoutError)
    assert str(error) == "tunedModels/m/operations/o has not ended within 2.5 seconds; it goes on"
    assert (error.operation, error.timeout) == ("tunedModels/m/operations/o", 2.5)


@pytest.mark.parametrize(
    "error",
    [
        errors.from_response(404, body_of(code=404, message="Gone.", status="NOT_FOUND", details=[{"a": 1}])),
        errors.OperationFailed("o", {"code": 13, "message": "Broken.", "details": [{"a": 1}]}),
        errors.OperationTimeout("o", 2.5),
        errors.TransportError("no answer"),
    ],
)
def test_errors_travel_between_processes(error: errors.TunedModelsError) -> None:
    """An error that was pickled, as process pools do, is the same."""
    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
