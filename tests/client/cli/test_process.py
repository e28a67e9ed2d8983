"""The process of the command handles signals, terminals and closed streams, and imports few modules."""

from __future__ import annotations

import fcntl
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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from tunedmodels import Operation
from tunedmodels._cli import main
from tunedmodels_mockserver import Settings
from tunedmodels_mockserver.cli.demo import EXAMPLES
from tunedmodels_mockserver.core.runs.durations import Pace

from ...servers import serve
from .conftest import BASE, Command

COMMAND = [sys.executable, "-m", "tunedmodels"]

TUTORIAL = "text_input,output\n" + "".join(f'"{number}","{following}"\n' for number, following in EXAMPLES.items())
TUNE = f"--display-name,number generator,--base-model,{BASE},--epochs,5,--batch-size,4,--learning-rate,0.001".split(",")


@pytest.fixture
def csv(tmp_path: Path) -> str:
    file = tmp_path / "numbers.csv"
    file.write_text(TUTORIAL, encoding="utf-8")
    return str(file)


@pytest.fixture(scope="module")
def slow_url() -> Iterator[str]:
    """A mock server whose runs take half a minute."""
    with serve(Settings(pace=Pace(tuning_time=30))) as url:
        yield url


@pytest.fixture
def slow(slow_url: str) -> Iterator[Command]:
    """The command for a caller of the slow mock server."""
    command = Command(slow_url)
    with command.client:
        yield command


def start_run(command: Command, csv: str, description: str | None = None) -> Operation:
    return command.client.tuned_models.create(
        base_model=BASE, training_data=csv, display_name="n", description=description, epoch_count=5, batch_size=4
    )


def run(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **(env or {})}
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=60, check=False, env=environment)


@contextmanager
def start_command(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Yield the process of the command, and kill it at the end of the block."""
    process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run_on_terminal(
    stream: str, *words: str, env: dict[str, str] | None = None, lines: int = 24, columns: int = 80
) -> tuple[int, str, str]:
    """Run the command with *stream* on a terminal. Return the status, and the texts of the terminal and of a pipe."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: end}
    with subprocess.Popen([*COMMAND, *words], **streams, env={**os.environ, **(env or {})}, text=True) as process:  # type: ignore[call-overload]
        os.close(end)
        screen = b""
        try:
            while part := os.read(terminal, 65536):
                screen += part
        except OSError:  # Linux raises it when the other end is closed
            pass
        finally:
            os.close(terminal)
        out, err = process.communicate(timeout=60)
    return process.returncode, screen.decode(), out if stream == "stderr" else err


@pytest.mark.parametrize(("lines", "columns"), [(24, 80), (0, 0)])
def test_tutorial_has_a_moving_bar_and_prints_the_name(csv: str, command: Command, lines: int, columns: int) -> None:
    """On a terminal a bar moves from 0 to 19 steps with epoch and loss; stdout has only the model's name."""
    words = ("tune", csv, *TUNE, "--watch", *command.options)
    status, screen, out = run_on_terminal("stderr", *words, lines=lines, columns=columns)

    assert status == 0
    assert re.fullmatch(r"tunedModels/number-generator-\w+\n", out)
    counts = [int(count) for count in re.findall(r"\rTuning: .*?(\d+)/19 ", screen)]
    assert counts[0] == 0
    assert counts[-1] == 19
    assert counts == sorted(counts)
    assert re.search(r"100%\|.+\| 19/19 \[.*epoch=5, loss=[\d.]+\]", screen)


def test_log_has_no_bar(csv: str, command: Command) -> None:
    """Without a terminal stderr has whole lines and no carriage return."""
    result = command("tune", csv, *TUNE, "--watch")

    assert result.exit_code == 0
    assert re.fullmatch(r"tunedModels/number-generator-\w+\n", result.stdout)
    assert "\r" not in result.stderr
    assert "100 %" in result.stderr.splitlines()[-1]


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("verb", "number"), [("tune", signal.SIGINT), ("tune", signal.SIGTERM), ("watch", signal.SIGINT)]
)
def test_signal_ends_watching(csv: str, slow: Command, verb: str, number: signal.Signals) -> None:
    """The command dies of the signal, after a sentence that the run continues and how to watch it again."""
    words = ["tune", csv, *TUNE, "--watch"] if verb == "tune" else ["watch", start_run(slow, csv).name]
    with start_command(*words, *slow.options) as process:
        assert process.stderr is not None
        process.stderr.readline()  # the run has started, or its progress
        process.send_signal(number)
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out) == (-number, "")
    again = rf"tunedmodels watch tunedModels/\S+/operations/\S+ --base-url {re.escape(slow.url)}"
    assert re.fullmatch(rf"Stopped watching; the run continues\. Watch it again with: {again}", err.splitlines()[-1])
    assert "Traceback" not in err
    assert slow.key not in err


def test_timeout_of_watch(csv: str, slow: Command) -> None:
    """After the timeout watch ends with status 1, and says that the run continues."""
    name = start_run(slow, csv).name
    result = slow("watch", name, "--timeout", "0.1")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == (
        f"Error: {name} has not ended within 0.1 seconds; it continues; wait for it again with `tunedmodels watch`"
    )


def test_cancelled_run(csv: str, slow: Command) -> None:
    """A run can be cancelled once, and then watch ends with status 1."""
    name = start_run(slow, csv).name
    (operation,) = slow.json("operations", "list")
    table = slow("operations", "list").stdout
    cancel = slow("operations", "cancel", name)
    watch = slow("watch", name)
    again = slow("operations", "cancel", name)

    assert "done" not in operation
    assert re.search(r"  running  \d+ of 19  ", table)
    assert (cancel.exit_code, cancel.stderr) == (0, f"Asked the service to stop {name}.\n")
    assert watch.exit_code == 1
    assert watch.stderr.splitlines()[-1].startswith(f"Error: {name} ended with CANCELLED")
    assert again.exit_code == 1
    assert again.stderr == f"Error: {name} has already ended; there is nothing to cancel.\n"
    assert slow.json("operations", "get", name)["error"]["code"] == 1
    assert re.search(r"^state +cancelled$", slow("operations", "get", name).stdout, re.MULTILINE)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("verb", "number"), [("list", signal.SIGINT), ("tune", signal.SIGINT), ("tune", signal.SIGTERM)]
)
def test_signal_before_the_answer(csv: str, verb: str, number: signal.Signals) -> None:
    """The command dies of the signal if the service does not answer. tune says how to look for the run."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = ["--base-url", f"http://127.0.0.1:{silent.getsockname()[1]}", "--api-key", "test-key"]
        with start_command(verb, *([csv, *TUNE] if verb == "tune" else []), *options) as process:
            connection, _ = silent.accept()
            with connection:
                connection.recv(1)
                process.send_signal(number)
                out, err = process.communicate(timeout=20)

    sentence = r"Stopped before the service answered\. Check if a run has started: .*\n" if verb == "tune" else ""
    assert (process.returncode, out) == (-number, "")
    assert re.fullmatch(sentence, err)


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_the_loop_of_a_shell(csv: str, slow: Command) -> None:
    """A shell that tunes in a loop starts no further run after Ctrl-C."""
    command = shlex.join([*COMMAND, "tune", csv, *TUNE, *slow.options, "--watch"])
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


@pytest.mark.parametrize("words", [["models", "--json"], ["models"], ["tune", "--help"], ["completion", "zsh"]])
def test_closed_stdout_ends_the_command_quietly(command: Command, words: list[str]) -> None:
    """If stdout is closed, as by ``tunedmodels list | head -1``, the command ends without a message."""
    reader, writer = os.pipe()
    os.close(reader)
    words = [*COMMAND, *words, *(command.options if words[0] == "models" else [])]
    process = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    os.close(writer)

    assert (process.returncode, process.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "redirections"),
    [
        ("show {name}", ">&-"),
        ("generate {name} 1", "<&- >&- 2>&-"),
        (f"tune {{csv}} --id other --watch --base-model {BASE}", "2>&-"),
    ],
)
def test_missing_streams_are_no_failure(csv: str, command: Command, words: str, redirections: str) -> None:
    """The command does its work without a stream to write to."""
    name = start_run(command, csv).result(timeout=30).name
    line = shlex.join([*COMMAND, *words.format(name=name, csv=csv).split(), *command.options])
    process = subprocess.run(
        ["/bin/sh", "-c", f"{line} {redirections}"], capture_output=True, text=True, check=False, timeout=60
    )

    assert (process.returncode, "Traceback" in process.stderr) == (0, False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only some systems have a device that is always full")
def test_full_disk_is_an_error(command: Command) -> None:
    """If the output cannot be written, the command prints one line and ends with status 1."""
    words = [*COMMAND, "models", *command.options]
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)

    assert (process.returncode, process.stderr) == (1, "Error: No space left on device.\n")


def test_only_terminals_have_colours(csv: str, command: Command) -> None:
    """A state has a colour on a terminal unless NO_COLOR is set to anything, and never in a pipe."""
    start_run(command, csv).result(timeout=30)
    for value, escapes in (("", ["\x1b[32m", "\x1b[0m"]), ("no", [])):
        status, screen, err = run_on_terminal("stdout", "list", *command.options, env={"NO_COLOR": value})

        assert (status, err) == (0, "")
        assert re.findall(r"\x1b\[\d+m", screen) == escapes
        assert "ACTIVE" in screen
    assert "\x1b" not in run("list", *command.options, env={"NO_COLOR": ""}).stdout


@pytest.mark.parametrize(("encoding", "description", "curve"), [("latin-1", r"\u6570", False), ("utf-8", "数", True)])
def test_encoding_without_the_characters(
    csv: str, command: Command, encoding: str, description: str, curve: bool
) -> None:
    """If stdout cannot encode a character, the command escapes it, and draws no curve."""
    name = start_run(command, csv, "数").result(timeout=30).name
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    words = [*COMMAND, "show", name, *command.options]
    process = subprocess.run(words, capture_output=True, check=False, env=environment, timeout=60)
    out = process.stdout.decode(encoding)

    assert (process.returncode, process.stderr) == (0, b"")
    assert re.search(rf"^description +{re.escape(description)}$", out, re.MULTILINE)
    assert "mean loss  " in out
    assert ("(mean loss)" in out) is curve


@pytest.mark.parametrize(
    ("shell", "line", "file"),
    [
        ("bash", "complete -o nosort -F _tunedmodels_completion tunedmodels", "~/.bashrc"),
        ("zsh", "#compdef tunedmodels", "~/.zshrc"),
        ("fish", "complete --no-files --command tunedmodels", "~/.config/fish/completions/tunedmodels.fish"),
    ],
)
def test_completion_script(shell: str, line: str, file: str) -> None:
    """Each shell accepts its script, whose last line says how to install it."""
    result = CliRunner().invoke(main, ["completion", shell], prog_name="tunedmodels")

    assert (result.exit_code, result.stderr) == (0, "")
    assert line in result.stdout
    last = result.stdout.splitlines()[-1]
    assert last.startswith(f"# To enable it in every {shell}")
    assert file in last
    if shutil.which(shell):
        check = subprocess.run([shell, "-n"], input=result.stdout, capture_output=True, text=True, check=False)
        assert (check.returncode, check.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "candidates"),
    [
        ("tunedmodels tr", ["plain,transfer"]),
        ("tunedmodels permissions cr", ["plain,create"]),
        ("tunedmodels tune --learning", ["plain,--learning-rate", "plain,--learning-rate-multiplier"]),
        ("tunedmodels list --js", ["plain,--json"]),
        ("tunedmodels tune num", ["file,num"]),
        ("tunedmodels permissions create x --role w", ["plain,writer"]),
    ],
)
def test_completion_candidates(line: str, candidates: list[str]) -> None:
    """The completion offers commands, their options and files."""
    words = len(line.split()) - 1
    environment = {"_TUNEDMODELS_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(words)}

    assert CliRunner().invoke(main, [], "", environment, prog_name="tunedmodels").stdout.splitlines() == candidates


def test_process_completes_a_line() -> None:
    """The process of the command itself answers the shell."""
    environment = {"_TUNEDMODELS_COMPLETE": "bash_complete", "COMP_WORDS": "tunedmodels tr", "COMP_CWORD": "1"}

    assert run(env=environment).stdout == "plain,transfer\n"


def imported_modules(*arguments: str) -> set[str]:
    """Return the modules that Python imports when it runs with *arguments*."""
    process = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    return set(re.findall(r"^import time:.*\| +(\S+)$", process.stderr, re.MULTILINE))


def test_help_imports_nothing_heavy() -> None:
    """``--help`` imports neither the client nor the packages that draw answers."""
    modules = imported_modules("-m", "tunedmodels", "--help")

    assert "tunedmodels._cli.tune" in modules
    assert not modules & {"requests", "google.auth", "urllib3", "tabulate", "plotille", "tqdm", "tunedmodels._client"}


def test_package_imports_nothing_of_the_command() -> None:
    """The client does not import the command, nor the packages that only the command needs."""
    modules = imported_modules("-c", "from tunedmodels import Client")

    assert "tunedmodels._transport.transport" in modules
    assert not modules & {"click", "tabulate", "plotille", "tqdm", "tunedmodels._cli"}
