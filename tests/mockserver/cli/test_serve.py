"""Tests the command ``serve`` in its own process, as users run it."""

from __future__ import annotations

import http.client
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

COMMAND = [sys.executable, "-m", "tunedmodels_mockserver"]
BODY = {
    "displayName": "number generator",
    "baseModel": "models/gemini-1.0-pro-001",
    "tuningTask": {"trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}},
}


@contextmanager
def serving(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield a server process and its URL, and end the process at the end of the block."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        ready = re.fullmatch(r"READY url=(\S+) pid=(\d+) version=(\S+)\n", process.stdout.readline())
        assert ready is not None
        assert int(ready[2]) == process.pid
        yield process, ready[1]
    finally:
        process.kill()
        process.communicate()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("numbers", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGINT, signal.SIGTERM]])
def test_a_signal_ends_the_server_cleanly(numbers: list[signal.Signals]) -> None:
    """After SIGTERM, Ctrl-C or both the status is 0, with one line on stdout and nothing on stderr."""
    with serving() as (process, url):
        assert requests.get(f"{url}/health", timeout=5).json()["status"] == "ok"
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
    with hangups(signal.SIG_DFL), serving("--export-on-exit", str(export)) as (process, _url):
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=10)

    assert (process.returncode, out, err) == (0, "", "")
    assert export.exists()


def test_an_ignored_hangup_stays_ignored() -> None:
    """Under nohup the server continues when the terminal closes."""
    with hangups(signal.SIG_IGN), serving() as (process, url):
        process.send_signal(signal.SIGHUP)

        assert requests.get(f"{url}/health", timeout=5).ok
        process.terminate()
        assert process.wait(10) == 0


def test_a_signal_right_after_the_ready_line_ends_it_cleanly() -> None:
    """After READY a signal always gives status 0."""
    for _ in range(3):
        with serving() as (process, _url):
            process.terminate()
            _, err = process.communicate(timeout=10)

        assert (process.returncode, err) == (0, "")


def test_a_port_in_use_is_status_3() -> None:
    """The sentence names the port and the fix."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("serve", "--port", str(port))

    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == (
        f"Port {port} on 127.0.0.1 is in use. Choose another with --port, or use --port 0 for a free one.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--prot", "1"], "Did you mean"),
        (["serve", "--port", "65536"], "65536 is not in the range"),
        (["serve", "--tuning-time", "soon"], "'soon' is not a valid float"),
        (["serve", "--clock", "sundial"], "'sundial' is not one of"),
        (["serve", "--host", ""], "--host is empty. Leave it out to listen on 127.0.0.1, or name an address.\n"),
        (["serve", "--tuning-time", "nan"], "'nan' is not a number of seconds."),
        (["serve", "--step-time", "nan"], "'nan' is not a number of seconds."),
        (["serve", "--queue-time", "-1"], "-1.0 is not in the range"),
        (["serve", "--host", "no.such.host.invalid"], "Cannot listen on no.such.host.invalid"),
        (["serve", "--step-time", "1", "--tuning-time", "2"], "give one of them"),
        (["serve", "--port-file", ""], ": The value is empty. Leave the option out, or name a file."),
        (["sevre"], "No such command 'sevre'"),
        (["serve", "--auth", "none"], "'none' is not one of"),
        (["serve", "--group", "team"], "'team' is not a group with its members. The form is team@example.com=alice"),
        (["serve", "--group", "t@example.com="], "'t@example.com=' is not a group with its members."),
        (["serve", "--group", "t@example.com=a@example.com,"], "is not a group with its members."),
        (["serve", "--api-key", ""], "an API key must be 1 to 200 visible ASCII characters, got ''."),
        (["serve", "--api-key", "AIza" + "x" * 35], "a real one; --allow-real-credentials allows it."),
        (["serve", "--project", "My Project"], "a project must be an id such as my-project, or a number"),
        (["credentials", "api-key", "--world", "a b"], "'a b' is not a name of 1 to 100 letters"),
        (["credentials", "service-account", "--user", "alice"], "'alice' is not an e-mail address."),
    ],
)
def test_bad_usage_is_status_2(arguments: list[str], said: str) -> None:
    """The sentence has the option, the value and the valid values, and the server does not start."""
    done = run(*arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_port_file_has_the_port(tmp_path: Path) -> None:
    """``--port-file`` writes the chosen port, and leaves no other file."""
    file = tmp_path / "port"
    with serving("--port-file", str(file)) as (_process, url):
        assert url == f"http://127.0.0.1:{file.read_text().strip()}"
        assert [path.name for path in tmp_path.iterdir()] == ["port"]


def test_a_port_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """If its folder does not exist, the command ends with status 2 and a sentence."""
    done = run("serve", "--port", "0", "--port-file", str(tmp_path / "no" / "port"))

    assert done.returncode == 2
    assert done.stderr == f"Cannot write the port file {tmp_path / 'no' / 'port'}: No such file or directory.\n"


@pytest.mark.parametrize("with_file", [True, False])
def test_a_closed_stdout_does_not_stop_the_server(tmp_path: Path, with_file: bool) -> None:
    """With ``serve | true`` the server runs, and does not report an error of the port file."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = tmp_path / "port"
    reader, writer = os.pipe()
    os.close(reader)
    options = ["--port-file", str(file)] if with_file else []
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(port), *options], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    try:
        assert answers_within(10, f"http://127.0.0.1:{port}/health")
        assert file.exists() == with_file
    finally:
        process.terminate()
        _, err = process.communicate(timeout=10)

    assert "port file" not in err
    assert "Traceback" not in err
    assert process.returncode == 0


def answers_within(seconds: float, url: str) -> bool:
    """Return whether *url* answers soon."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(requests.ConnectionError):
            return requests.get(url, timeout=5).ok
        time.sleep(0.05)
    return False


def test_a_seed_repeats_ids() -> None:
    """Two servers with the same seed give the first model the same name."""
    names = []
    for _ in range(2):
        with serving("--seed", "7") as (_process, url):
            names.append(requests.post(f"{url}/v1beta/tunedModels", json=BODY, timeout=5).json()["name"])

    assert names[0] == names[1]


def test_a_polling_clock_moves_by_polls() -> None:
    """With ``--clock polling`` ten polls show the progress of a run of an hour, and its end."""
    with serving("--clock", "polling", "--tuning-time", "3600") as (_process, url):
        operation = requests.post(f"{url}/v1beta/tunedModels", json=BODY, timeout=5).json()["name"]
        polls = [requests.get(f"{url}/v1/{operation}", timeout=5).json() for _ in range(10)]

    assert [poll.get("done", False) for poll in polls] == [False] * 9 + [True]
    percents = [poll["metadata"].get("completedPercent", 0) for poll in polls]
    assert percents == sorted(percents)
    assert 0 < percents[5] < 100


def test_strict_switches_allowances_off() -> None:
    """With ``--strict`` a path that only a client's bug uses is unknown."""
    with serving("--strict") as (_process, url):
        assert requests.get(f"{url}/v1/tunedModels", timeout=5).status_code == 404
        assert requests.get(f"{url}/v1beta/tunedModels", timeout=5).json() == {}


def test_an_allowance_is_logged_once() -> None:
    """By default stderr names an allowance at its first use, and no credential."""
    with serving() as (process, url):
        for _ in range(3):
            requests.get(f"{url}/v1/tunedModels?key=a-secret", timeout=5)
        process.terminate()
        _, err = process.communicate(timeout=10)

    assert err.count("v1-tuned-models: A tunedModels call under /v1 was read as one under /v1beta") == 1
    assert err.count("\n") == 1
    assert "a-secret" not in err


def test_log_level_info_logs_every_request() -> None:
    """Each line has method, path, status and time, with or without a route."""
    with serving("--log-level", "info") as (process, url):
        for path in ("v1beta/tunedModels/x?key=a-secret", "health", "v9/nothing?key=a-secret", "v9/a%0Ab"):
            requests.get(f"{url}/{path}", timeout=5)
        requests.put(f"{url}/v1beta/tunedModels", timeout=5)
        process.terminate()
        _, err = process.communicate(timeout=10)

    told = re.findall(r"^\S+ \S+ INFO (.*) \d+\.\d ms$", err, re.MULTILINE)
    assert told == [
        "GET /v1beta/tunedModels/x 404",
        "GET /health 200",
        "GET /v9/nothing 404",
        "GET /v9/a\\nb 404",
        "PUT /v1beta/tunedModels 404",
    ]
    assert "a-secret" not in err


def test_step_time_and_queue_time_set_the_pace() -> None:
    """Three steps of 0.1 s after 0.2 s end within half a second."""
    with serving("--step-time", "0.1", "--queue-time", "0.2") as (_process, url):
        hyperparameters = {"epochCount": 3, "batchSize": 1}
        body = {**BODY, "tuningTask": {**BODY["tuningTask"], "hyperparameters": hyperparameters}}  # type: ignore[dict-item]
        operation = requests.post(f"{url}/v1beta/tunedModels", json=body, timeout=5).json()
        time.sleep(0.6)
        done = requests.get(f"{url}/v1/{operation['name']}", timeout=5).json()

    task = done["response"]["tuningTask"]
    assert operation["metadata"]["totalSteps"] == 3
    seconds = [float(text[17:-1]) for text in (done["response"]["createTime"], task["startTime"], task["completeTime"])]
    assert [round((later - seconds[0]) % 60, 3) for later in seconds[1:]] == [0.2, 0.5]


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


def test_slashes_at_the_beginning_are_an_allowance() -> None:
    """An endpoint with a slash at its end doubles the first one; with ``--strict`` the path is unknown."""
    for options, status in (((), 200), (("--strict",), 404)):
        with serving(*options) as (_process, url):
            host, port = url.removeprefix("http://").split(":")
            connection = http.client.HTTPConnection(host, int(port), timeout=5)
            connection.request("GET", "//v1beta/tunedModels")
            answer = connection.getresponse()
            answer.read()
            connection.close()
            assert answer.status == status
            assert ("doubled-slashes" in (answer.headers["X-Tunedmodels-Note"] or "")) is (status == 200)


def test_a_port_file_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    """If the port cannot be written, the existing file does not change."""
    (tmp_path / "port").mkdir()
    (tmp_path / "port" / "kept").touch()
    done = run("serve", "--port", "0", "--port-file", str(tmp_path / "port"))

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert (tmp_path / "port" / "kept").exists()


def test_the_port_file_is_removed_at_the_end(tmp_path: Path) -> None:
    """A later reader must not find a port that does not answer any more."""
    file = tmp_path / "port"
    with serving("--port-file", str(file)) as (process, _url):
        assert file.exists()
        process.terminate()
        process.communicate(timeout=10)

    assert not file.exists()


def test_ipv6_is_served() -> None:
    """``--host ::1`` prints a URL with brackets that answers."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with serving("--host", "::1") as (_process, url):
        assert url.startswith("http://[::1]:")
        assert requests.get(f"{url}/health", timeout=5).ok


def test_help_has_every_option() -> None:
    """``serve --help`` has the options of the command."""
    done = run("serve", "--help")

    options = "host port port-file seed tuning-time step-time queue-time clock strict log-level"
    options += " auth api-key group project allow-real-credentials"
    assert all(f"--{name}" in done.stdout for name in options.split())
    assert done.returncode == 0


def test_a_client_that_disconnects_does_not_stop_the_server() -> None:
    """It disconnects in the middle of its request."""
    with serving() as (_process, url):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"POST /v1beta/tunedModels HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        assert requests.get(f"{url}/health", timeout=5).ok


def test_the_demo_runs_the_tutorial() -> None:
    """The demo creates, polls, prompts, lists and deletes a model, and ends with status 0 within 30 seconds."""
    started = time.monotonic()
    done = run("demo")

    assert done.returncode == 0
    assert time.monotonic() - started < 30
    for said in (
        "19 steps",
        "epoch=5",
        "loss=",
        "is ACTIVE since",
        "LXIII -> LXIV",
        "六 -> 七",
        "1 tuned model",
        "deleted",
    ):
        assert said in done.stdout + done.stderr
    assert "mean loss" in done.stdout


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("words", [["wait"], ["clock"], ["faults", "list"], ["journal", "list"]])
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
    (tmp_path / "waitress.py").write_text("import time\nprint('starting', flush=True)\ntime.sleep(60)\n")
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
