"""Runs servers for tests: the command ``serve`` in a process of its own, or a server in a thread."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import requests
from click.testing import CliRunner, Result
from flask import Flask

from tunedmodels_mockserver import Settings
from tunedmodels_mockserver.cli import main, service
from tunedmodels_mockserver.process.limits import Limits
from tunedmodels_mockserver.process.server import Server

COMMAND = [sys.executable, "-m", "tunedmodels_mockserver"]
BODY = {
    "displayName": "number generator",
    "baseModel": "models/gemini-1.0-pro-001",
    "tuningTask": {"trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}},
}


@contextmanager
def serve_process(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield a process that runs ``serve`` on a free port, and its URL. Kill the process at the end of the block."""
    command = [*COMMAND, "serve", "--port", "0", "--with-parent", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            ready = re.fullmatch(r"READY url=(\S+) pid=(\d+) version=(\S+)\n", line)
            assert ready is not None, line
            assert int(ready[2]) == process.pid
            yield process, ready[1]
        finally:
            process.kill()


@contextmanager
def serve_thread(app: Flask, host: str = "127.0.0.1", limits: Limits | None = None) -> Iterator[Server]:
    """Yield a server that answers with *app* in its own thread, and check that it stops in time."""
    server = Server(app, host, 0, limits)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(10)
    assert not thread.is_alive()


def run_command(*arguments: str) -> Result:
    """Run ``tunedmodels-mockserver`` in this process, with arguments that must not start a server."""
    with patch.object(Server, "run", side_effect=AssertionError("The server starts.")):
        return CliRunner().invoke(main, arguments)


def settings_of(*options: str) -> Settings:
    """Return the settings with which ``serve`` starts a server for these *options*."""
    with patch.object(service, "run") as run:
        result = CliRunner().invoke(main, ["serve", *options])
    assert result.exit_code == 0, result.output
    settings: Settings = run.call_args.args[0]
    return settings


def create(url: str, model_id: str = "", session: requests.Session | None = None) -> requests.Response:
    """Start a run; without an id the server chooses one."""
    query = f"?tunedModelId={model_id}" if model_id else ""
    return (session or requests).post(f"{url}/v1beta/tunedModels{query}", json=BODY, timeout=60)
