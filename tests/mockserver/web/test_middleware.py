"""Tests routing, and the answers for unknown paths."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

NOTE = "X-Tunedmodels-Note"


def assert_unknown(response: TestResponse) -> None:
    """Check that *response* is the page for unknown routes: no envelope, no redirect."""
    assert response.status_code == 404
    assert response.content_type == "text/html; charset=UTF-8"
    assert "404" in response.text
    assert '"error"' not in response.text
    assert "Location" not in response.headers
    assert "Allow" not in response.headers


def at(client: FlaskClient, path: str, method: str = "GET") -> TestResponse:
    """Request *path* unchanged; it may begin with two slashes."""
    return client.open(method=method, environ_overrides={"PATH_INFO": path})


# -- Slashes -------------------------------------------------------------------------------------------------

DOUBLED = ["//v1beta/{}", "/v1beta//{}", "///v1beta////{}"]


@pytest.mark.parametrize("path", [*DOUBLED, "/v1beta/{}"])
def test_doubled_slashes(http: FlaskClient, active: str, path: str) -> None:
    """They count as one, and the note says so; no redirect loses the body."""
    response = at(http, path.format(active))
    patch = http.patch(json={"description": "d"}, environ_overrides={"PATH_INFO": path.format(active)})

    assert response.get_json()["name"] == active
    assert ("doubled-slashes" in response.headers.get(NOTE, "")) == ("//" in path)
    assert patch.get_json() == {"description": "d"}


@pytest.mark.parametrize("path", DOUBLED)
def test_doubled_slashes_strictly(strict_http: FlaskClient, path: str) -> None:
    """The path is unknown to the service."""
    assert_unknown(at(strict_http, path.format("tunedModels")))


@pytest.mark.parametrize("path", ["/v1beta/tunedModels/", "/v1beta/tunedModels/a/", "/v1beta/", "/", "/v1/operations/"])
def test_trailing_slashes(http: FlaskClient, strict_http: FlaskClient, path: str) -> None:
    """A slash at the end makes another path, and there is no redirect."""
    assert_unknown(http.get(path))
    assert_unknown(strict_http.get(path))


# -- Unknown routes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "nearest"),
    [
        ("GET", "/v1beta/tunedModel", "GET /v1beta/tunedModels"),
        ("GET", "/v1beta/tunedmodels/a", "GET /v1beta/tunedModels/*"),
        ("GET", "/v2/tunedModels/a", "GET /v1beta/tunedModels/*"),
        ("GET", "/tunedModels/a", "GET /v1beta/tunedModels/*"),
        ("PUT", "/v1beta/tunedModels/a", "PATCH /v1beta/tunedModels/*"),
        ("POST", "/v1beta/tunedModels/a:generateContents", "POST /v1beta/tunedModels/*:generateContent"),
        ("GET", "/v1beta/tunedModels/a:generateContent", "POST /v1beta/tunedModels/*:generateContent"),
        ("POST", "/v1beta/tunedModels/a/permission", "POST /v1beta/tunedModels/*/permissions"),
        ("GET", "/v1beta3/tunedModels/a/operations/b", "GET /v1beta/tunedModels/*/operations/*"),
        ("POST", "/v1beta/tunedModels/a/operations/b:cancle", "POST /v1/tunedModels/*/operations/*:cancel"),
        ("GET", "/v1beta/operations", "GET /v1/operations"),
        ("GET", "/favicon.ico", None),
        ("GET", "/robots.txt", None),
    ],
)
def test_unknown_routes(http: FlaskClient, method: str, path: str, nearest: str | None) -> None:
    """The page has the path, and the note names the nearest route if one is similar."""
    response = http.open(path, method=method)

    assert_unknown(response)
    assert path in response.text
    note = f"unknown-route: no such route; the nearest is {nearest}" if nearest else None
    assert response.headers.get(NOTE) == note


def test_the_path_in_the_page_is_escaped(http: FlaskClient) -> None:
    """It is truncated, too."""
    path = "/<script>&" + "x" * 300
    response = at(http, path)

    assert_unknown(response)
    assert escape(path[:200]) in response.text
    assert "<script>" not in response.text
    assert "x" * 200 not in response.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/v1beta/tunedModels"),
        ("POST", "/v1beta/tunedModels/a"),
        ("GET", "/v1beta/tunedModels/a:generateContent"),
        ("DELETE", "/v1/tunedModels/a/operations/b:cancel"),
        ("TRACE", "/v1beta/tunedModels"),
        ("OPTIONS", "/v1beta/tunedModels"),
        ("OPTIONS", "/nowhere"),
    ],
)
def test_wrong_method_on_a_known_path(http: FlaskClient, strict_http: FlaskClient, method: str, path: str) -> None:
    """A route is a path with a method, so there is no 405, and OPTIONS has no route."""
    assert_unknown(http.open(path, method=method))
    assert_unknown(strict_http.open(path, method=method))


def test_head(http: FlaskClient, active: str) -> None:
    """HEAD is GET without the body."""
    get, head = http.get(f"/v1beta/{active}"), http.head(f"/v1beta/{active}")

    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


# -- Names in paths ------------------------------------------------------------------------------------------


def test_percent_encoded_paths(http: FlaskClient, active: str) -> None:
    """The server decodes the whole path, its fixed parts and the colon included."""
    for sign, code in (("-", "%2D"), ("t", "%74")):
        assert http.get(f"/v1beta/{active.replace(sign, code)}").get_json()["name"] == active
    body = {"contents": [{"parts": [{"text": "1"}]}]}
    assert http.post(f"/v1beta/{active}%3AgenerateContent", json=body).status_code == 200


@pytest.mark.parametrize(
    "name", ["%E4%B8%83", "%FF", "a%20b", "a%00b", "A", "..", "a.b", "%22", "x" * 5_000, "%F0%9F%98%80", "*"]
)
def test_odd_names(http: FlaskClient, name: str) -> None:
    """Any segment is a name, here of a missing model."""
    response = http.get(f"/v1beta/tunedModels/{name}")

    assert response.status_code == 404
    assert response.get_json()["error"]["status"] == "NOT_FOUND"


@pytest.mark.parametrize("name", ["a%2Fb", "a/b", "a:b", "a%3Ab", ":"])
def test_names_end_at_slash_and_colon(http: FlaskClient, name: str) -> None:
    """A segment has no slash, and a colon, encoded or not, begins a verb."""
    assert_unknown(http.get(f"/v1beta/tunedModels/{name}"))


def test_bare_question_mark(http: FlaskClient, active: str) -> None:
    """An empty query, as the Node library sends it, changes nothing."""
    assert http.get(f"/v1beta/{active}?").status_code == 200


# -- Versions ------------------------------------------------------------------------------------------------


def test_discovery(http: FlaskClient) -> None:
    """The discovery document of a version has the URL of this server, whatever else the query has."""
    for version, rest in (("v1", b""), ("v1beta3", b"&x=\x80")):
        query = {"QUERY_STRING": f"version={version}{rest.decode('latin-1')}"}
        document = http.get("/$discovery/rest", environ_overrides=query).get_json()
        assert (document["version"], document["rootUrl"]) == (version, "http://localhost/")
    assert_unknown(http.get("/$discovery/rest?version=v9"))


@pytest.mark.parametrize("host", ["", "a b", "a/b", "[::1", "x:y", "http://x", "\xe4"])
def test_a_request_without_a_host(http: FlaskClient, host: str) -> None:
    """The discovery document needs a host, and the API does not."""
    assert_unknown(http.get("/$discovery/rest", environ_overrides={"HTTP_HOST": host}))
    assert http.get("/v1beta/tunedModels", environ_overrides={"HTTP_HOST": host}).get_json() == {}


def test_a_host_that_werkzeug_refuses(http: FlaskClient) -> None:
    """A host that does not fit a URL is a bad request, and neither a bug nor an unknown route."""
    response = http.get("/$discovery/rest", environ_overrides={"HTTP_HOST": "."})

    assert response.status_code == 400
    assert "X-Tunedmodels-Note" not in response.headers
