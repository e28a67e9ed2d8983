"""Tests the command ``serve``: signals, exit statuses, port files and logs, as users run it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tunedmodels_mockserver import Clock, Mode

from ..serving import COMMAND, run_command, serve_process, settings_of


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("numbers", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGINT, signal.SIGTERM]])
def test_a_signal_right_after_the_ready_line_ends_the_server_cleanly(numbers: list[signal.Signals]) -> None:
    """After SIGTERM, Ctrl-C or both the status is 0, with one line on stdout and nothing on stderr."""
    with serve_process() as (process, _url):
        for number in numbers:
            process.send_signal(number)
        out, err = process.communicate(timeout=10)

    assert (process.returncode, out, err) == (0, "", "")


@contextmanager
def hangups(handler: signal.Handlers) -> Iterator[None]:
    """Start processes with this handler of SIGHUP, whatever the parent of the tests has set."""
    before = signal.signal(signal.SIGHUP, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_hangup_ends_the_server_cleanly(tmp_path: Path) -> None:
    """If its terminal closes, the status is 0, and the server writes the export."""
    export = tmp_path / "state.json"
    with hangups(signal.SIG_DFL), serve_process("--export-on-exit", str(export)) as (process, _url):
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=10)

    assert (process.returncode, out, err) == (0, "", "")
    assert export.exists()


def test_an_ignored_hangup_stays_ignored() -> None:
    """Under nohup the server continues when the terminal closes."""
    with hangups(signal.SIG_IGN), serve_process() as (process, url):
        process.send_signal(signal.SIGHUP)

        assert requests.get(f"{url}/health", timeout=5).ok
        process.terminate()
        assert process.wait(10) == 0


def test_a_port_in_use_is_status_3() -> None:
    """The sentence names the port and the fix."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run_command("serve", "--port", str(port))

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == (
        f"Port {port} on 127.0.0.1 is in use. Choose another with --port, or use --port 0 for a free one.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "--prot", "1"], "Did you mean"),
        (["serve", "--port", "65536"], "65536 is not in the range"),
        (["serve", "--tuning-time", "soon"], "'soon' is not a valid float"),
        (["serve", "--clock", "sundial"], "'sundial' is not one of"),
        (["serve", "--host", ""], "--host is empty. Leave it out to listen on 127.0.0.1, or name an address.\n"),
        (["serve", "--tuning-time", "nan"], "'nan' is not a number of seconds."),
        (["serve", "--queue-time", "-1"], "-1.0 is not in the range"),
        (["serve", "--host", "no.such.host.invalid"], "Cannot listen on no.such.host.invalid"),
        (["serve", "--step-time", "1", "--tuning-time", "2"], "give one of them"),
        (["serve", "--port-file", ""], ": The value is empty. Leave the option out, or name a file."),
        (["serve", "--canned", "/no/such/file"], "There is no file or folder /no/such/file.\n"),
        (["serve", "--base-model", "x=embed"], "'x=embed' is not a valid base model: a base model has no method 'emb"),
        (["sevre"], "No such command 'sevre'"),
        (["serve", "--auth", "none"], "'none' is not one of"),
        (["serve", "--group", "team"], "'team' is not a group with its members. The form is team@example.com=alice"),
        (["serve", "--group", "t@example.com=a@example.com,"], "is not a group with its members."),
        (["serve", "--api-key", ""], "an API key must be 1 to 200 visible ASCII characters, got ''."),
        (["serve", "--api-key", "AIza" + "x" * 35], "a real one; --allow-real-credentials allows it."),
        (["serve", "--project", "My Project"], "a project must be an id such as my-project, or a number"),
        (["credentials", "api-key", "--world", "a b"], "'a b' is not a name of 1 to 100 letters"),
        (["credentials", "service-account", "--user", "alice"], "'alice' is not an e-mail address."),
        (["exec", "--sede", "1", "--", "true"], "--seed"),
        (["exec"], "Missing argument"),
        (["exec", "--preset", "nope", "--", "true"], ": There is no preset 'nope'. Known presets are quota, flaky"),
        (["exec", "--preload", "/no/such/file", "--", "true"], "does not exist"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_bad_usage_is_status_2(arguments: list[str], sentence: str) -> None:
    """The sentence has the option, the value and the valid values, and the server does not start."""
    result = run_command(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr


def test_the_port_file_exists_while_the_server_answers(tmp_path: Path) -> None:
    """``--port-file`` writes the chosen port and no other file; a later reader finds no port of an ended server."""
    file = tmp_path / "port"
    with serve_process("--port-file", str(file)) as (process, url):
        assert url == f"http://127.0.0.1:{file.read_text().strip()}"
        assert list(tmp_path.iterdir()) == [file]
        process.terminate()
        process.communicate(timeout=10)

    assert not file.exists()


def test_a_port_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """If its folder does not exist, the command ends with status 2 and a sentence."""
    path = tmp_path / "no" / "port"
    command = [*COMMAND, "serve", "--port", "0", "--port-file", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert result.returncode == 2
    assert result.stderr == f"Cannot write the port file {path}: No such file or directory.\n"


def test_a_closed_stdout_does_not_stop_the_server(tmp_path: Path) -> None:
    """With ``serve | true`` the server runs, and does not report an error of the port file."""
    file = tmp_path / "port"
    reader, writer = os.pipe()
    os.close(reader)
    command = [*COMMAND, "serve", "--port", "0", "--port-file", str(file)]
    process = subprocess.Popen(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    try:
        assert answers_soon(file)
    finally:
        process.terminate()
        _, err = process.communicate(timeout=10)

    assert "port file" not in err
    assert "Traceback" not in err
    assert process.returncode == 0


def answers_soon(port_file: Path) -> bool:
    """Return whether *port_file* gets a port that answers within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError, requests.ConnectionError):
            return requests.get(f"http://127.0.0.1:{port_file.read_text().strip()}/health", timeout=5).ok
        time.sleep(0.05)
    return False


def test_options_become_settings() -> None:
    """Each option sets what its name says; the strict mode, the clock and the pace have their own types."""
    settings = settings_of(
        *("--seed", "7", "--strict", "--clock", "polling", "--step-time", "0.1", "--queue-time", "0.2"),
        *("--base-model", "one", "--base-model", "two=generateContent"),
    )

    assert (settings.seed, settings.strict, settings.clock) == (7, True, Clock(Mode.POLLING))
    assert (settings.pace.step_time, settings.pace.queue_time) == (0.1, 0.2)
    assert tuple(settings.base_models) == ("one", "two=generateContent")


def test_an_allowance_is_logged_once() -> None:
    """By default stderr names an allowance at its first use, and no credential."""
    with serve_process() as (process, url):
        for _ in range(3):
            requests.get(f"{url}/v1/tunedModels?key=a-secret", timeout=5)
        process.terminate()
        _, err = process.communicate(timeout=10)

    assert err.count("v1-tuned-models: A tunedModels call under /v1 was read as one under /v1beta") == 1
    assert err.count("\n") == 1
    assert "a-secret" not in err


def test_log_level_info_logs_every_request() -> None:
    """Each line has method, path, status and time, with or without a route."""
    with serve_process("--log-level", "info") as (process, url):
        for path in ("v1beta/tunedModels/x?key=a-secret", "health", "v9/nothing?key=a-secret", "v9/a%0Ab"):
            requests.get(f"{url}/{path}", timeout=5)
        requests.put(f"{url}/v1beta/tunedModels", timeout=5)
        process.terminate()
        _, err = process.communicate(timeout=10)

    assert re.findall(r"^\S+ \S+ INFO (.*) \d+\.\d ms$", err, re.MULTILINE) == [
        "GET /v1beta/tunedModels/x 404",
        "GET /health 200",
        "GET /v9/nothing 404",
        "GET /v9/a\\nb 404",
        "PUT /v1beta/tunedModels 404",
    ]
    assert "a-secret" not in err


def test_with_parent_ends_the_server_with_its_parent() -> None:
    """The server ends within seconds, whatever ended the parent."""
    starter = "import subprocess, sys, time; p = subprocess.Popen(sys.argv[1:]); time.sleep(60)"
    command = [sys.executable, "-c", starter, *COMMAND, "serve", "--port", "0", "--with-parent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1].removeprefix("url=")
        assert requests.get(f"{url}/health", timeout=5).ok
        process.kill()
        process.stdout.read()  # to its end: the server, which shares it, has ended too

    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/health", timeout=5)


def test_the_demo_runs_the_tutorial() -> None:
    """The demo creates, polls, prompts, lists and deletes a model, and ends with status 0."""
    result = subprocess.run([*COMMAND, "demo"], capture_output=True, text=True, timeout=60, check=False)

    assert result.returncode == 0
    output = result.stdout + result.stderr
    for text in ("19 steps", "epoch=5", "loss=", "is ACTIVE since", "LXIII -> LXIV", "六 -> 七", "1 tuned model"):
        assert text in output
    assert "deleted" in output
    assert "mean loss" in result.stdout


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("words", "number"),
    [
        (["wait"], signal.SIGINT),
        (["wait"], signal.SIGTERM),
        (["clock"], signal.SIGTERM),
        (["journal", "list"], signal.SIGINT),
    ],
)
def test_a_signal_ends_a_waiting_command(words: list[str], number: signal.Signals) -> None:
    """The command dies of the signal while it waits for an answer, and prints nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        command = [*COMMAND, *words, "--url", f"127.0.0.1:{silent.getsockname()[1]}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            connection, _ = silent.accept()
            with connection:
                connection.recv(1)
                process.send_signal(number)
                out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err) == (-number, "", "")


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_ready_line_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    """A server that is not ready yet dies of the signal."""
    (tmp_path / "httptools.py").write_text(
        "import time\nprint('starting', flush=True)\nfor _ in range(600):\n    time.sleep(0.1)\n"
    )
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "starting\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err) == (-number, "", "")


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_the_demo_cleanly() -> None:
    """In the middle of the demo, the signal ends it and its server."""
    process = subprocess.Popen(
        [*COMMAND, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=10)

    assert process.returncode == -signal.SIGINT
    assert "Traceback" not in err
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/health", timeout=5)
