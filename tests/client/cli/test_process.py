"""The command in a process of its own: signals, terminals, pipes, completion, and what it imports."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tunedmodels_contracts.plugin import Server

COMMAND = [sys.executable, "-m", "tunedmodels"]
BASE = "gemini-1.0-pro-001"

# The fifteen examples of the published tuning tutorial.
TUTORIAL = """text_input,output
1,2
3,4
-3,-2
twenty two,twenty three
two hundred,two hundred one
ninety nine,one hundred
8,9
-98,-97
"1,000","1,001"
"10,100,000","10,100,001"
thirteen,fourteen
eighty,eighty one
one,two
three,four
seven,eight
"""
TUNE = f"--display-name,number generator,--base-model,{BASE},--epochs,5,--batch-size,4,--learning-rate,0.001".split(",")


@pytest.fixture
def csv(tmp_path: Path) -> str:
    file = tmp_path / "numbers.csv"
    file.write_text(TUTORIAL, encoding="utf-8")
    return str(file)


@pytest.fixture
def where(tunedmodels_server: Server) -> list[str]:
    """The options that lead to the mock server, to a world of this test alone."""
    return ["--base-url", tunedmodels_server.url, "--api-key", f"test-{uuid.uuid4().hex}"]


@pytest.fixture(scope="module")
def slow() -> Iterator[list[str]]:
    """The options that lead to a mock server whose runs take half a minute."""
    command = [sys.executable, "-m", "tunedmodels_mockserver", "serve", "--port", "0", "--tuning-time", "30"]
    with subprocess.Popen([*command, "--with-parent"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1].removeprefix("url=")
        yield ["--base-url", url, "--api-key", f"test-{uuid.uuid4().hex}"]
        process.terminate()


def run(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(env or {})},
    )


@contextmanager
def start_command(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Yield the process of the command; end it at the end, whatever happened."""
    process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def on_terminal(
    stream: str, *words: str, env: dict[str, str] | None = None, lines: int = 24, columns: int = 80
) -> tuple[int, str, str]:
    """Run the command with *stream* on a terminal; return the status, what that showed, and the other stream's text."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: end}
    with subprocess.Popen([*COMMAND, *words], **streams, env={**os.environ, **(env or {})}, text=True) as process:  # type: ignore[call-overload]
        os.close(end)
        shown = b""
        try:
            while part := os.read(terminal, 65536):
                shown += part
        except OSError:  # how Linux says that nobody has the other end any more
            pass
        finally:
            os.close(terminal)
        out, err = process.communicate(timeout=60)
    return process.returncode, shown.decode(), out if stream == "stderr" else err


@pytest.mark.parametrize(("lines", "columns"), [(24, 80), (0, 0)])
def test_the_tutorial_has_a_moving_bar_and_ends_with_the_name(
    csv: str, where: list[str], lines: int, columns: int
) -> None:
    """On a terminal a bar moves from 0 to 19 steps with epoch and loss; stdout has the model's name alone."""
    status, shown, out = on_terminal("stderr", "tune", csv, *TUNE, "--watch", *where, lines=lines, columns=columns)

    assert status == 0
    assert re.fullmatch(r"tunedModels/number-generator-\w+\n", out)
    counts = [int(count) for count in re.findall(r"\rTuning: .*?(\d+)/19 ", shown)]
    assert counts[0] == 0
    assert counts[-1] == 19
    assert counts == sorted(counts)
    assert re.search(r"100%\|.+\| 19/19 \[.*epoch=5, loss=[\d.]+\]", shown)


def test_a_log_has_no_bar(csv: str, where: list[str]) -> None:
    """Where stderr is no terminal there are whole lines and no carriage return."""
    done = run("tune", csv, *TUNE, "--watch", *where)

    assert done.returncode == 0
    assert re.fullmatch(r"tunedModels/number-generator-\w+\n", done.stdout)
    assert "\r" not in done.stderr
    assert "100 %" in done.stderr.splitlines()[-1]


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("verb", ["tune", "watch"])
def test_a_signal_ends_watching_cleanly(csv: str, slow: list[str], number: signal.Signals, verb: str) -> None:
    """It dies of the signal, after one sentence that says that the run continues, and how to watch it again."""
    words = ["tune", csv, *TUNE, *slow, "--watch"]
    if verb == "watch":
        name = run("tune", csv, *TUNE, *slow).stdout.strip()
        words = ["watch", name, *slow]
    with start_command(*words) as process:
        assert process.stderr is not None
        process.stderr.readline()  # that the run has begun, or how far it is
        process.send_signal(number)
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out) == (-number, "")
    again = rf"tunedmodels watch tunedModels/\S+/operations/\S+ --base-url {re.escape(slow[1])}"
    assert re.fullmatch(rf"Stopped watching; the run continues\. Watch it again with: {again}", err.splitlines()[-1])
    assert "Traceback" not in err
    assert slow[3] not in err


def test_a_run_that_has_not_ended_in_time(csv: str, slow: list[str]) -> None:
    """The time is up with status 1, and the sentence says that the run continues."""
    name = run("tune", csv, *TUNE, *slow).stdout.strip()
    done = run("watch", name, "--timeout", "0.1", *slow)

    assert (done.returncode, done.stdout) == (1, "")
    said = (
        rf"Error: {name}/operations/\S+ has not ended within 0\.1 seconds; it continues; "
        r"wait for it again with `tunedmodels watch`"
    )
    assert re.fullmatch(said, done.stderr.splitlines()[-1])


def test_a_cancelled_run(csv: str, slow: list[str]) -> None:
    """A run can be stopped once; who watches it is told with status 1."""
    name = run("tune", csv, *TUNE, *slow).stdout.strip()
    (operation,) = json.loads(run("operations", "list", name, "--json", *slow).stdout)
    assert "done" not in operation
    assert re.search(r"  running  \d+ of 19  ", run("operations", "list", name, *slow).stdout)

    cancelled = run("operations", "cancel", operation["name"], *slow)
    watched = run("watch", name, *slow)
    again = run("operations", "cancel", operation["name"], *slow)

    assert (cancelled.returncode, cancelled.stderr) == (0, f"Asked the service to stop {operation['name']}.\n")
    assert watched.returncode == 1
    assert watched.stderr.splitlines()[-1].startswith(f"Error: {operation['name']} ended with CANCELLED")
    assert again.returncode == 1
    assert again.stderr == f"Error: {operation['name']} has already ended; there is nothing to cancel.\n"
    assert json.loads(run("operations", "get", operation["name"], "--json", *slow).stdout)["error"]["code"] == 1
    assert re.search(r"^state +cancelled$", run("operations", "get", operation["name"], *slow).stdout, re.MULTILINE)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_answer_ends_it_cleanly(csv: str, number: signal.Signals) -> None:
    """It dies of the signal while a service does not answer; a command that starts a run says where to look."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = ["--base-url", f"http://127.0.0.1:{silent.getsockname()[1]}", "--api-key", "test-key"]
        for words, said in (
            (["list"], ""),
            (["tune", csv, *TUNE], "Stopped before the service answered. Check if a run has started: "),
        ):
            with start_command(*words, *where) as process:
                connection, _ = silent.accept()
                with connection:
                    connection.recv(1)
                    process.send_signal(number)
                    out, err = process.communicate(timeout=20)

            assert (process.returncode, out) == (-number, "")
            assert err.startswith(said)
            assert err.count("\n") == (1 if said else 0)


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_the_loop_of_a_shell(csv: str, slow: list[str]) -> None:
    """A shell that tunes in a loop starts no further run after Ctrl-C."""
    command = shlex.join([*COMMAND, "tune", csv, *TUNE, *slow, "--watch"])
    loop = f"for number in 1 2 3; do echo $number; {command}; done; echo done"
    with subprocess.Popen(
        ["bash", "-c", loop], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as shell:
        try:
            assert shell.stderr is not None
            assert shell.stderr.readline().startswith("The run has started")
            os.killpg(shell.pid, signal.SIGINT)
            out, _ = shell.communicate(timeout=20)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)

    assert (shell.returncode, out) == (-signal.SIGINT, "1\n")


@pytest.mark.parametrize(
    "words", [["models", "--json"], ["models"], ["--help"], ["tune", "--help"], ["completion", "zsh"]]
)
def test_closed_stdout_ends_the_command_quietly(where: list[str], words: list[str]) -> None:
    """With stdout closed, as by ``tunedmodels list | head -1``, it ends quietly."""
    reader, writer = os.pipe()
    os.close(reader)
    options = where if words[0] == "models" else []
    done = subprocess.run(
        [*COMMAND, *words, *options], stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "closed"),
    [("show {name}", ">&-"), ("generate {name} 1", "<&- >&- 2>&-"), ("tune {csv} --id other --watch", "2>&-")],
)
def test_closed_streams_are_no_reason_to_fail(csv: str, where: list[str], words: str, closed: str) -> None:
    """Without a stream to write to what is asked is done all the same."""
    name = run("tune", csv, *TUNE, "--watch", *where).stdout.strip()
    command = shlex.join([*COMMAND, *words.format(name=name, csv=csv).split(), *where])
    more = f" --base-model {BASE}" if "tune" in words.split() else ""
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command}{more} {closed}"], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only some systems have a device that is always full")
def test_a_full_disk_is_said(where: list[str]) -> None:
    """What cannot be written is one line with status 1."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "models", *where], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )

    assert (done.returncode, done.stderr) == (1, "Error: No space left on device.\n")


@pytest.mark.parametrize(("value", "coloured"), [("", True), ("1", False), ("no", False)])
def test_colours_are_for_terminals_that_want_them(csv: str, where: list[str], value: str, coloured: bool) -> None:
    """A state is coloured on a terminal unless NO_COLOR is set to anything, and never in a pipe."""
    run("tune", csv, *TUNE, "--watch", *where)
    status, shown, err = on_terminal("stdout", "list", *where, env={"NO_COLOR": value})

    assert (status, err) == (0, "")
    assert ("\x1b[32mACTIVE\x1b[0m" in shown) is coloured
    assert ("\x1b" in shown) is coloured
    assert "\x1b" not in run("list", *where, env={"NO_COLOR": value}).stdout


def test_a_poor_encoding_is_no_reason_to_fail(csv: str, where: list[str]) -> None:
    """Where stdout has no such characters they are written out, and there is no curve."""
    name = run("tune", csv, *TUNE, "--description", "数", "--watch", *where).stdout.strip()
    poor = run("show", name, *where, env={"PYTHONIOENCODING": "latin-1"})

    assert (poor.returncode, poor.stderr) == (0, "")
    assert re.search(r"^description +\\u6570$", poor.stdout, re.MULTILINE)
    assert "mean loss  " in poor.stdout
    assert "(mean loss)" not in poor.stdout
    assert "(mean loss)" in run("show", name, *where, env={"PYTHONIOENCODING": "utf-8"}).stdout


@pytest.mark.parametrize(
    ("shell", "known", "installed"),
    [
        ("bash", "complete -o nosort -F _tunedmodels_completion tunedmodels", "~/.bashrc"),
        ("zsh", "#compdef tunedmodels", "~/.zshrc"),
        ("fish", "complete --no-files --command tunedmodels", "~/.config/fish/completions/tunedmodels.fish"),
    ],
)
def test_completion(shell: str, known: str, installed: str) -> None:
    """Each shell has its script, whose last line says how to install it, and takes it."""
    done = run("completion", shell)

    assert (done.returncode, done.stderr) == (0, "")
    assert known in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"# To enable it in every {shell}")
    assert installed in last
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n"], input=done.stdout, capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("tunedmodels tr", ["plain,transfer"]),
        ("tunedmodels permissions cr", ["plain,create"]),
        ("tunedmodels tune --learning", ["plain,--learning-rate", "plain,--learning-rate-multiplier"]),
        ("tunedmodels list --js", ["plain,--json"]),
        ("tunedmodels tune num", ["file,num"]),
        ("tunedmodels permissions create x --role w", ["plain,writer"]),
    ],
)
def test_completion_offers(typed: str, offered: list[str]) -> None:
    """The completion offers commands, their options and files."""
    words = len(typed.split()) - 1
    environment = {"_TUNEDMODELS_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(words)}

    assert run(env=environment).stdout.splitlines() == offered


def imported_modules(*arguments: str) -> set[str]:
    """Return the modules that Python imports when it is run so."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    return set(re.findall(r"^import time:.*\| +(\S+)$", done.stderr, re.MULTILINE))


def test_help_imports_nothing_heavy() -> None:
    """``--help`` needs neither what asks the service nor what draws the answers."""
    modules = imported_modules("-m", "tunedmodels", "--help")

    assert "tunedmodels._cli.tune" in modules
    assert not modules & {"requests", "google.auth", "urllib3", "tabulate", "plotille", "tqdm", "tunedmodels._client"}


def test_the_package_imports_nothing_of_the_command() -> None:
    """Who uses the client alone does not load the command, nor what only that needs."""
    modules = imported_modules("-c", "from tunedmodels import Client")

    assert "tunedmodels._transport.transport" in modules
    assert not modules & {"click", "tabulate", "plotille", "tqdm", "tunedmodels._cli"}
