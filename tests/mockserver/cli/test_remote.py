"""Tests the commands that call a running server, each in one world."""

from __future__ import annotations

import json
import re
import socket
from typing import TYPE_CHECKING, Any

import pytest
import requests
import responses
from click.testing import CliRunner, Result

from tunedmodels_mockserver import Clock, Mode, Settings, create_app
from tunedmodels_mockserver.cli import main

from ..serving import serve_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WORLD = {"X-Test-Id": "w1"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Yield the URL of a server that runs in its own thread, with manual clocks."""
    with serve_thread(create_app(Settings(seed=1, clock=Clock(Mode.MANUAL)))) as server:
        yield server.url


@pytest.fixture(autouse=True)
def _fresh(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the server in the environment, and drop its worlds."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", url)
    for headers in ({}, WORLD):
        requests.delete(f"{url}/_emulator/world", headers=headers, timeout=5)


@pytest.fixture
def tuned(url: str, tutorial: Callable[..., dict[str, Any]]) -> str:
    """Return the name of a model of the world ``w1``."""
    answer = requests.post(f"{url}/v1beta/tunedModels", json=tutorial(), headers=WORLD, timeout=5).json()
    return str(answer["metadata"]["tunedModel"])


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def output_json(*arguments: str) -> Any:
    result = run(*arguments, "--world", "w1")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_clock(tuned: str) -> None:
    """The command reads, moves, freezes and sets the clock; a move lists the runs that change."""
    before = output_json("clock")
    move = output_json("clock", "--advance", "end")

    assert before["mode"] == "manual"
    assert [(item["model"], item["done"]) for item in move["caused"]] == [(tuned, True)]
    assert (
        output_json("clock", "--set", "2030-01-01T00:00:00Z", "--advance", "1.5")["now"]
        == "2030-01-01T00:00:01.500000000Z"
    )
    assert output_json("clock", "--resume", "--rate", "60")["rate"] == 60
    assert output_json("clock", "--freeze")["mode"] == "manual"


def test_faults(tmp_path: Path) -> None:
    """The command arms those of a file or a preset, lists them, and disarms one or all."""
    file = tmp_path / "faults.yaml"
    file.write_text("- id: one\n  method: tunedModels.get\n  error: {code: ABORTED}\n  until: 2030-01-01T00:00:00Z\n")
    answer = output_json("faults", "arm", str(file))["faults"]
    output_json("faults", "arm", "overloaded")

    assert [(item["id"], item["until"]) for item in answer] == [("one", "2030-01-01T00:00:00Z")]
    assert [item["id"] for item in output_json("faults", "list")["faults"]] == ["one", "overloaded"]
    assert run("faults", "clear", "one", "--world", "w1").output == ""
    assert [item["id"] for item in output_json("faults", "list")["faults"]] == ["overloaded"]
    run("faults", "clear", "--world", "w1")
    assert output_json("faults", "list")["faults"] == []
    assert "flaky" in json.loads(run("faults", "presets").stdout)["presets"]


def test_canned(tmp_path: Path) -> None:
    """The command adds rules first or last, replaces, lists and removes them."""
    first, second = tmp_path / "first.yaml", tmp_path / "second.json"
    first.write_text("id: hello\nwhen: {text: Hello}\nanswer: Hi\n")
    second.write_text('[{"id": "all", "answer": "Yes."}]')
    output_json("canned", "add", str(second))
    output_json("canned", "add", str(first), "--first")

    assert [rule["id"] for rule in output_json("canned", "list")["rules"]] == ["hello", "all"]
    assert [rule["id"] for rule in output_json("canned", "set", str(second))["rules"]] == ["all"]
    whole = tmp_path / "whole.yaml"
    whole.write_text("rules: [{answer: Yes.}]\n")
    refusal = run("canned", "add", str(whole), "--world", "w1")
    assert (refusal.exit_code, "use PUT, or `canned set`." in refusal.stderr) == (2, True)
    assert [rule["answer"] for rule in output_json("canned", "set", str(whole))["rules"]] == ["Yes."]
    output_json("canned", "set", str(second))
    assert output_json("canned", "misses")["missed"] == 0
    assert run("canned", "clear", "all", "--world", "w1").exit_code == 0
    assert output_json("canned", "list")["rules"] == []


def test_state_and_reset(tuned: str, tmp_path: Path, url: str) -> None:
    """A saved state is restored after a reset, in another world, and in all worlds."""
    file = tmp_path / "state.json"
    result = run("state", "get", str(file), "--world", "w1")

    assert (result.exit_code, result.output) == (0, "")
    assert output_json("reset")["removed"] == 1
    assert output_json("state", "put", str(file))["worlds"] == [{"name": "w1", "models": 1}]
    assert json.loads(run("state", "put", str(file)).stdout)["worlds"] == [{"name": "", "models": 1}]
    assert set(json.loads(run("state", "get", "--all-worlds").stdout)["worlds"]) == {"", "w1"}
    assert requests.get(f"{url}/v1beta/{tuned}", headers=WORLD, timeout=5).ok
    assert run("journal", "list", "--world", "w1").stdout
    assert output_json("reset", "--scope", "clock") == {"scope": "clock"}
    assert run("journal", "list", "--world", "w1").stdout
    output_json("reset")
    assert run("journal", "list", "--world", "w1").stdout == ""


def test_a_bad_state_file_is_status_4(tmp_path: Path) -> None:
    """The sentence names the mistake in the file."""
    file = tmp_path / "state.json"
    file.write_text('{"format": "something else"}')
    result = run("state", "put", str(file))

    assert result.exit_code == 4
    assert result.stderr.endswith(".\n")


def test_journal(tuned: str, url: str) -> None:
    """The command lists requests as lines and as JSON, filters, verifies, repeats and clears them."""
    requests.get(f"{url}/v1beta/tunedModels/none?alt=json", headers=WORLD, timeout=5)
    lines = run("journal", "list", "--world", "w1", "--status", "404").stdout
    create = json.loads(run("journal", "list", "--world", "w1", "--format", "json", "--http", "POST").stdout)

    assert lines == "2 404 GET /v1beta/tunedModels/none?alt=json\n"
    assert f"tunedModels/{create['model']}" == tuned
    assert run("journal", "verify", "--world", "w1", "--method", "tunedModels.create", "--count", "1").exit_code == 0
    failed = run("journal", "verify", "--world", "w1", "--method", "tunedModels.delete")
    assert failed.exit_code == 1
    assert failed.stdout.startswith("At least 1 of (method tunedModels.delete): found 0.\n  near: ")
    assert run("journal", "verify", "--world", "w1", "--at-least", "3", "--at-most", "9").exit_code == 1
    assert "curl -sS" in run("journal", "export", "--form", "curl", "--world", "w1").stdout
    assert json.loads(run("journal", "export", "--world", "w1").stdout)["log"]["version"] == "1.2"
    assert run("journal", "clear", "--world", "w1").output == ""
    assert run("journal", "list", "--world", "w1").output == ""


def test_verdict(url: str) -> None:
    """The status is 0 without mistakes, and 1 with mistakes or with too few outcomes."""
    good = run("verdict", "--world", "w1")
    few = run("verdict", "--world", "w1", "--fail-under", "99.5")
    for _ in range(20):
        requests.get(f"{url}/v1beta/tunedModels/none", headers=WORLD, timeout=5)
    bad = run("verdict", "--world", "w1", "--format", "json")

    assert (good.exit_code, few.exit_code, bad.exit_code) == (0, 1, 1)
    assert good.stdout.startswith("world w1: No findings in 0 requests.")
    assert few.stderr.endswith("% of the documented outcomes were met, and --fail-under requires 99.5%.\n")
    assert json.loads(bad.stdout)["ok"] is False
    assert "w1" in json.loads(run("verdict", "--all-worlds", "--format", "json").stdout)["worlds"]


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["faults", "arm", "flakky"], 2, "There is no file and no preset 'flakky'; the nearest is flaky."),
        (
            ["faults", "arm", "missing.yaml"],
            2,
            "There is no file and no preset 'missing.yaml'; the presets are quota, flaky, ",
        ),
        (["faults", "clear", "none"], 2, "There is no fault 'none'"),
        (["clock", "--advance", "soon"], 2, "'soon' is not a number of seconds, next or end."),
        (["clock", "--advance", "-1"], 2, "advance must not be negative"),
        (["clock", "--freeze", "--resume"], 2, "exclude each other"),
        (["journal", "verify", "--count", "1", "--at-least", "1"], 2, "--count excludes --at-least and --at-most."),
        (["journal", "list", "--status", "bad"], 2, "status must be such as 404 or 4xx"),
        (["journal", "list", "--method", "foo"], 2, "there is no method 'foo'; known are models.get, "),
        (
            ["journal", "verify", "--method", "tunedModels.creat"],
            2,
            "there is no method 'tunedModels.creat'; the nearest is tunedModels.create.",
        ),
        (["journal", "export", "--method", "foo.*"], 2, "no method matches 'foo.*'"),
        (["journal", "export", "--status", "418"], 2, "there is nothing to export"),
        (["state", "get", "--all-worlds", "--world", "a"], 2, "give one of them"),
        (["verdict", "--all-worlds", "--world", "a"], 2, "give one of them"),
        (["state", "get", "/no/such/folder/file"], 2, "Cannot write /no/such/folder/file: No such file or directory."),
        (["clock", "--world", "a b"], 2, "'a b' is not a name"),
        (["vredict"], 2, "No such command 'vredict'. Did you mean 'verdict'?"),
        (["verdict", "--fial-under", "1"], 2, "--fail-under"),
    ],
)
def test_bad_usage_is_status_2(arguments: list[str], status: int, text: str) -> None:
    """The sentence names the mistake, and the nearest name if there is one."""
    result = run(*arguments)

    assert result.exit_code == status
    assert text in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("faults.json", '{"error": }', "This is not valid JSON: "),
        ("faults.yaml", "a: [", "line 1, column 5: this is not YAML: "),
        ("faults.yaml", "[" * 5_000, "this YAML is nested too deeply"),
    ],
    ids=["json", "yaml", "deep"],
)
def test_a_bad_file_is_refused(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    """The sentence names the file; a file that ends in .json is read as JSON."""
    file = tmp_path / name
    file.write_text(text)
    for command in (("faults", "arm"), ("canned", "add")):
        result = run(*command, str(file))

        assert result.exit_code == 2
        assert result.stderr.startswith(f"{file}: {sentence}")


@pytest.mark.parametrize("command", ["wait", "healthcheck", "clock", "env"])
def test_a_bad_url_is_refused(command: str) -> None:
    """The sentence has the form of a URL, and the command sends no request."""
    result = run(command, "--url", "http://[")

    assert result.exit_code == 2
    assert "'http://[' is not a URL of a mock server." in result.stderr


def test_no_server_is_status_1() -> None:
    """The sentence has the URL and the fix."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    result = run("clock", "--url", url)

    assert result.exit_code == 1
    assert result.stderr == (
        f"No mock server answers at {url}. Start one with `tunedmodels-mockserver serve`, or give its URL with --url.\n"
    )


def test_another_server_is_status_1(url: str) -> None:
    """The sentence says that the server is not a mock server."""
    result = run("clock", "--url", f"{url}/elsewhere")

    assert result.exit_code == 1
    assert "is not a mock server" in result.stderr


@pytest.mark.parametrize(
    ("command", "status", "kind", "body"),
    [
        (["faults", "list"], 404, "application/json", '{"error": {"code": 404, "status": "NOT_FOUND"}}'),
        (["journal", "list"], 404, "application/json", "[]"),
        (["faults", "arm", "flaky"], 200, "text/html", "<p>hello</p>"),
    ],
)
def test_another_server_is_recognized_by_its_answer(command: list[str], status: int, kind: str, body: str) -> None:
    """A mock server answers neither with a page nor with an error in the form of the real service."""
    with responses.RequestsMock() as answers:
        answers.add(responses.GET, re.compile("http://127.0.0.1:9/.*"), status=status, body=body, content_type=kind)
        result = run(*command, "--url", "http://127.0.0.1:9")

    assert result.exit_code == 1
    assert result.stderr == (
        f"The server at http://127.0.0.1:9 is not a mock server: it answers with status {status}. "
        "Give the URL of a mock server with --url.\n"
    )
