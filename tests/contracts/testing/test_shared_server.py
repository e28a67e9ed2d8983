"""Tests that the workers of pytest-xdist share a server or have one each, and that each server ends with the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from socket import create_connection
from urllib.parse import urlsplit

import pytest

from tunedmodels_contracts.testing.server_process import ServerError
from tunedmodels_contracts.testing.shared_server import shared_server

pytest_plugins = ["pytester"]

PATIENCE = 20  # seconds

TESTS = """
import os
import pytest

@pytest.mark.parametrize("number", range(6))
def test_own_world(tunedmodels_world, number):
    models = tunedmodels_world.client.tuned_models
    assert list(models.list()) == []
    models.create(base_model="gemini-1.0-pro-001", tuned_model_id="mine", training_data=[("1", "2")])
    assert [model.name for model in models.list()] == ["tunedModels/mine"]
    with open(f"urls-{os.getpid()}", "a") as file:
        print(tunedmodels_world.url, file=file)
"""


def refuses(url: str) -> bool:
    """Whether the server at *url* ends within the time that it may take."""
    address = urlsplit(url)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            create_connection((address.hostname or "", address.port or 0), timeout=5).close()
        except OSError:
            return True
        time.sleep(0.05)  # the end of a process that we did not start is no event
    return False


@pytest.mark.parametrize(("how", "servers"), [("shared", 1), ("each", 2)])
def test_workers(pytester: pytest.Pytester, how: str, servers: int) -> None:
    """The workers share a server, or have one each. Each test has its own world, and each server ends."""
    pytester.makepyfile(TESTS)
    pytester.runpytest_subprocess("-n", "2", "-o", f"tunedmodels_server={how}").assert_outcomes(passed=6)
    notes = list(pytester.path.glob("urls-*"))
    urls = {url for note in notes for url in note.read_text(encoding="utf-8").split()}

    assert len(notes) == 2
    assert len(urls) == servers
    assert all(map(refuses, urls))


def test_other_value_is_refused(pytester: pytest.Pytester) -> None:
    """The setting is shared or each."""
    pytester.makepyfile("def test_it(tunedmodels_server):\n    pass\n")
    result = pytester.runpytest_inprocess("-o", "tunedmodels_server=share")

    result.stdout.fnmatch_lines(["*tunedmodels_server must be shared or each, got 'share'.*"])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing is killed in this way here")
@pytest.mark.parametrize("workers", ["0", "2"])
def test_server_ends_when_pytest_is_killed(tmp_path: Path, workers: str) -> None:
    """If pytest is killed, its server ends, too."""
    (tmp_path / "test_long.py").write_text(
        "import pathlib, time\n"
        "def test_long(tunedmodels_server):\n"
        "    pathlib.Path('half').write_text(tunedmodels_server.url)\n"
        "    pathlib.Path('half').rename('url')\n"
        "    time.sleep(60)\n",
        encoding="utf-8",
    )
    note = tmp_path / "url"
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, "-p", "no:cacheprovider"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        until = time.monotonic() + PATIENCE
        while not note.exists() and time.monotonic() < until:
            time.sleep(0.05)
        # A worker that sleeps in a test does not notice the end of pytest, so kill the whole group, as a CI job does.
        os.killpg(process.pid, signal.SIGKILL)

    assert refuses(note.read_text(encoding="utf-8"))


def test_server_is_shared_while_it_is_used(tmp_path: Path) -> None:
    """Users at the same time share a server. It outlives its first user and ends with its last."""
    first = shared_server(tmp_path, ())
    url = first.__enter__().url
    with shared_server(tmp_path, ()) as second, shared_server(tmp_path, ("--clock", "manual")) as other:
        first.__exit__(None, None, None)
        assert second.url == url
        assert other.url != url
        create_connection((urlsplit(url).hostname or "", urlsplit(url).port or 0), timeout=5).close()
    assert refuses(url)

    with shared_server(tmp_path, ()) as third:
        assert third.url != url


def test_shared_server_that_does_not_start(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The error is the same as for a server that is not shared."""
    with pytest.raises(ServerError, match=r"did not start \(status 2\)"), shared_server(tmp_path, ("--port", "x")):
        pass

    assert "'x' is not a valid integer" in capfd.readouterr().err
