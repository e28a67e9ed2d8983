"""Signals end the three commands in the same way, and each says so if the modules of an extra are missing."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import tunedmodels_contracts
import tunedmodels_contracts.extra
import tunedmodels_mockserver
import tunedmodels_mockserver.extra
from tunedmodels_mockserver.extra import advice

PACKAGES = ("tunedmodels", "tunedmodels_contracts", "tunedmodels_mockserver")
BOTH = (signal.SIGINT, signal.SIGTERM)
# Short steps: a signal that comes just before a sleep takes effect only after it.
SLOW = "import time\nprint('slow', flush=True)\nfor _ in range(600):\n    time.sleep(0.1)\n"
# The module sitecustomize of a plain install, also for child processes: an import of a module of an extra fails.
PLAIN = """
import sys

class Plain:
    def find_spec(self, name, path=None, target=None):
        if name in {modules}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Plain())
"""
# Runs each line of stdin as a command, and writes the results as JSON. Child processes write to the same files.
RUNNER = """
import importlib, json, os, sys
from pathlib import Path

main = importlib.import_module(sys.argv[1]).main
results = {}
for line in sys.stdin.read().splitlines():
    sys.argv[1:] = line.split()
    for descriptor, name in enumerate(("out", "err"), 1):
        os.dup2(os.open(name, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), descriptor)
    try:
        main()
    except SystemExit as end:
        sys.stdout.flush()
        results[line] = [end.code, Path("out").read_text(), Path("err").read_text()]
Path("results.json").write_text(json.dumps(results))
"""
# The packages of an install without any extra.
BASE = {"click", "google", "plotille", "requests", "tabulate", "tenacity", "tqdm", "urllib3"}

posix = pytest.mark.skipif(sys.platform == "win32", reason="no process can be sent a signal there")


@contextmanager
def start_command(folder: Path, file: str, text: str, package: str, *shell: str) -> Iterator[subprocess.Popen[str]]:
    """Yield a command that runs *text*, the content of a module that it imports from *folder*."""
    (folder / file).write_text(text, encoding="utf-8")
    with subprocess.Popen(
        [*shell, sys.executable, "-m", package, "--version"],
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            yield process
        finally:
            process.kill()


@posix
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", BOTH)
@pytest.mark.parametrize("package", PACKAGES)
def test_a_signal_during_imports_ends_the_process(tmp_path: Path, package: str, number: signal.Signals) -> None:
    """The process dies of the signal during its imports, and prints nothing."""
    with start_command(tmp_path, "click.py", SLOW, package) as process:
        process.send_signal(number)
        _, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (-number, "")


@posix
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("package", PACKAGES)
def test_a_signal_after_the_command_ends_the_process(tmp_path: Path, package: str) -> None:
    """The process dies of a signal that arrives after the command, before Python ends."""
    ending = f"import atexit\n@atexit.register\ndef end():\n{re.sub('^', '    ', SLOW, flags=re.MULTILINE)}\n"
    with start_command(tmp_path, "sitecustomize.py", ending, package) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "slow\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (-signal.SIGINT, "")


@posix
@pytest.mark.parametrize("package", PACKAGES)
def test_an_ignored_signal_stays_ignored(tmp_path: Path, package: str) -> None:
    """A command whose parent ignores Ctrl-C, as a script does for a job in the background, dies of SIGTERM alone."""
    background = ("sh", "-c", """trap '' INT; exec "$@" """, "sh")
    with start_command(tmp_path, "click.py", SLOW, package, *background) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (-signal.SIGTERM, "")


COMMANDS = {
    "mockserver": (
        ["serve --port 0", "exec -- true", "demo", "credentials service-account --user robot@example.com"],
        ["--help", "serve --help", "env", "--version"],
    ),
    "contracts": (
        [
            "run",
            "record --to recordings --spend tunings=0",
            "sweep",
            "diff --right fake",
            "selftest",
            "check",
            "coverage",
        ],
        ["--help", "run --help"],
    ),
}
"""For each extra: the commands that need it, and those that work in a plain install."""


@pytest.mark.parametrize("extra", COMMANDS)
def test_commands_in_a_plain_install(tmp_path: Path, extra: str) -> None:
    """A command that needs an extra says in one sentence what to install, with status 2. Help needs no extra."""
    needy, plain = COMMANDS[extra]
    modules = sorted(tunedmodels_contracts.extra.MODULES)
    (tmp_path / "sitecustomize.py").write_text(PLAIN.format(modules=modules), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-c", RUNNER, f"tunedmodels_{extra}.__main__"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))},
        input="\n".join([*needy, *plain]),
        cwd=tmp_path,
        text=True,
        timeout=60,
        check=True,
    )
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))

    sentence = rf"tunedmodels-{extra} needs (\w+), which is not installed: pip install 'tunedmodels\[{extra}\]'\n"
    for line in needy:
        status, out, err = results[line]
        assert (status, out) == (2, "")
        assert re.fullmatch(sentence, err)
    for line in plain:
        status, out, err = results[line]
        assert (status, err) == (0, "")
        assert out


@pytest.mark.parametrize("name", ["tunedmodels_mockserver.nothing", "flask.nothing", "requests", None])
def test_unknown_module_is_a_bug(name: str | None) -> None:
    """A missing module that is not of an extra raises its own error."""
    error = ModuleNotFoundError("not there", name=name)

    with pytest.raises(ModuleNotFoundError) as raised:
        advice(error, tunedmodels_contracts.extra.MODULES, "a command", "contracts")
    assert raised.value is error


@pytest.mark.parametrize("package", [tunedmodels_mockserver, tunedmodels_contracts], ids=lambda one: one.__name__)
def test_modules_of_an_extra_are_those_that_it_imports(package: object) -> None:
    """The modules of an extra are the imports outside the standard library and the plain install."""
    folder = Path(str(vars(package)["__file__"])).parent
    names = {name for file in folder.rglob("*.py") for name in imported_names(ast.parse(file.read_text("utf-8")))}
    foreign = names - BASE - sys.stdlib_module_names - {*PACKAGES, "_typeshed", "typing_extensions"}  # two for checkers
    if sys.version_info >= (3, 11):
        foreign.discard("tomli")
    of_mockserver = tunedmodels_mockserver.extra.MODULES

    if package is tunedmodels_mockserver:
        assert foreign == of_mockserver
    else:
        by_find_spec = {"xdist"}  # pytest imports it
        assert foreign | of_mockserver | by_find_spec == tunedmodels_contracts.extra.MODULES


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Yield the top-level names that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
