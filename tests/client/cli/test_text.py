"""The command shows canned answers of the service, also hostile ones, as safe and readable text."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import responses
from click.testing import CliRunner, Result

from tunedmodels import Timestamp, TuningSnapshot
from tunedmodels._cli import loss_curve, main, text

URL = "https://service.test"
MODEL = f"{URL}/v1beta/tunedModels/m"


def run(*words: str, **more: Any) -> Result:
    arguments = [*words, "--base-url", URL, "--api-key", "the-key"]
    return CliRunner().invoke(main, arguments, prog_name="tunedmodels", **more)


def test_control_characters_are_escaped(answers: responses.RequestsMock) -> None:
    """Control characters are escaped, in tables and in members; others are unchanged."""
    model = {"name": "tunedModels/m", "displayName": "\x1b]0;title\x07\r\n\u202e数\u2028", "state": "\x1b[31mNEW"}
    answers.get(f"{URL}/v1beta/tunedModels", json={"tunedModels": [model]})
    answers.get(MODEL, json={**model, "description": "\x9b31m"})
    table, members = run("list").stdout, run("show", "m").stdout

    for output in (table, members):
        assert "\\x1b]0;title\\x07\\r\\n\\u202e数\\u2028" in output
        assert "\\x1b[31mNEW" in output
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]", output)
    assert "description   \\x9b31m" in members
    assert len(table.splitlines()) == 2


def test_error_is_one_line(answers: responses.RequestsMock) -> None:
    """A message of the service with line ends and control characters is one line on stderr."""
    error = {"code": 404, "status": "NOT_FOUND", "message": "There is\n\n no\tsuch\x1b[2J thing."}
    answers.get(MODEL, json={"error": error}, status=404)
    result = run("show", "m")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: 404 NOT_FOUND: There is no such\\x1b[2J thing.\n"


def test_hint_names_options_and_commands(answers: responses.RequestsMock) -> None:
    """A hint names options and commands. The message of the service is unchanged."""
    message = "api_key= Method doesn't allow unregistered callers."
    answers.get(MODEL, json={"error": {"code": 403, "status": "PERMISSION_DENIED", "message": message}}, status=403)

    assert run("show", "m").stderr == (
        f"Error: 403 PERMISSION_DENIED: {message} (no credentials were sent; give --api-key, or set GEMINI_API_KEY or "
        "GOOGLE_APPLICATION_CREDENTIALS; TUNEDMODELS_EMULATOR_HOST makes the client ignore both, except keys that "
        "begin with test- and the mock server's own key file)\n"
    )


def test_missing_column_names_the_option(tmp_path: Path) -> None:
    """The hint for a missing column names the option, not the argument of the Python API."""
    file = tmp_path / "numbers.csv"
    file.write_text("in,output\n1,2\n", encoding="utf-8")
    result = run("tune", str(file), "--base-model", "b", "--id", "m")

    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {file}, line 1, column text_input: is missing among 'in', 'output'; name the column with "
        "--input-key.\n"
    )


def test_value_that_is_a_dash(answers: responses.RequestsMock) -> None:
    """A value ``-`` is shown; only missing values are left out."""
    answers.get(MODEL, json={"name": "tunedModels/m", "displayName": "-"})

    assert re.fullmatch(r"name +tunedModels/m\ndisplay name +-\n(state .*\n)?", run("show", "m").stdout)


def test_no_models_to_tune(answers: responses.RequestsMock) -> None:
    """Without a tunable model the status is 1, and JSON is an empty array."""
    answers.get(f"{URL}/v1beta/models", json={"models": [{"name": "models/a"}]})
    for_people, for_programs = run("models", "--tunable"), run("models", "--tunable", "--json")

    assert for_people.exit_code == for_programs.exit_code == 1
    assert (for_people.stdout, for_programs.stdout) == ("", "[]\n")
    assert for_people.stderr == (
        "Error: The service has no model that can be tuned; the Gemini API has had none since May 2025.\n"
    )


def test_no_models_at_all(answers: responses.RequestsMock) -> None:
    """An empty list is no failure."""
    answers.get(f"{URL}/v1beta/models", json={})
    result = run("models")

    assert (result.exit_code, result.stderr) == (0, "There are no base models.\n")


def test_watch_without_an_operation(answers: responses.RequestsMock) -> None:
    """If a model has no operation, watch fails and names another command."""
    answers.get(f"{MODEL}/operations", json={})
    result = run("watch", "m")

    assert result.exit_code == 1
    assert result.stderr == "Error: m has no operation; `tunedmodels show m` shows the model.\n"


def test_failed_run(answers: responses.RequestsMock) -> None:
    """watch ends with one line and status 1 for a failed run, and the operation has the error."""
    name = "tunedModels/m/operations/o"
    error = {"code": 13, "message": "Internal\nerror."}
    answers.get(f"{URL}/v1beta/{name}", json={"name": name, "done": True, "error": error, "metadata": {}})

    watch = run("watch", name)
    assert (watch.exit_code, watch.stdout) == (1, "")
    assert watch.stderr == f"Error: {name} ended with INTERNAL: Internal error.\n"
    members = run("operations", "get", name).stdout
    assert re.search(r"^state +failed$", members, re.MULTILINE)
    assert re.search(r"^error +Internal error\.$", members, re.MULTILINE)
    assert json.loads(run("operations", "get", name, "--json").stdout)["error"] == error


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "the prompt was blocked, block_reason SAFETY"),
        ({"candidates": [{"finishReason": "RECITATION"}]}, "finish_reason RECITATION"),
        ({"candidates": [{"finishReason": "NEW", "finishMessage": "a\nb"}]}, "finish_reason NEW, a b"),
        ({}, "the service does not say why"),
    ],
)
def test_answer_without_text_has_a_reason(answers: responses.RequestsMock, answer: dict[str, Any], why: str) -> None:
    """An answer without text has status 1 and its reason on stderr; JSON is printed too."""
    answers.post(f"{MODEL}:generateContent", json=answer)
    for_people, for_programs = run("generate", "m", "text"), run("generate", "m", "text", "--json")

    assert for_people.exit_code == for_programs.exit_code == 1
    assert for_people.stdout == ""
    assert for_people.stderr == for_programs.stderr == f"Error: The answer has no text: {why}.\n"
    assert json.loads(for_programs.stdout) == answer


def test_broken_stream(answers: responses.RequestsMock) -> None:
    """generate prints the text before an error of the stream, with a line end."""
    chunk = json.dumps({"candidates": [{"content": {"parts": [{"text": "one, "}]}}]})
    answers.post(
        f"{MODEL}:streamGenerateContent", body=f"data: {chunk}\n\ndata: nonsense\n\n", content_type="text/event-stream"
    )
    result = run("generate", "m", "text", "--stream")

    assert (result.exit_code, result.stdout) == (1, "one, \n")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(("terminal", "printed"), [(True, "a\tb\n\\x1b[2Jc\n"), (False, "a\tb\n\x1b[2Jc\n")])
def test_control_characters_of_an_answer(
    answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, terminal: bool, printed: str
) -> None:
    """Control characters are escaped for a terminal, and unchanged in a file."""
    monkeypatch.setattr(sys.modules["tunedmodels._cli.generate"], "is_terminal", lambda: terminal)
    value = {"candidates": [{"content": {"parts": [{"text": "a\tb\n\x1b[2Jc"}]}}]}
    answers.post(f"{MODEL}:generateContent", json=value)

    assert run("generate", "m", "text").stdout == printed


@pytest.mark.parametrize(("encoding", "printed"), [("utf-8", '"数"'), ("latin-1", '"\\u6570"')])
def test_json_fits_the_encoding(answers: responses.RequestsMock, encoding: str, printed: str) -> None:
    """JSON escapes the characters that stdout cannot encode."""
    answers.get(MODEL, json={"name": "tunedModels/m", "displayName": "数"})
    result = CliRunner(charset=encoding).invoke(main, ["show", "m", "--json", "--base-url", URL, "--api-key", "k"])

    assert f'"displayName": {printed}' in result.stdout


def test_surrogate_is_escaped(answers: responses.RequestsMock) -> None:
    """JSON and text escape a surrogate, which UTF-8 cannot encode."""
    answers.get(MODEL, body='{"name": "tunedModels/m", "displayName": "\\ud83d"}')

    assert json.loads(run("show", "m", "--json").stdout)["displayName"] == "\ud83d"
    assert "\\ud83d" in run("show", "m").stdout


def snapshots(*losses: float) -> list[TuningSnapshot]:
    return [TuningSnapshot(step=number, mean_loss=loss) for number, loss in enumerate(losses, 1)]


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (40, 12)])
def test_curve_is_as_large_as_the_terminal(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """The curve fits into the terminal, and leaves a line for the prompt."""
    monkeypatch.setenv("COLUMNS", str(size[0]))
    monkeypatch.setenv("LINES", str(size[1]))
    lines = loss_curve.draw(snapshots(3.0, 2.0, 1.5, 1.2)).splitlines()

    assert max(map(len, lines)) == size[0]
    assert len(lines) == size[1] - 1


@pytest.mark.parametrize(
    "losses", [(1.0,), (0.0, 0.0), (float("nan"), 2.0, 1.0), (1e12, 1.0), (-1.0, -2.0), (float("inf"), 1.0)]
)
def test_curve_of_odd_losses(losses: tuple[float, ...]) -> None:
    """The curve of one step, of no loss or of numbers that are not finite is drawn."""
    assert "(mean loss)" in loss_curve.draw(snapshots(*losses))


@pytest.mark.parametrize("losses", [(), (float("nan"),)])
def test_no_losses_have_no_curve(losses: tuple[float, ...]) -> None:
    """Without a finite loss there is no curve."""
    assert loss_curve.draw(snapshots(*losses)) == ""


@pytest.mark.parametrize("zone", ["UTC0", "IST-5:30", "PDT7"])
def test_times_are_local(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    """A time is in the zone of this machine, to the second, except the first and the last time."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        times = {"UTC0": "12:00:05+00:00", "IST-5:30": "17:30:05+05:30", "PDT7": "05:00:05-07:00"}
        assert text.local_time(Timestamp.parse("2025-06-02T12:00:05.9Z")) == f"2025-06-02T{times[zone]}"
        assert text.local_time(Timestamp.parse("9999-12-31T23:59:59Z")).startswith("9999-12-31T")
        assert text.local_time(Timestamp.parse("0001-01-01T00:00:00Z")).startswith("0001-01-01T")
        assert text.local_time(None) == ""
    finally:
        monkeypatch.undo()
        time.tzset()
