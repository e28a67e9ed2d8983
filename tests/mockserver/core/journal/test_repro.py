"""Repros: the scripts that a journal is written as run, and notice what has changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tunedmodels_mockserver import Clock, Mode, Settings, create_app
from tunedmodels_mockserver.core.journal import repro
from tunedmodels_mockserver.core.journal.journal import Body, Entry
from tunedmodels_mockserver.process.server import Server

SECRET = "test-w1/alice@example.com"
FORMS = ("pytest", "curl")


@pytest.fixture
def url() -> Iterator[str]:
    """A server whose runs take an hour of a clock that is moved."""
    server = Server(create_app(Settings(clock=Clock(Mode.MANUAL))), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server.url
    server.stop()
    thread.join(10)


def script(url: str, form: str, **query: Any) -> str:
    answer = requests.post(
        f"{url}/_emulator/journal:repro", json={"form": form, **query}, headers={"X-Test-Id": "w1"}, timeout=10
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def run(text: str, form: str, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / ("test_repro.py" if form == "pytest" else "repro.sh")
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(file)]
    command = command if form == "pytest" else ["bash", str(file)]
    environment = {**os.environ, "TUNEDMODELS_EMULATOR_HOST": url.removeprefix("http://")}
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def asked(url: str, tutorial: Callable[..., dict[str, Any]]) -> str:
    """A server that was asked many things: two runs, a page, refusals, faults, text with quotes of every kind."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {SECRET}"

        def ask(http: str, path: str, **more: Any) -> Any:
            return session.request(http, f"{url}{path}", timeout=10, **more)

        def arm(**fault: Any) -> None:
            ask("POST", "/_emulator/faults", json=fault).raise_for_status()

        ask("POST", "/_emulator/clock", json={"set": "2024-03-14T09:45:30Z"})
        first = ask("POST", "/v1beta/tunedModels", json=tutorial()).json()["name"]
        ask("POST", "/v1beta/tunedModels", json=tutorial())
        token = ask("GET", "/v1beta/tunedModels?pageSize=1").json()["nextPageToken"]
        ask("GET", f"/v1beta/tunedModels?pageSize=1&pageToken={token}").raise_for_status()
        model = first.partition("/operations/")[0]
        body = {"contents": [{"parts": [{"text": 'it\'s "$HOME" `x` \\ \n LXIII #ü'}]}]}
        assert ask("POST", f"/v1beta/{model}:generateContent", json=body).status_code == 400
        ask("GET", f"/v1/{first}")
        ask("POST", "/_emulator/clock", json={"advance": 60})
        assert ask("GET", f"/v1/{first}").json()["done"]
        ask("POST", f"/v1beta/{model}:generateContent", json=body).raise_for_status()
        arm(method="tunedModels.get", error={"code": "RESOURCE_EXHAUSTED", "retry_delay": 2})
        assert ask("GET", f"/v1beta/{model}").status_code == 429
        arm(method="tunedModels.get", reset=True)
        with pytest.raises(requests.ConnectionError):
            ask("GET", f"/v1beta/{model}")
        ask("GET", "/v1beta/tunedmodels/a b?x='y'")
        ask("DELETE", f"/v1beta/{model}").raise_for_status()
        assert ask("GET", f"/v1beta/{model}").status_code == 404
    return url


@pytest.mark.parametrize("form", FORMS)
def test_a_repro_gets_the_same_statuses(form: str, asked: str, tmp_path: Path) -> None:
    """Twice, in a world of its own each time, which is gone afterwards; no credential is in it."""
    text = script(asked, form)

    assert SECRET not in text
    for _ in range(2):
        done = run(text, form, asked, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    worlds = requests.get(f"{asked}/_emulator/verdict?world=*", timeout=10).json()["worlds"]
    assert not any(name.startswith("repro-") for name in worlds)


@pytest.mark.parametrize("form", FORMS)
def test_a_repro_fails_where_the_answer_is_another(form: str, asked: str, tmp_path: Path) -> None:
    """Without the request that deleted the model the last one finds it."""
    text = script(asked, form)
    lines = [line for line in text.splitlines() if "DELETE" not in line or "/v1beta/" not in line]
    done = run("\n".join(lines), form, asked, tmp_path)

    assert done.returncode == 1
    assert "404" in done.stdout + done.stderr


def test_only_what_is_asked_for_is_repeated(asked: str) -> None:
    """By the filters of the journal; where nothing is left, that is said."""
    text = script(asked, "pytest", method="tunedModels.create")
    nothing = requests.post(f"{asked}/_emulator/journal:repro", json={"method": "operations.delete"}, timeout=10)

    assert text.startswith('"""Makes 2 requests')
    assert nothing.status_code == 400
    assert "there is nothing to repeat" in nothing.json()["error"]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"path": "/token"}, "its credentials were not kept"),
        ({"request": Body(b"x", 20_000)}, "of its body of 20000 bytes only a part was kept"),
        ({"request": Body(b"\xff", 1)}, "its body is no text"),
        ({"lost": True}, "its connection was lost, and not by a fault that can be armed again"),
    ],
)
def test_what_cannot_be_repeated_is_named(entry: dict[str, Any], reason: str) -> None:
    """In a comment of both scripts."""
    given = {"http": "POST", "path": "/v1beta/tunedModels", "status": 200, "started": 0, "ended": 0, "number": 7}
    rows = [Entry(**{**given, **entry})]

    for write in (repro.pytest_file, repro.curl_script):
        assert f"# Request 7 is left out: {reason}." in write(rows)


def test_nothing_of_a_request_becomes_code() -> None:
    """Line breaks, quotes and commands in a path, a header or a body stay what they are."""
    evil = "\n'\"`touch /tmp/x`$(touch /tmp/x)\n"
    row = Entry(
        http="POST",
        path=f"/v1beta/{evil}",
        status=404,
        started=0,
        ended=0,
        headers=(("Content-Type", "a'b"),),
        request=Body(evil.encode(), len(evil)),
        fault=f"f{evil} latency",
    )
    python, bash = repro.pytest_file([row]), repro.curl_script([row])

    compile(python, "repro", "exec")
    assert repr(evil) in python
    assert subprocess.run(["bash", "-n"], input=bash, text=True, check=False, timeout=10).returncode == 0
    assert not any(line.lstrip().startswith(("touch", "`touch", "$(")) for line in python.splitlines())
    assert json.dumps(evil)[1:-1] not in bash
