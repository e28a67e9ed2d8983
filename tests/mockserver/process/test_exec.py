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
# A child that says where its fake is, and then waits for a signal. Its own child ignores what can be ignored.
WAITING = """
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
IGNORING = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
# Says how often it was told, so that a signal that comes twice is seen.
COUNTING = """
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


def gone_within(seconds: float, *pids: int) -> bool:
    """Return whether all of the processes end soon."""
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@contextmanager
def waiting(signals: str) -> Iterator[tuple[subprocess.Popen[str], str, list[int]]]:
    """Yield ``exec`` with a waiting child, the URL of its server, and the processes: server, child and grandchild."""
    script = WAITING.format(other=STUBBORN, signals=signals)
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


@pytest.mark.parametrize("status", [0, 1, 7, 255])
def test_the_childs_status_is_returned(status: int) -> None:
    """``exec`` ends with the status of the child, and prints nothing on stdout."""
    done = run("--", "sh", "-c", f"echo out; echo err >&2; exit {status}")

    assert (done.returncode, done.stdout, done.stderr) == (status, "out\n", "err\n")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_child_that_a_signal_ends_gives_128_and_its_number(number: signal.Signals) -> None:
    """The status is the one that a shell returns."""
    assert run("--", "sh", "-c", f"kill -{number.value} $$").returncode == 128 + number


def test_the_child_gets_the_variables_of_env() -> None:
    """They point at a server that answers."""
    script = """
import json, os, subprocess, sys, requests
env = [sys.executable, "-m", "tunedmodels_mockserver", "env", "--format", "github"]
printed = subprocess.run(env, capture_output=True, text=True, check=True).stdout
health = requests.get(os.environ["GOOGLE_GEMINI_BASE_URL"] + "/health", timeout=5).json()
assert "GEMINI_API_KEY" not in os.environ
print(json.dumps([dict(line.split("=", 1) for line in printed.splitlines()), dict(os.environ), health]))
"""
    # The proxy is none that would answer.
    given = {**os.environ, "GEMINI_API_KEY": "real", "GOOGLE_API_KEY": "real", "HTTP_PROXY": "http://127.0.0.1:1"}
    printed, environment, health = json.loads(run("--", PYTHON, "-c", script, env=given).stdout)

    assert printed.pop("GEMINI_API_KEY") == ""
    assert set(printed) == {
        "GOOGLE_GEMINI_BASE_URL",
        "GOOGLE_API_KEY",
        "TUNEDMODELS_EMULATOR_HOST",
        "NO_PROXY",
        "no_proxy",
    }
    assert printed.items() <= environment.items()
    assert health["status"] == "ok"


def test_the_child_reads_stdin() -> None:
    """It gets all that is written to ``exec``."""
    assert run("--", "cat", input="some\nlines\n").stdout == "some\nlines\n"


def test_options_before_the_command_are_those_of_the_server() -> None:
    """``--seed 7`` is for the server, and the words after ``--`` are for the child."""
    script = """
import os, sys, requests
info = requests.get(os.environ["GOOGLE_GEMINI_BASE_URL"] + "/_emulator/info", timeout=5).json()
print(info["settings"]["seed"], *sys.argv[1:])
"""

    assert run("--seed", "7", "--", PYTHON, "-c", script, "--seed", "9", "--", "-x").stdout == "7 --seed 9 -- -x\n"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--sede", "1", "--", "true"], 2, "--seed"),
        ([], 2, "Missing argument"),
        (["--preset", "nope", "--", "true"], 2, ": There is no preset 'nope'. Known presets are quota, flaky"),
        (["--step-time", "1", "--tuning-time", "1", "--", "true"], 2, "give one of them"),
        (["--preload", "/no/such/file", "--", "true"], 2, "does not exist"),
        (["--store", "nonsense", "--", "true"], 4, "nonsense"),
        (["--", "no-such-command"], 127, "Cannot run no-such-command: No such file or directory.\n"),
        (["--", "/etc/passwd"], 126, "Cannot run /etc/passwd: Permission denied.\n"),
    ],
)
def test_a_command_that_cannot_start_is_reported(arguments: list[str], status: int, said: str) -> None:
    """Bad options give the statuses of ``serve``, and a bad command those of a shell."""
    done = run(*arguments)

    assert done.returncode == status
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert " serve" not in done.stderr.partition("Error: ")[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_forwarded_once(number: signal.Signals) -> None:
    """The child decides on the status; its own child ends with it, even if that ignores signals."""
    with waiting(COUNTING) as (process, url, pids):
        process.send_signal(number)

        assert process.wait(20) == 41
        assert gone_within(5, *pids)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{url}/health", timeout=5)


def test_ctrl_c_to_the_whole_group_reaches_the_child_once() -> None:
    """The signal goes to the whole process group; the server runs until the child ends."""
    with waiting(COUNTING) as (process, _url, pids):
        os.killpg(process.pid, signal.SIGINT)

        assert process.wait(20) == 41
        assert gone_within(5, *pids)


def test_exec_waits_for_a_child_that_ignores_sigterm() -> None:
    """``exec`` and the server run until the child ends; SIGKILL to ``exec`` ends all of them."""
    with waiting(IGNORING) as (process, url, pids):
        process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        assert requests.get(f"{url}/health", timeout=5).ok
        process.kill()

        assert gone_within(15, *pids)


def test_killing_exec_leaves_nothing() -> None:
    """After kill -9 of ``exec`` the mock server, the child and the stubborn child of the child end."""
    with waiting("") as (process, url, pids):
        process.kill()

        assert gone_within(15, *pids)
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
    done = run("--", PYTHON, "-W", "ignore", "-c", script)
    pid = int(done.stdout)

    assert done.returncode == 3
    if is_daemon:
        assert alive(pid)
        os.kill(pid, signal.SIGKILL)
    else:
        assert gone_within(5, pid)


def test_ctrl_c_at_a_terminal_and_the_terminal_afterwards() -> None:
    """The child is in the foreground: Ctrl-C ends it once, and the terminal can be read afterwards."""
    script = f"import os, signal, sys\n{COUNTING}\nprint('hello', input(), flush=True)\nsignal.pause()\nsignal.pause()"
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(COMMAND[0], [*COMMAND, "--", PYTHON, "-c", script])
    os.write(terminal, b"world\n")
    shown = b""
    while b"hello world" not in shown:
        shown += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    with suppress(OSError):  # how a terminal says that nobody has it any more
        while os.read(terminal, 1000):
            pass
    _, status = os.waitpid(pid, 0)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 41


def test_exec_runs_pytest(tmp_path: Path) -> None:
    """A test of a client passes with status 0 or fails with status 1, with a new server each time."""
    (tmp_path / "test_it.py").write_text(
        "import os, requests\n"
        "URL = os.environ['GOOGLE_GEMINI_BASE_URL'] + '/v1beta/tunedModels'\n"
        "BODY = {'displayName': 'one', 'baseModel': 'models/gemini-1.0-pro-001',\n"
        "        'tuningTask': {'trainingData': {'examples': {'examples': [{'textInput': '1', 'output': '2'}]}}}}\n"
        "def test_it():\n"
        "    assert requests.get(URL).json() == {}\n"
        "    assert requests.post(URL, json=BODY).ok\n"
        "    assert len(requests.get(URL).json()['tunedModels']) == int(os.environ['EXPECTED'])\n"
    )
    pytest_ = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    green, red = (run("--", *pytest_, env={**os.environ, "EXPECTED": count}, cwd=tmp_path) for count in "12")

    assert (green.returncode, red.returncode) == (0, 1)
    assert "1 passed" in green.stdout
    assert "1 failed" in red.stdout


def test_one_exec_within_another(tmp_path: Path) -> None:
    """Each has its own server, and the outer one ends the processes that the inner one leaves."""
    inner = f"{PYTHON} -m tunedmodels_mockserver exec -- sh -c 'echo $TUNEDMODELS_EMULATOR_HOST; exit 5'"
    done = run("--", "sh", "-c", f"echo $TUNEDMODELS_EMULATOR_HOST; {inner}", cwd=tmp_path)

    assert done.returncode == 5
    assert len(set(done.stdout.split())) == 2
