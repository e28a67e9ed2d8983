"""Answers: what a clause asserts of one, and what it is told where that does not hold."""

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


def test_of_a_response() -> None:
    """Status, text and headers are as they came, those that came twice too."""
    response = requests.Response()
    response.status_code = 200
    response.raw = HTTPResponse(
        body=io.BytesIO("七".encode()),
        headers=HTTPHeaderDict([("Vary", "X-Origin"), ("Vary", "Referer")]),
        preload_content=False,
    )
    response.request = requests.Request("GET", "http://a/b").prepare()
    found = Answer.of(response)

    assert (str(found), found.text) == ("GET http://a/b -> 200", "七")
    assert found.all_of("vary") == ["X-Origin", "Referer"]
    assert found.header("VARY") == "X-Origin"
    assert found.header("Server") is None


def test_a_body_that_is_no_text() -> None:
    """It is told which answer it was."""
    response = requests.Response()
    response.status_code = 200
    response.raw = HTTPResponse(body=io.BytesIO(b"\xff"), preload_content=False)
    response.request = requests.Request("GET", "http://a/b").prepare()

    with pytest.raises(AssertionError, match=r"^GET http://a/b -> 200 has a body that is no UTF-8: "):
        Answer.of(response)


def test_a_note_of_a_mock_server() -> None:
    """Who fails at an answer that an allowance let through is told so, once, and how to make the server strict."""
    told = answer(200, "{}", ("X-Tunedmodels-Note", "cancel-beta: An operation's :cancel was accepted outside /v1"))

    with pytest.raises(AssertionError) as failure:
        told.refused(404, "NOT_FOUND")
    assert str(failure.value).startswith(
        "GET http://a/b -> 200 (cancel-beta: An operation's :cancel was accepted outside /v1; "
        "start the server with --strict --auth strict) is not 404: {}"
    )


@pytest.mark.parametrize("note", ["fault f1: error", "unknown-route: no such route; the nearest is GET /v1beta/models"])
def test_a_note_that_is_no_allowance(note: str) -> None:
    """What strictness would not change has no such advice."""
    assert str(answer(404, "", ("x-tunedmodels-note", note))) == f"GET http://a/b -> 404 ({note})"


def test_json_keeps_the_order() -> None:
    """Members are in the order in which they came."""
    assert list(answer(text='{"b": 1, "a": 2}').ok()) == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "no JSON"), ("{", "no JSON"), ('{"a": 1, "a": 2}', "a member twice"), ('[{"b": {"a": 1, "a": 2}}]', "twice")],
)
def test_text_that_is_no_answer(text: str, said: str) -> None:
    """No JSON, and a member that comes twice, are assertions that fail."""
    with pytest.raises(AssertionError, match=said):
        answer(text=text).ok()


def test_a_refusal_is_not_ok() -> None:
    """Who expects an answer sees the refusal."""
    with pytest.raises(AssertionError, match=r"GET http://a/b -> 404 is a refusal: .*There is none\."):
        answer(404, json.dumps({"error": ERROR})).ok()


@pytest.mark.parametrize("text", [json.dumps({"error": ERROR}), json.dumps([{"error": ERROR}])])
def test_refused(text: str) -> None:
    """A refusal says its status, its words and its details; that of a stream is in a list."""
    assert answer(404, text).refused(404, "NOT_FOUND") == Refusal("NOT_FOUND", "There is none.", ())


def test_details_of_a_refusal() -> None:
    """Details are whole."""
    text = json.dumps({"error": {**ERROR, "details": [{"@type": "t", "reason": "r"}]}})

    assert answer(404, text).refused(404, "NOT_FOUND").details == ({"@type": "t", "reason": "r"},)


@pytest.mark.parametrize(
    ("status", "text", "said"),
    [
        (200, "{}", "is not 404"),
        (404, "{}", "without an envelope"),
        (404, "[]", "without an envelope"),
        (404, json.dumps([{"error": ERROR}] * 2), "without an envelope"),
        (404, "<html>", "no JSON"),
        (404, json.dumps({"error": {**ERROR, "code": 403}}), "says 403"),
        (404, json.dumps({"error": {**ERROR, "status": "GONE"}}), "says 'GONE'"),
    ],
)
def test_other_refusals(status: int, text: str, said: str) -> None:
    """Another status, no envelope, and one that disagrees are assertions that fail."""
    with pytest.raises(AssertionError, match=said):
        answer(status, text).refused(404, "NOT_FOUND")


@pytest.mark.parametrize("text", ["", "<!DOCTYPE html>\n<html>"])
def test_no_route(text: str) -> None:
    """Where there is no such path, there is 404 with no body or a page."""
    answer(404, text).no_route()


@pytest.mark.parametrize(("status", "text"), [(200, ""), (405, ""), (404, json.dumps({"error": ERROR}))])
def test_a_route(status: int, text: str) -> None:
    """Another status and an envelope come from a method that there is."""
    with pytest.raises(AssertionError):
        answer(status, text).no_route()
