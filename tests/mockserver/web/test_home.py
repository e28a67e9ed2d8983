"""Tests the home page for browsers, and the answer for other clients at ``/``."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}


def test_a_browser_gets_links_that_work(http: FlaskClient) -> None:
    """Each is relative and answers with 200; the worlds that exist are among them."""
    http.get("/v1beta/tunedModels", headers={"X-Test-Id": "w1"})
    page = http.get("/", headers=BROWSER)
    links = [unescape(link) for link in re.findall(r'<a href="([^"]+)"', page.text)]

    assert (page.status_code, page.content_type) == (200, "text/html; charset=UTF-8")
    assert {"health", "_emulator/openapi.json", "_emulator/worlds", "_emulator/faults"} <= set(links)
    assert "v1beta/tunedModels?key=test-w1/tunedmodels-api-key" in links
    assert "docs/faults.md" in page.text
    for link in links:
        if link != "_emulator/journal/events":  # it has no end
            assert http.get(f"/{link}").status_code == 200, link


def test_the_page_is_safe(http: FlaskClient) -> None:
    """The policy allows no script, no style and no other site; values of the request are escaped."""
    page = http.get("/", headers={**BROWSER, "Host": "a.test"}, base_url="http://a.test/x'<b>")
    policy = page.headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none';")
    assert "script" not in policy
    assert "<script" not in page.text
    assert "<b>" not in page.text
    assert "/x&#39;&lt;b&gt;" in page.text


def test_the_page_has_a_limited_number_of_worlds(http: FlaskClient) -> None:
    """It shows the first worlds, and the number of the others."""
    for number in range(120):
        http.get("/v1beta/tunedModels", headers={"X-Test-Id": f"w{number}"})
    page = http.get("/", headers=BROWSER)

    assert page.text.count(">journal</a>") == 100
    assert '<li>21 more in <a href="_emulator/worlds">' in page.text


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"Accept": "text/html"}),
        ("GET", {"Accept": "application/json", "Sec-Fetch-Mode": "navigate"}),
        ("GET", {**BROWSER, "Sec-Fetch-Mode": "cors"}),
        ("POST", BROWSER),
        ("OPTIONS", BROWSER),
    ],
)
def test_every_other_request_gets_the_answer_of_the_service(
    http: FlaskClient, method: str, headers: dict[str, str]
) -> None:
    """The service has no page there."""
    answer = http.open("/", method=method, headers=headers)

    assert answer.status_code == 404
    assert "<title>404 (Not Found)</title>" in answer.text


def test_the_journal_leaves_out_the_page(http: FlaskClient) -> None:
    """A person opens the page, and not the client under test; other requests for ``/`` are in the journal."""
    http.get("/", headers=BROWSER)
    http.get("/favicon.ico")
    http.get("/")

    assert [entry["status"] for entry in http.get("/_emulator/journal").get_json()["entries"]] == [404]


def test_the_admin_surface_answers_without_a_slash_as_with_one(http: FlaskClient) -> None:
    """Both answers name the document that describes the endpoints."""
    without, with_ = http.get("/_emulator"), http.get("/_emulator/")

    assert without.status_code == with_.status_code == 404
    assert without.get_json()["error"].startswith("There is no endpoint GET /_emulator")
    assert without.get_json()["error"].endswith("GET /_emulator/openapi.json describes them all.")
    assert with_.get_json()["error"].endswith("GET /_emulator/openapi.json describes them all.")
