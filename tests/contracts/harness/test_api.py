"""Tests the plain requests of clauses and the reading of pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from google.auth import api_key
from google.auth.credentials import AnonymousCredentials
from google.oauth2.credentials import Credentials
from requests.adapters import BaseAdapter

from tunedmodels_contracts.harness.api import Api


class ListAdapter(BaseAdapter):
    """An adapter that answers from a list and records the requests."""

    def __init__(self, *values: Any) -> None:
        super().__init__()
        self.values = list(values)
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        self.requests.append(request)
        response = requests.Response()
        response.status_code = 200
        response.request = request
        response._content = json.dumps(self.values.pop(0)).encode()
        return response

    def close(self) -> None:
        pass


def api(adapter: ListAdapter, caller: Any = None) -> Api:
    session = requests.Session()
    session.mount("http://", adapter)
    return Api(session, "http://a.test", caller or AnonymousCredentials())


def test_request_is_sent_unchanged() -> None:
    """Method, path, parameters and body are sent unchanged."""
    adapter = ListAdapter({})
    api(adapter).post("v1/models", {"b": 1, "a": None}, {"pageSize": 2})
    (request,) = adapter.requests

    assert (request.method, request.url) == ("POST", "http://a.test/v1/models?pageSize=2")
    assert request.body == b'{"b": 1, "a": null}'
    assert request.headers["Content-Type"] == "application/json"


def test_text_is_sent_unchanged() -> None:
    """A text body is sent unchanged, even if it is not JSON."""
    adapter = ListAdapter({})
    api(adapter).patch("v1/models", data="{'七',}")

    assert adapter.requests[0].body == "{'七',}".encode()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_request_without_body_has_no_content_type(method: str) -> None:
    """A request without a body has no header about a body."""
    adapter = ListAdapter({})
    api(adapter).ask(method, "v1/models")

    assert adapter.requests[0].body is None
    assert "Content-Type" not in adapter.requests[0].headers


def test_request_has_credentials_of_its_caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Each request has the credentials of its caller, and no password from ~/.netrc."""
    (tmp_path / "netrc").write_text("machine a.test login l password p\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    adapter = ListAdapter({}, {}, {})
    anonymous = api(adapter)
    anonymous.get("v1/models")
    anonymous.by(Credentials(token="t")).get("v1/models")
    anonymous.by(api_key.Credentials("k")).get("v1/models")

    names = ("Authorization", "x-goog-api-key")
    assert [tuple(request.headers.get(name) for name in names) for request in adapter.requests] == [
        (None, None),
        ("Bearer t", None),
        (None, "k"),
    ]


def test_schema_violations_are_reported() -> None:
    """The callback gets a line for each schema violation, also for requests of another caller."""
    violations: list[str] = []
    session = requests.Session()
    session.mount("http://", ListAdapter({"models": [{"name": 1}]}, {"name": 1}, {"name": 1}, {"etag": "x"}))
    caller_api = Api(session, "http://a.test", AnonymousCredentials(), violations.append)
    caller_api.get("v1beta/models")
    caller_api.by(Credentials(token="t")).get("v1beta/models/m", {"fields": "name"})
    caller_api.get("v1beta/models/m", whole=False)
    caller_api.get("v1beta/caches")

    wrong = "1 is not a string (facts of v1beta, revision 20260325)"
    assert [finding for finding in violations if "missing-member" not in finding] == [
        f"models.list: models[0].name: wrong-type: {wrong}",
        f"models.get: name: wrong-type: {wrong}",
        f"models.get: name: wrong-type: {wrong}",
    ]


def test_verbatim_path_is_not_normalized() -> None:
    """With ``verbatim`` the spelling of the path does not change; without it requests normalizes the path."""
    adapter = ListAdapter({}, {})
    api(adapter).get("v1/models?a=b%2cc", verbatim=True)
    api(adapter).get("v1/models?a=b%2cc")

    assert [request.url for request in adapter.requests] == [
        "http://a.test/v1/models?a=b%2cc",
        "http://a.test/v1/models?a=b%2Cc",
    ]


def test_pages_follow_their_tokens() -> None:
    """All pages are requested with the same parameters, until one has no token."""
    adapter = ListAdapter({"models": [1], "nextPageToken": "t"}, {"nextPageToken": "u"}, {"models": [2, 3]})

    assert api(adapter).list_all("v1/models", {"pageSize": 1}) == [1, 2, 3]
    assert [request.url.partition("?")[2] for request in adapter.requests if request.url] == [
        "pageSize=1",
        "pageSize=1&pageToken=t",
        "pageSize=1&pageToken=u",
    ]


def test_repeated_page_token_fails() -> None:
    """A page token that repeats raises AssertionError instead of an endless loop."""
    adapter = ListAdapter(*[{"nextPageToken": token} for token in "tut"])

    with pytest.raises(AssertionError, match="lead back to 't'"):
        api(adapter).pages("v1/models")
