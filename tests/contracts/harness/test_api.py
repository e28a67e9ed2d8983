"""Bare requests: what is sent is what was said, and pages end."""

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


class Served(BaseAdapter):
    """Answers from a list, and keeps what was asked."""

    def __init__(self, *values: Any) -> None:
        super().__init__()
        self.values = list(values)
        self.asked: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        self.asked.append(request)
        response = requests.Response()
        response.status_code = 200
        response.request = request
        response._content = json.dumps(self.values.pop(0)).encode()
        return response

    def close(self) -> None:
        pass


def api(served: Served, caller: Any = None) -> Api:
    session = requests.Session()
    session.mount("http://", served)
    return Api(session, "http://a.test", caller or AnonymousCredentials())


def test_a_request() -> None:
    """Method, path, parameters and body arrive as they were given."""
    served = Served({})
    api(served).post("v1/models", {"b": 1, "a": None}, {"pageSize": 2})
    (asked,) = served.asked

    assert (asked.method, asked.url) == ("POST", "http://a.test/v1/models?pageSize=2")
    assert asked.body == b'{"b": 1, "a": null}'
    assert asked.headers["Content-Type"] == "application/json"


def test_text_instead_of_json() -> None:
    """Text is sent as it is, whether it is JSON or not."""
    served = Served({})
    api(served).patch("v1/models", data="{'七',}")

    assert served.asked[0].body == "{'七',}".encode()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_nothing_to_send(method: str) -> None:
    """A request without a body says nothing of one."""
    served = Served({})
    api(served).ask(method, "v1/models")

    assert served.asked[0].body is None
    assert "Content-Type" not in served.asked[0].headers


def test_callers(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Each request carries the credentials of its caller, and no password that a file has for the host."""
    (tmp_path / "netrc").write_text("machine a.test login l password p\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    served = Served({}, {}, {})
    nobody = api(served)
    nobody.get("v1/models")
    nobody.by(Credentials(token="t")).get("v1/models")
    nobody.by(api_key.Credentials("k")).get("v1/models")

    names = ("Authorization", "x-goog-api-key")
    assert [tuple(asked.headers.get(name) for name in names) for asked in served.asked] == [
        (None, None),
        ("Bearer t", None),
        (None, "k"),
    ]


def test_each_answer_is_judged() -> None:
    """Whoever wants to know is told where an answer is not as the facts have it, whoever asks."""
    told: list[str] = []
    session = requests.Session()
    session.mount("http://", Served({"models": [{"name": 1}]}, {"name": 1}, {"name": 1}, {"etag": "x"}))
    asking = Api(session, "http://a.test", AnonymousCredentials(), told.append)
    asking.get("v1beta/models")
    asking.by(Credentials(token="t")).get("v1beta/models/m", {"fields": "name"})
    asking.get("v1beta/models/m", whole=False)
    asking.get("v1beta/caches")

    wrong = "1 is no string (facts of v1beta, revision 20260325)"
    assert [finding for finding in told if "missing-member" not in finding] == [
        f"models.list: models[0].name: wrong-type: {wrong}",
        f"models.get: name: wrong-type: {wrong}",
        f"models.get: name: wrong-type: {wrong}",
    ]


def test_a_path_as_it_is_spelled() -> None:
    """Where a clause is about the spelling of a path, nothing on the way spells it otherwise."""
    served = Served({}, {})
    api(served).get("v1/models?a=b%2cc", verbatim=True)
    api(served).get("v1/models?a=b%2cc")

    assert [asked.url for asked in served.asked] == [
        "http://a.test/v1/models?a=b%2cc",
        "http://a.test/v1/models?a=b%2Cc",
    ]


def test_pages_follow_their_tokens() -> None:
    """Pages are asked for until one has no token, with the same parameters."""
    served = Served({"models": [1], "nextPageToken": "t"}, {"nextPageToken": "u"}, {"models": [2, 3]})

    assert api(served).list_all("v1/models", {"pageSize": 1}) == [1, 2, 3]
    assert [asked.url.partition("?")[2] for asked in served.asked if asked.url] == [
        "pageSize=1",
        "pageSize=1&pageToken=t",
        "pageSize=1&pageToken=u",
    ]


def test_pages_that_lead_back() -> None:
    """A token that came before is an assertion that fails, not a loop without end."""
    served = Served(*[{"nextPageToken": token} for token in "tut"])

    with pytest.raises(AssertionError, match="lead back to 't'"):
        api(served).pages("v1/models")
