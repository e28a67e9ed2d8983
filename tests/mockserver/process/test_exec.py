"""Tests ``exec`` with real processes, as in a job of continuous integration."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

pytestmark = pytest.mark.usefixtures("interruptible")

COMMAND = [sys.executable, "-m", "tunedmodels_mockserver", "exec"]
PYTHON = sys.executable
# A child that prints the URL of its server, and then waits for a signal. Its own child ignores all signals that it can.
CHILD = """
import os, signal, subprocess, sys
other = subprocess.Popen([sys.executable, "-c", {other!r}], stdout=subprocess.PIPE)
other.stdout.readline()
{signals}
print(os.environ["TUNEDMODELS_EMULATOR_HOST"], os.getpid(), other.pid, flush=True)
while True:
    signal.pause()
"""
STUBBORN = """
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
print(flush=True)
while True:
    signal.pause()
"""
IGNORE_SIGTERM = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
# The status is 40 plus the number of signals, so that a signal that comes twice changes it.
COUNT_SIGNALS = """
count = 0
def on_signal(number, frame):
    global count
    count += 1
    if count == 1:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
def on_end(number, frame):
    sys.exit(40 + count)
signal.signal(signal.SIGINT, on_signal)
signal.signal(signal.SIGTERM, on_signal)
signal.signal(signal.SIGALRM, on_end)
"""


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False, **options)


def end_within(seconds: float, *pids: int) -> bool:
    """Return whether all of the processes end within *seconds*."""
    deadline = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@contextmanager
def exec_process(signals: str) -> Iterator[tuple[subprocess.Popen[str], str, list[int]]]:
    """Yield ``exec`` with a child that waits, the URL of its server, and the ids of all processes below ``exec``."""
    script = CHILD.format(other=STUBBORN, signals=signals)
    process = subprocess.Popen(
        [*COMMAND, "--", PYTHON, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    pids: list[int] = []
    try:
        assert process.stdout is not None
        url, child, other = process.stdout.readline().split()
        below = [one.pid for one in psutil.Process(process.pid).children(recursive=True)]
        pids = [int(child), int(other), *below]
        assert requests.get(f"{url}/health", timeout=5).ok
        yield process, url, pids
    finally:
        for pid in (process.pid, *pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("status", [0, 255])
def test_the_child_has_the_streams_and_the_status_of_exec(status: int) -> None:
    """It reads stdin, ``exec`` prints nothing of its own, and ends with the status of the child."""
    result = run("--", "sh", "-c", f"cat; echo err >&2; exit {status}", input="some\nlines\n")

    assert (result.returncode, result.stdout, result.stderr) == (status, "some\nlines\n", "err\n")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_that_a_signal_ends_gives_128_and_its_number(number: signal.Signals) -> None:
    """The status is the one that a shell returns."""
    assert run("--", "sh", "-c", f"kill -{number.value} $$").returncode == 128 + number


def test_the_child_gets_the_variables_of_env() -> None:
    """They point at a server with the options before ``--``; the words after it are for the child."""
    script = """
import json, os, subprocess, sys, requests
env = [sys.executable, "-m", "tunedmodels_mockserver", "env", "--format", "github"]
lines = subprocess.run(env, capture_output=True, text=True, check=True).stdout.splitlines()
info = requests.get(os.environ["GOOGLE_GEMINI_BASE_URL"] + "/_emulator/info", timeout=5).json()
assert "GEMINI_API_KEY" not in os.environ
print(json.dumps([dict(line.split("=", 1) for line in lines), dict(os.environ), info["settings"], sys.argv[1:]]))
"""
    # No proxy answers at this address.
    environment = {**os.environ, "GEMINI_API_KEY": "real", "GOOGLE_API_KEY": "real", "HTTP_PROXY": "http://127.0.0.1:1"}
    result = run("--seed", "7", "--", PYTHON, "-c", script, "--seed", "9", "--", "-x", env=environment)
    variables, environment, settings, words = json.loads(result.stdout)

    assert variables.pop("GEMINI_API_KEY") == ""
    assert set(variables) == {
        "GOOGLE_GEMINI_BASE_URL",
        "GOOGLE_API_KEY",
        "TUNEDMODELS_EMULATOR_HOST",
        "NO_PROXY",
        "no_proxy",
    }
    assert variables.items() <= environment.items()
    assert (settings["seed"], words) == (7, ["--seed", "9", "--", "-x"])


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["--step-time", "1", "--tuning-time", "1", "--", "true"], 2, "give one of them"),
        (["--store", "nonsense", "--", "true"], 4, "nonsense"),
        (["--", "no-such-command"], 127, "Cannot run no-such-command: No such file or directory.\n"),
        (["--", "/etc/passwd"], 126, "Cannot run /etc/passwd: Permission denied.\n"),
    ],
)
def test_a_command_that_cannot_start_is_reported(arguments: list[str], status: int, sentence: str) -> None:
    """Options that the server refuses give its statuses, and a bad command gives those of a shell."""
    result = run(*arguments)

    assert (result.returncode, result.stdout) == (status, "")
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert " serve" not in result.stderr.partition("Error: ")[0]


def test_sigterm_is_forwarded_once() -> None:
    """The child decides on the status; its own child ends with it, even if that ignores signals."""
    with exec_process(COUNT_SIGNALS) as (process, url, pids):
        process.terminate()

        assert process.wait(20) == 41
        assert end_within(5, *pids)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{url}/health", timeout=5)


def test_ctrl_c_to_the_whole_group_reaches_the_child_once() -> None:
    """The signal goes to the whole process group; the server runs until the child ends."""
    with exec_process(COUNT_SIGNALS) as (process, _url, pids):
        os.killpg(process.pid, signal.SIGINT)

        assert process.wait(20) == 41
        assert end_within(5, *pids)


def test_exec_waits_for_a_child_that_ignores_sigterm() -> None:
    """``exec`` and the server run until the child ends; kill -9 of ``exec`` ends all processes below it."""
    with exec_process(IGNORE_SIGTERM) as (process, url, pids):
        process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        assert requests.get(f"{url}/health", timeout=5).ok
        process.kill()

        assert end_within(15, *pids)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{url}/health", timeout=5)


@pytest.mark.parametrize("is_daemon", [False, True])
def test_processes_that_the_child_leaves_behind(is_daemon: bool) -> None:
    """One in the child's process group ends, though it ignores SIGTERM; a daemon with a session of its own stays."""
    script = f"""
import subprocess, sys
command, pipe = [sys.executable, "-c", {STUBBORN!r}], subprocess.PIPE
other = subprocess.Popen(command, stdout=pipe, stderr=subprocess.DEVNULL, start_new_session={is_daemon})
other.stdout.readline()
print(other.pid)
sys.exit(3)
"""
    result = run("--", PYTHON, "-W", "ignore", "-c", script)
    pid = int(result.stdout)

    assert result.returncode == 3
    if is_daemon:
        assert is_alive(pid)
        os.kill(pid, signal.SIGKILL)
    else:
        assert end_within(5, pid)


def test_ctrl_c_at_a_terminal_and_the_terminal_afterwards() -> None:
    """The child is in the foreground: Ctrl-C ends it once, and the terminal can be read afterwards."""
    script = (
        f"import os, signal, sys\n{COUNT_SIGNALS}\nprint('hello', input(), flush=True)\nsignal.pause()\nsignal.pause()"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(COMMAND[0], [*COMMAND, "--", PYTHON, "-c", script])
    os.write(terminal, b"world\n")
    output = b""
    while b"hello world" not in output:
        output += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    with suppress(OSError):  # a terminal that no process uses any more raises it
        while os.read(terminal, 1000):
            pass
    _, status = os.waitpid(pid, 0)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 41


def test_one_exec_within_another(tmp_path: Path) -> None:
    """Each has its own server, and the outer one ends the processes that the inner one leaves."""
    inner = f"{PYTHON} -m tunedmodels_mockserver exec -- sh -c 'echo $TUNEDMODELS_EMULATOR_HOST; exit 5'"
    result = run("--", "sh", "-c", f"echo $TUNEDMODELS_EMULATOR_HOST; {inner}", cwd=tmp_path)

    assert result.returncode == 5
    assert len(set(result.stdout.split())) == 2
