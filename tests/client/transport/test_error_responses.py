"""Every refusal becomes an error, for every body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels import errors
from tunedmodels._transport.error_responses import from_operation, from_response, retry_delay
from tunedmodels.errors import Request, Response

REQUEST = Request("POST", "https://service.test/v1beta/tunedModels")
TYPE = "type.googleapis.com/google.rpc."

# google/rpc/code.proto: number, name, HTTP status.
CODES = [
    (1, "CANCELLED", 499, errors.Cancelled),
    (2, "UNKNOWN", 500, errors.Unknown),
    (3, "INVALID_ARGUMENT", 400, errors.InvalidArgument),
    (4, "DEADLINE_EXCEEDED", 504, errors.DeadlineExceeded),
    (5, "NOT_FOUND", 404, errors.NotFound),
    (6, "ALREADY_EXISTS", 409, errors.AlreadyExists),
    (7, "PERMISSION_DENIED", 403, errors.PermissionDenied),
    (8, "RESOURCE_EXHAUSTED", 429, errors.ResourceExhausted),
    (9, "FAILED_PRECONDITION", 400, errors.FailedPrecondition),
    (10, "ABORTED", 409, errors.Aborted),
    (11, "OUT_OF_RANGE", 400, errors.OutOfRange),
    (12, "UNIMPLEMENTED", 501, errors.Unimplemented),
    (13, "INTERNAL", 500, errors.Internal),
    (14, "UNAVAILABLE", 503, errors.Unavailable),
    (15, "DATA_LOSS", 500, errors.DataLoss),
    (16, "UNAUTHENTICATED", 401, errors.Unauthenticated),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "code", "status", "message", "details", "@type", "reason", "retryDelay", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def error_from(code: int, body: str, headers: dict[str, str] | None = None) -> errors.APIError:
    return from_response(REQUEST, Response(code, headers or {}, body))


def body_of(**error: Any) -> str:
    return json.dumps({"error": error})


@pytest.mark.parametrize(("_number", "status", "code", "kind"), CODES)
def test_class_of_each_status(_number: int, status: str, code: int, kind: type[errors.APIError]) -> None:
    """The status in the body selects the class, and the error has all members of the body."""
    details = [{"@type": f"{TYPE}LocalizedMessage", "locale": "en-US", "message": "No."}]
    response = Response(code, {"a": "b"}, body_of(code=code, message="No.", status=status, details=details))
    error = from_response(REQUEST, response)

    assert type(error) is kind
    assert (error.code, error.status, error.message) == (code, status, "No.")
    assert error.details == tuple(details)
    assert (error.request, error.response) == (REQUEST, response)
    assert str(error) == f"{code} {status}: No."


def test_every_class_has_a_status() -> None:
    """The table of this test and the classes are the same."""
    kinds = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.APIError) and kind is not errors.APIError
    }

    assert {kind for *_, kind in CODES} == kinds


def test_new_status() -> None:
    """A status without a class is a plain APIError and keeps its name."""
    error = error_from(400, body_of(code=400, message="No.", status="SOMETHING_NEW"))

    assert type(error) is errors.APIError
    assert error.status == "SOMETHING_NEW"


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
    """If the body is not of the API, the HTTP status selects the class."""
    error = error_from(code, "")

    assert type(error) is kind
    assert error.code == code


def test_status_of_the_body_wins() -> None:
    """If the body and the HTTP status differ, the body counts."""
    error = error_from(400, body_of(code=404, message="No.", status="NOT_FOUND"))

    assert type(error) is errors.NotFound
    assert error.code == 404


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param("", "an empty body", id="empty"),
        pytest.param(
            "<!DOCTYPE html>\n<html lang=en><title>Error 404 (Not Found)!!1</title>\n<p>x",
            "'Error 404 (Not Found)!!1'",
            id="page",
        ),
        pytest.param("<TITLE id='a'>\n Two\n words\n</TITLE>", "'Two words'", id="title over lines"),
        pytest.param("upstream connect error", "'upstream connect error'", id="text"),
        pytest.param("x" * 1000, repr("x" * 200), id="long text"),
        pytest.param("[" * 100_000, repr("[" * 200), id="too deep"),
        pytest.param("[[]]", "'[[]]'", id="array of an array"),
        pytest.param("null", "'null'", id="null"),
        pytest.param("{}", "'{}'", id="empty object"),
        pytest.param('{"error": "invalid_grant"}', '\'{"error": "invalid_grant"}\'', id="error of OAuth"),
        pytest.param('{"error": {"message": " "}}', '\'{"error": {"message": " "}}\'', id="blank message"),
    ],
)
def test_body_that_is_not_the_apis(body: str, text: str) -> None:
    """The message has the request and a page's title or the beginning of the body; the error has the whole body."""
    error = error_from(404, body)

    assert type(error) is errors.NotFound
    assert error.message == f"POST https://service.test/v1beta/tunedModels was answered with {text}"
    assert error.details == ()
    assert error.response is not None
    assert error.response.body == body


def test_members_of_other_types() -> None:
    """Members of an error that have another type are ignored."""
    error = error_from(503, body_of(code="404", status=5, message=None, details="none"))

    assert type(error) is errors.Unavailable
    assert (error.code, error.status, error.details) == (503, "UNAVAILABLE", ())


def test_details_that_are_not_objects() -> None:
    """A detail that is not an object is left out."""
    assert error_from(400, body_of(details=[1, None, {"a": 1}, "b"])).details == ({"a": 1},)


def test_error_of_a_stream() -> None:
    """An error of a stream is in an array."""
    error = error_from(404, f"[{body_of(code=404, message='Gone.', status='NOT_FOUND')}\n]")

    assert type(error) is errors.NotFound
    assert error.message == "Gone."


@settings(max_examples=60)
@given(st.integers(300, 599), json_values)
def test_any_json_is_some_error(code: int, value: Any) -> None:
    """Every JSON value becomes an error."""
    error = error_from(code, json.dumps(value))

    assert isinstance(error, errors.APIError)
    assert (error.error_info, error.field_violations, error.quota_violations, error.links) is not None
    assert str(error)


@settings(max_examples=30)
@given(st.integers(300, 599), st.text())
def test_any_text_is_some_error(code: int, body: str) -> None:
    """Every text becomes an error."""
    assert error_from(code, body).code in range(300, 600)


def retry_info(delay: Any) -> dict[str, Any]:
    return {"@type": f"{TYPE}RetryInfo", "retryDelay": delay}


@pytest.mark.parametrize(
    ("details", "headers", "seconds"),
    [
        pytest.param([retry_info("0.123456789s")], {}, 0.123456789, id="fraction"),
        pytest.param([], {"retry-after": "7"}, 7.0, id="header"),
        pytest.param([retry_info("2s")], {"retry-after": "7"}, 7.0, id="both, the header is later"),
        pytest.param([retry_info("20s")], {"retry-after": "7"}, 20.0, id="both, the detail is later"),
        pytest.param([{"@type": f"{TYPE}Help"}, retry_info(5), retry_info("3s")], {}, 3.0, id="the first good one"),
        pytest.param([], {}, None, id="neither"),
        pytest.param([retry_info("0s")], {"retry-after": "0"}, None, id="at once"),
        pytest.param([retry_info("-5s")], {}, None, id="negative"),
        pytest.param([retry_info("soon")], {}, None, id="no time"),
        pytest.param([], {"retry-after": "Wed, 31 Jul 2024 06:58:46 GMT"}, None, id="date"),
        pytest.param([], {"retry-after": "٣"}, None, id="other digits"),
    ],
)
def test_retry_delay(details: list[dict[str, Any]], headers: dict[str, str], seconds: float | None) -> None:
    """The delay until the next try comes from a detail or a header; the longer one counts."""
    assert retry_delay(tuple(details), headers) == seconds
    assert error_from(429, body_of(status="RESOURCE_EXHAUSTED", details=details), headers).retry_delay == seconds


def test_note_of_the_mock_server() -> None:
    """The note of the mock server is the hint if the client has none."""
    note = {"x-tunedmodels-note": "no real answer is known for this"}

    assert error_from(400, body_of(message="No.", status="INVALID_ARGUMENT"), note).hint == note["x-tunedmodels-note"]
    assert str(error_from(404, "", note)).endswith("(no real answer is known for this)")


def test_hint_wins_over_the_note() -> None:
    """The hint of the client replaces the note of the mock server."""
    body = body_of(message="Tuned model tunedModels/m is not ready to use.", status="INVALID_ARGUMENT")

    assert error_from(400, body, {"x-tunedmodels-note": "a note"}).hint.startswith("wait until its operation ends")


@pytest.mark.parametrize(("number", "status", "_code", "_kind"), CODES)
def test_operation_that_failed(number: int, status: str, _code: int, _kind: type) -> None:
    """An operation's error has the number of the status, whose name the client knows."""
    error = from_operation("o", {"code": number, "message": "Stopped.", "details": [{"a": 1}, 2]})

    assert (error.operation, error.code, error.status, error.message) == ("o", number, status, "Stopped.")
    assert error.details == ({"a": 1},)


@pytest.mark.parametrize("error", [None, [], "no", {}, {"code": "1", "message": 5, "details": {}}], ids=repr)
def test_operation_that_failed_in_another_form(error: Any) -> None:
    """An operation's error without valid members is an error too."""
    failed = from_operation("o", error)

    assert (failed.code, failed.status, failed.message, failed.details) == (0, "", "", ())


def test_operation_with_a_new_status() -> None:
    """An unknown number has no name."""
    assert from_operation("o", {"code": 99}).status == ""
