"""Runs the command ``serve`` in its own process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests

COMMAND = [sys.executable, "-m", "tunedmodels_mockserver", "serve", "--port", "0", "--with-parent"]
BODY = {
    "displayName": "number generator",
    "baseModel": "models/gemini-1.0-pro-001",
    "tuningTask": {"trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}},
}


@contextmanager
def serving(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run it, give the process and its URL, and end it when nobody did."""
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready.startswith("READY url="), ready
            yield process, ready.split()[1].removeprefix("url=")
        finally:
            if process.poll() is None:
                process.kill()


def create(url: str, model_id: str = "", session: requests.Session | None = None) -> requests.Response:
    """Start a run; without an id the server chooses one."""
    query = f"?tunedModelId={model_id}" if model_id else ""
    return (session or requests).post(f"{url}/v1beta/tunedModels{query}", json=BODY, timeout=60)


def ended(*options: str) -> tuple[int, str]:
    """Run it until it ends by itself; return its status and what it said."""
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr
