"""Tests headers, bodies, streams and errors, byte by byte."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

PROMPT = {"contents": [{"parts": [{"text": "twenty two"}]}]}

# As recorded in 2024, in that order. Left out: the date, which the server adds; Alt-Svc, which would send callers
# elsewhere; the chunked transfer, where the length is known.
HEADERS = [
    ("Content-Type", "application/json; charset=UTF-8"),
    ("Content-Length", "LENGTH"),
    ("Vary", "X-Origin"),
    ("Vary", "Referer"),
    ("Vary", "Origin,Accept-Encoding"),
    ("Server", f"tunedmodels-mockserver/{version('tunedmodels')}"),
    ("Cache-Control", "private"),
    ("X-XSS-Protection", "0"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Content-Type-Options", "nosniff"),
    ("Accept-Ranges", "none"),
]


@pytest.mark.parametrize("path", ["/v1beta/tunedModels", "/v1beta/tunedModels/none"])
def test_headers(http: FlaskClient, path: str) -> None:
    """Answers and errors have every header of recorded answers, with three Vary headers, and our Server header."""
    response = http.get(path)
    *headers, timing = response.headers.to_wsgi_list()

    length = str(len(response.data))
    assert headers == [(name, length if text == "LENGTH" else text) for name, text in HEADERS]
    assert timing[0] == "Server-Timing"
    assert timing[1].startswith("gfet4t7; dur=")
    assert timing[1].removeprefix("gfet4t7; dur=").isdigit()


def test_headers_of_a_page(http: FlaskClient) -> None:
    """A page has the same headers with another content type."""
    headers = http.get("/nowhere").headers

    assert headers["Content-Type"] == "text/html; charset=UTF-8"
    assert [pair for pair in headers.to_wsgi_list() if pair in HEADERS] == HEADERS[2:]


def test_headers_of_a_stream(http: FlaskClient, active: str) -> None:
    """A stream has the same headers, and no length."""
    headers = http.post(f"/v1beta/{active}:streamGenerateContent", json=PROMPT).headers

    assert [pair for pair in headers.to_wsgi_list() if pair in HEADERS] == [HEADERS[0], *HEADERS[2:]]
    assert "Content-Length" not in headers


# -- Whole answers -------------------------------------------------------------------------------------------


def test_final_newline(http: FlaskClient, active: str) -> None:
    """An answer ends with one newline after its last brace."""
    data = http.get(f"/v1beta/{active}").data

    assert data.endswith(b"\n}\n")
    assert data == (json.dumps(json.loads(data), indent=2, ensure_ascii=False) + "\n").encode()


def test_text_is_utf8(http: FlaskClient, active: str) -> None:
    """Text of the request returns as UTF-8, with angle brackets and invisible characters escaped."""
    response = http.patch(f"/v1beta/{active}", json={"description": "七 <b> & \u200b"})

    assert response.data == '{\n  "description": "七 \\u003cb\\u003e & \\u200b"\n}\n'.encode()


# -- Streams -------------------------------------------------------------------------------------------------


def test_stream_as_an_array(http: FlaskClient, active: str) -> None:
    """The first byte is ``[``, ``,\\r\\n`` divides the parts, and the last byte is ``]``."""
    data = http.post(f"/v1beta/{active}:streamGenerateContent", json=PROMPT).data
    chunks = json.loads(data)

    assert len(chunks) >= 2
    texts = [json.dumps(chunk, indent=2) + "\n" for chunk in chunks]
    assert data == f"[{(',' + chr(13) + chr(10)).join(texts)}]".encode()


def test_stream_as_events(http: FlaskClient, active: str) -> None:
    """Each event is a line of data and an empty line, both with ``\\r\\n``; there is no final marker."""
    path = f"/v1beta/{active}:streamGenerateContent"
    chunks = http.post(path, json=PROMPT).get_json()
    response = http.post(f"{path}?alt=sse", json=PROMPT)
    *events, rest = response.text.split("\r\n\r\n")

    assert rest == ""
    assert [json.loads(event.removeprefix("data: ")) for event in events] == chunks
    assert all(event.startswith('data: {"candidates": [{"content": {') for event in events)
    assert "\n" not in "".join(events)


# -- Errors --------------------------------------------------------------------------------------------------

MISSING = """\
{
  "error": {
    "code": 404,
    "message": "Tuned model tunedModels/none does not exist.",
    "status": "NOT_FOUND"
  }
}
"""

UNKNOWN_MEMBER = """\
{
  "error": {
    "code": 400,
    "message": "Invalid JSON payload received. Unknown name \\"x\\" at 'tuned_model': Cannot find field.",
    "status": "INVALID_ARGUMENT",
    "details": [
      {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [
          {
            "field": "tuned_model",
            "description": "Invalid JSON payload received. Unknown name \\"x\\" at 'tuned_model': Cannot find field."
          }
        ]
      }
    ]
  }
}
"""

SYNTAX = """\
{
  "error": {
    "code": 400,
    "message": "Invalid JSON payload received. Unexpected token.\\nx\\n^",
    "status": "INVALID_ARGUMENT"
  }
}
"""

FIRST_FORM = """\
{
  "error": {
    "code": 404,
    "message": "Tuned model tunedModels/none does not exist.",
    "errors": [
      {
        "message": "Tuned model tunedModels/none does not exist.",
        "domain": "global",
        "reason": "notFound"
      }
    ],
    "status": "NOT_FOUND"
  }
}
"""


@pytest.mark.parametrize(
    ("method", "path", "body", "text"),
    [
        ("GET", "/v1beta/tunedModels/none", None, MISSING),
        ("GET", "/v1beta/tunedModels/none?$.xgafv=1", None, FIRST_FORM),
        ("POST", "/v1beta/tunedModels", '{"x": 1}', UNKNOWN_MEMBER),
        ("PATCH", "/v1beta/tunedModels/none", '{"x": 1}', UNKNOWN_MEMBER),
        ("POST", "/v1beta/tunedModels", "x", SYNTAX),
        ("POST", "/v1beta/tunedModels/none:generateContent", json.dumps(PROMPT), MISSING),
        ("POST", "/v1beta/tunedModels/none:generateContent?alt=sse", json.dumps(PROMPT), MISSING),
        ("POST", "/v1beta/tunedModels/none:streamGenerateContent?alt=sse", json.dumps(PROMPT), MISSING),
        ("POST", "/v1beta/tunedModels/none:streamGenerateContent", json.dumps(PROMPT), f"[{MISSING}]"),
        ("POST", "/v1beta/tunedModels/none:streamGenerateContent", "x", f"[{SYNTAX}]"),
    ],
)
def test_errors(http: FlaskClient, method: str, path: str, body: str | None, text: str) -> None:
    """An error is an envelope; in a stream it is in an array, unless the stream has events."""
    response = http.open(path, method=method, data=body)

    assert response.data == text.encode()
    assert response.status_code == (404 if "NOT_FOUND" in text else 400)
    assert response.content_type == "application/json; charset=UTF-8"


def test_validation_has_lines_and_no_details(http: FlaskClient) -> None:
    """A check of the service gives a line that begins with a star and ends with a newline."""
    error = http.post("/v1beta/models/gemini-pro:generateContent", json={}).get_json()["error"]

    assert error == {
        "code": 400,
        "message": "* GenerateContentRequest.contents: contents is not specified\n",
        "status": "INVALID_ARGUMENT",
    }


def test_bugs_of_the_mock_server(app: Flask, http: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is an envelope, and its note says that it is a bug."""

    def fail(*_arguments: Any) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(app.extensions["tunedmodels"], "get", fail)
    response = http.get("/v1beta/tunedModels")

    assert response.status_code == 500
    assert response.get_json()["error"]["status"] == "INTERNAL"
    assert response.headers["X-Tunedmodels-Note"].startswith("bug:")
