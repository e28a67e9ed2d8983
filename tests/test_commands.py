"""What the three commands share: how signals end them, and what they say if the modules of an extra are missing."""

from __future__ import annotations

import ast
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
SLOW = "import time\nprint('slow', flush=True)\ntime.sleep(60)\n"
# A plain install: importing a module of an extra fails.
PLAIN = """
import sys

class Plain:
    def find_spec(self, name, path=None, target=None):
        if name in {modules}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Plain())
"""
# What an install without any extra has.
BASE = {"click", "google", "plotille", "requests", "tabulate", "tenacity", "tqdm", "urllib3"}

posix = pytest.mark.skipif(sys.platform == "win32", reason="no process can be sent a signal there")


@contextmanager
def slow(folder: Path, file: str, text: str, *command: str) -> Iterator[subprocess.Popen[str]]:
    """Yield a command that has run into *text*, the content of a module that *folder* has for it."""
    (folder / file).write_text(text, encoding="utf-8")
    with subprocess.Popen(
        command,
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
    """The process dies of the signal while it still imports, and says nothing."""
    with slow(tmp_path, "click.py", SLOW, sys.executable, "-m", package, "--version") as process:
        process.send_signal(number)
        _, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (-number, "")


@posix
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("package", PACKAGES)
def test_a_signal_after_the_command_ends_the_process(tmp_path: Path, package: str) -> None:
    """The process dies of a signal that comes when the command is over and Python is about to end."""
    ending = f"import atexit\n@atexit.register\ndef end():\n{re.sub('^', '    ', SLOW, flags=re.MULTILINE)}\n"
    with slow(tmp_path, "sitecustomize.py", ending, sys.executable, "-m", package, "--version") as process:
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
    with slow(tmp_path, "click.py", SLOW, *background, sys.executable, "-m", package, "--version") as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (-signal.SIGTERM, "")


NEEDING = [
    ("mockserver", "serve --port 0"),
    ("mockserver", "exec -- true"),
    ("mockserver", "demo"),
    ("mockserver", "credentials service-account --user robot@example.com"),
    ("contracts", "run"),
    ("contracts", "record --to recordings --spend tunings=0"),
    ("contracts", "sweep"),
    ("contracts", "diff --right fake"),
    ("contracts", "selftest"),
    ("contracts", "check"),
    ("contracts", "coverage"),
]
NEEDLESS = [
    ("mockserver", "--help"),
    ("mockserver", "serve --help"),
    ("mockserver", "env"),
    ("mockserver", "--version"),
    ("contracts", "--help"),
    ("contracts", "run --help"),
]


def plain(folder: Path, extra: str, words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a plain install."""
    modules = sorted(tunedmodels_contracts.extra.MODULES)
    (folder / "sitecustomize.py").write_text(PLAIN.format(modules=modules), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", f"tunedmodels_{extra}", *words.split()],
        env={**os.environ, "PYTHONPATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("extra", "words"), NEEDING)
def test_a_command_whose_extra_is_missing(tmp_path: Path, extra: str, words: str) -> None:
    """One sentence says what to install, with status 2."""
    done = plain(tmp_path, extra, words)

    assert (done.returncode, done.stdout) == (2, "")
    sentence = rf"tunedmodels-{extra} needs (\w+), which is not installed: pip install 'tunedmodels\[{extra}\]'\n"
    assert re.fullmatch(sentence, done.stderr)


@pytest.mark.parametrize(("extra", "words"), NEEDLESS)
def test_help_needs_no_extra(tmp_path: Path, extra: str, words: str) -> None:
    """Help, the version and the variables of a server elsewhere are there in a plain install, too."""
    done = plain(tmp_path, extra, words)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["tunedmodels_mockserver.nothing", "flask.nothing", "requests", "nobody_knows", None])
def test_a_bug_stays_a_bug(name: str | None) -> None:
    """A module that no extra brings, or that a module of an extra lacks, is nothing to install."""
    error = ModuleNotFoundError("not there", name=name)

    with pytest.raises(ModuleNotFoundError) as raised:
        advice(error, tunedmodels_contracts.extra.MODULES, "a command", "contracts")
    assert raised.value is error


@pytest.mark.parametrize("package", [tunedmodels_mockserver, tunedmodels_contracts], ids=lambda one: one.__name__)
def test_the_modules_of_an_extra_are_those_that_are_imported(package: object) -> None:
    """Each module outside of the standard library and the plain install belongs to the extra, and no other does."""
    folder = Path(str(vars(package)["__file__"])).parent
    named = {name for file in folder.rglob("*.py") for name in imported(ast.parse(file.read_text("utf-8")))}
    foreign = named - BASE - sys.stdlib_module_names - {*PACKAGES, "_typeshed", "typing_extensions"}  # two for checkers
    if sys.version_info >= (3, 11):
        foreign.discard("tomli")
    of_mockserver = tunedmodels_mockserver.extra.MODULES

    if package is tunedmodels_mockserver:
        assert foreign == of_mockserver
    else:
        looked_for = {"xdist"}  # by find_spec; pytest imports it
        assert foreign | of_mockserver | looked_for == tunedmodels_contracts.extra.MODULES


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the top-level names that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
