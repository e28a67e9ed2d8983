"""Tests the assertions about an answer and their messages."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import requests
from urllib3 import HTTPHeaderDict, HTTPResponse

from tunedmodels_contracts.harness.answer import Answer, Refusal

ERROR: dict[str, Any] = {"code": 404, "message": "There is none.", "status": "NOT_FOUND"}


def answer(status: int = 200, text: str = "{}\n", *headers: tuple[str, str]) -> Answer:
    return Answer("GET http://a/b", status, headers, text)


def test_from_response() -> None:
    """Status, text and headers are unchanged, including repeated headers."""
    response = requests.Response()
    response.status_code = 200
    response.raw = HTTPResponse(
        body=io.BytesIO("七".encode()),
        headers=HTTPHeaderDict([("Vary", "X-Origin"), ("Vary", "Referer")]),
        preload_content=False,
    )
    response.request = requests.Request("GET", "http://a/b").prepare()
    result = Answer.from_response(response)

    assert (str(result), result.text) == ("GET http://a/b -> 200", "七")
    assert result.all_of("vary") == ["X-Origin", "Referer"]
    assert result.header("VARY") == "X-Origin"
    assert result.header("Server") is None


def test_body_that_is_not_utf8_fails() -> None:
    """The message names the request and the status."""
    response = requests.Response()
    response.status_code = 200
    response.raw = HTTPResponse(body=io.BytesIO(b"\xff"), preload_content=False)
    response.request = requests.Request("GET", "http://a/b").prepare()

    with pytest.raises(AssertionError, match=r"^GET http://a/b -> 200 has a body that is not UTF-8: "):
        Answer.from_response(response)


def test_allowance_is_in_the_message() -> None:
    """If an allowance applied, the message names it once, and says how to make the server strict."""
    answer_with_note = answer(
        200, "{}", ("X-Tunedmodels-Note", "cancel-beta: An operation's :cancel was accepted outside /v1")
    )

    with pytest.raises(AssertionError) as failure:
        answer_with_note.assert_error(404, "NOT_FOUND")
    assert str(failure.value).startswith(
        "GET http://a/b -> 200 (cancel-beta: An operation's :cancel was accepted outside /v1; "
        "start the server with --strict --auth strict) is not 404: {}"
    )


@pytest.mark.parametrize("note", ["fault f1: error", "unknown-route: no such route; the nearest is GET /v1beta/models"])
def test_other_note_gives_no_advice(note: str) -> None:
    """A note that is not about an allowance does not advise --strict."""
    assert str(answer(404, "", ("x-tunedmodels-note", note))) == f"GET http://a/b -> 404 ({note})"


def test_json_keeps_the_order() -> None:
    """The order of members does not change."""
    assert list(answer(text='{"b": 1, "a": 2}').ok()) == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"a": 1, "a": 2}', "a member twice"),
        ('[{"b": {"a": 1, "a": 2}}]', "twice"),
    ],
)
def test_invalid_json_fails(text: str, message: str) -> None:
    """A body that is not JSON, or that repeats a member, raises AssertionError."""
    with pytest.raises(AssertionError, match=message):
        answer(text=text).ok()


def test_ok_fails_for_an_error() -> None:
    """The message of ``ok`` contains the error answer."""
    with pytest.raises(AssertionError, match=r"GET http://a/b -> 404 is not 200: .*There is none\."):
        answer(404, json.dumps({"error": ERROR})).ok()


@pytest.mark.parametrize("text", [json.dumps({"error": ERROR}), json.dumps([{"error": ERROR}])])
def test_assert_error(text: str) -> None:
    """The result has status, message and details, also for a stream, whose error is in a list."""
    assert answer(404, text).assert_error(404, "NOT_FOUND") == Refusal("NOT_FOUND", "There is none.", ())


def test_error_details() -> None:
    """Details are unchanged."""
    text = json.dumps({"error": {**ERROR, "details": [{"@type": "t", "reason": "r"}]}})

    assert answer(404, text).assert_error(404, "NOT_FOUND").details == ({"@type": "t", "reason": "r"},)


@pytest.mark.parametrize(
    ("status", "text", "message"),
    [
        (200, "{}", "is not 404"),
        (404, "{}", "without an envelope"),
        (404, "[]", "without an envelope"),
        (404, json.dumps([{"error": ERROR}] * 2), "without an envelope"),
        (404, "<html>", "not JSON"),
        (404, json.dumps({"error": {**ERROR, "code": 403}}), "says 403"),
        (404, json.dumps({"error": {**ERROR, "status": "GONE"}}), "says 'GONE'"),
    ],
)
def test_assert_error_fails_for_other_answers(status: int, text: str, message: str) -> None:
    """Another status, a missing envelope and a contradicting envelope raise AssertionError."""
    with pytest.raises(AssertionError, match=message):
        answer(status, text).assert_error(404, "NOT_FOUND")


@pytest.mark.parametrize("text", ["", "<!DOCTYPE html>\n<html>"])
def test_no_route(text: str) -> None:
    """An unknown path is answered with 404, and an empty body or a page."""
    answer(404, text).no_route()


@pytest.mark.parametrize(("status", "text"), [(200, ""), (405, ""), (404, json.dumps({"error": ERROR}))])
def test_no_route_fails_for_other_answers(status: int, text: str) -> None:
    """Another status or an envelope raises AssertionError."""
    with pytest.raises(AssertionError):
        answer(status, text).no_route()
