"""Tests the HAR files and the curl commands of a journal."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tunedmodels_mockserver import Clock, Mode, Settings, create_app
from tunedmodels_mockserver.core.journal.entry import Body, Entry
from tunedmodels_mockserver.core.journal.har import Origin, curl_commands, har

from ...serving import serve_thread

ORIGIN = Origin("http://127.0.0.1:9480", "tunedmodels-mockserver/1.2.3", 1_710_409_530_000_000_000)
SECRET = "test-w1/alice@example.com"


def entry(**changes: Any) -> Entry:
    defaults = {"http": "POST", "path": "/v1beta/tunedModels", "status": 200, "started": 0, "ended": 0, "number": 7}
    return Entry(**{**defaults, **changes})


def test_members_of_har() -> None:
    """An entry has all members that HAR 1.2 requires, and those of the mock server begin with an underscore."""
    row = entry(
        started=1_500_000_000,
        ended=1_502_250_000,
        at=1_710_000_000_000_000_000,
        method="tunedModels.create",
        query="alt=json&key=***",
        headers=(("Content-Type", "application/json"), ("Authorization", "Bearer ***")),
        request=Body(b'{"a": 1}', 8),
        answer=Body(b'{"name": "x"}', 20_000),
        note="a note",
        fault="f1 latency",
    )

    assert har([row], ORIGIN) == {
        "log": {
            "version": "1.2",
            "creator": {"name": "tunedmodels-mockserver", "version": "1.2.3"},
            "entries": [
                {
                    "startedDateTime": "2024-03-14T09:45:31.500Z",
                    "time": 2.25,
                    "request": {
                        "method": "POST",
                        "url": "http://127.0.0.1:9480/v1beta/tunedModels?alt=json&key=***",
                        "httpVersion": "HTTP/1.1",
                        "cookies": [],
                        "headers": [
                            {"name": "Content-Type", "value": "application/json"},
                            {"name": "Authorization", "value": "Bearer ***"},
                        ],
                        "queryString": [{"name": "alt", "value": "json"}, {"name": "key", "value": "***"}],
                        "headersSize": -1,
                        "bodySize": 8,
                        "postData": {"mimeType": "application/json", "text": '{"a": 1}'},
                    },
                    "response": {
                        "status": 200,
                        "statusText": "OK",
                        "httpVersion": "HTTP/1.1",
                        "cookies": [],
                        "headers": [
                            {"name": "Content-Type", "value": "application/json"},
                            {"name": "X-Tunedmodels-Note", "value": "a note"},
                        ],
                        "content": {"size": 20_000, "mimeType": "application/json", "text": '{"name": "x"}'},
                        "redirectURL": "",
                        "headersSize": -1,
                        "bodySize": -1,
                    },
                    "cache": {},
                    "timings": {"send": 0, "wait": 2.25, "receive": 0},
                    "_number": 7,
                    "_method": "tunedModels.create",
                    "_worldTime": "2024-03-09T16:00:00.000000000Z",
                    "_fault": "f1 latency",
                    "comment": "The journal kept only the first 13 bytes of the answer.",
                }
            ],
        }
    }


def test_lost_connection_has_status_0() -> None:
    """Browsers write a request without an answer in this way."""
    (row,) = har([entry(lost=True)], ORIGIN)["log"]["entries"]

    assert (row["response"]["status"], row["response"]["statusText"]) == (0, "")
    assert row["_error"] == "The connection ended before the whole answer was sent."


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"path": "/token"}, "the journal did not keep its credentials"),
        ({"request": Body(b"x", 20_000)}, "the journal kept only a part of its body of 20000 bytes"),
        ({"request": Body(b"\xff", 1)}, "its body is not text"),
        ({"request": Body(b"a\0b", 3)}, "its body is not text"),
    ],
)
def test_request_that_no_command_can_repeat(changes: dict[str, Any], problem: str) -> None:
    """A comment says why."""
    assert curl_commands([entry(**changes)], ORIGIN).endswith(f"# Request 7: status 200\n# Left out: {problem}.\n")


def test_no_part_of_a_request_is_run_as_code() -> None:
    """Line breaks, quotes and commands in a path, a header, a body or a fault stay data."""
    evil = "\n'\"`touch /tmp/x`$(touch /tmp/x)\n"
    row = entry(
        path=f"/v1beta/{evil}", headers=(("Content-Type", evil),), request=Body(evil.encode(), len(evil)), fault=evil
    )
    script = curl_commands([row], ORIGIN)

    *_, status, command = script.split("\n# ")[-1].partition("\n")
    assert status == "\n"
    words = shlex.split(command)
    assert words[:2] == ["curl", "-sS"]
    assert words[-1] == evil
    assert subprocess.run(["sh", "-n"], input=script, text=True, check=False, timeout=10).returncode == 0


def test_body_that_begins_with_an_at_sign_is_data() -> None:
    """curl does not read the file that the body of a stranger names."""
    command = curl_commands([entry(request=Body(b"@/etc/passwd", 12))], ORIGIN).splitlines()[-1]

    assert shlex.split(command)[-2:] == ["--data-raw", "@/etc/passwd"]


def test_head_is_repeated_without_waiting_for_a_body() -> None:
    """The option for a method would let curl wait."""
    words = shlex.split(curl_commands([entry(http="HEAD")], ORIGIN).splitlines()[-1])

    assert "--head" in words
    assert "-X" not in words


def test_masked_body_is_noted() -> None:
    """A comment says that the request cannot be the same."""
    assert "# The journal masked a secret in the body" in curl_commands(
        [entry(request=Body(b'{"key": "***"}', 14))], ORIGIN
    )


@pytest.fixture
def url() -> Iterator[str]:
    """Yield the URL of a server with a manual clock."""
    with serve_thread(create_app(Settings(clock=Clock(Mode.MANUAL)))) as server:
        yield server.url


def test_commands_repeat_the_requests(url: str, tutorial: Callable[..., dict[str, Any]]) -> None:
    """A shell runs the script against the same server; it has no credential of the caller."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    body = {"contents": [{"parts": [{"text": 'it\'s "$HOME" `x` \\ \n LXIII #ü'}]}]}
    prompt = f"{url}/v1beta/models/gemini-1.5-flash:generateContent"
    requests.post(prompt, json=body, headers=headers, timeout=10).raise_for_status()
    requests.post(f"{url}/v1beta/tunedModels", json=tutorial(), headers=headers, timeout=10).raise_for_status()
    requests.get(f"{url}/v1beta/tunedmodels/a b?x='y'", headers={**headers, "X-Test-Id": "w1"}, timeout=10)

    def export(form: str) -> requests.Response:
        world = {"X-Test-Id": "w1"}
        return requests.post(f"{url}/_emulator/journal:export", json={"form": form}, headers=world, timeout=10)

    script = export("curl").text
    result = subprocess.run(["sh"], input=script, capture_output=True, text=True, timeout=60, check=False)

    assert SECRET not in script
    assert result.returncode == 0, result.stderr
    entries = export("har").json()["log"]["entries"]
    assert [row["response"]["status"] for row in entries][:3] == [200, 200, 404]
    first, repeated = entries[0]["request"], entries[3]["request"]
    assert json.loads(first["postData"]["text"]) == json.loads(repeated["postData"]["text"]) == body
    assert SECRET not in json.dumps(entries)
